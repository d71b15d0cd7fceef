"""What a sentence waits for: prices, changes, averages, volume, drawdown, drift, signals. Clocks are in `clocks`."""

# ruff: noqa: E501 - a pattern broken over lines is harder to read than a long one

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from agent.parse import readers
from agent.parse.normalise import AMOUNT, GOAL, MONEY, NUM, PCT, STRATEGY, SYM, TIMES, Line
from agent.parse.readers import Reader
from agent.parse.types import Notes, Reading
from agent.parse.words import (
    ABOVE,
    BELOW,
    BY,
    CROSSES,
    DOWN_NOUNS,
    EITHER_NOUNS,
    FALLS,
    IS,
    LEVEL_TAIL,
    MA,
    MOVES,
    OF,
    ON_CHART,
    REACHES,
    RISES,
    RSI,
    RSI_VERB,
    SUBJECT,
    UNIT,
    UP_NOUNS,
    VOLUME_VERB,
    WINDOW,
)


@dataclass(frozen=True, kw_only=True, slots=True)
class Found:
    """A trigger where it stood in the line. `symbol` is the one it was said of; None: the rule's own."""

    at: int
    kind: str
    params: dict[str, Any]
    symbol: str | None = None
    sells: bool = False  # take profit, stop loss: says what to do by itself
    text: str = ""


def find_triggers(line: Line, reading: Reading, notes: Notes) -> list[Found]:
    """Every trigger of the line, in the order they stand in it; each is taken out."""
    found: list[Found] = []
    for pattern, kind, read in PATTERNS:
        while match := line.take(rf"(?<![\w<]){pattern}(?![\w>])"):
            groups = match.groupdict()
            mark = next((groups[name] for name in ("subject", "priced", "of", "of2") if groups.get(name)), None)
            if mark:
                line.mentioned.append(str(line.value(mark)))
            for made in _made(kind, read(match, line, reading, notes)):
                chosen, params, sells = made
                found.append(
                    Found(
                        at=match.start(),
                        kind=chosen,
                        params=params,
                        symbol=line.value(mark) if mark else None,
                        sells=sells,
                        text=match.group(),
                    )
                )
    return sorted(found, key=lambda one: one.at)


def _made(kind: str, read: dict[str, Any] | None) -> Iterator[tuple[str, dict[str, Any], bool]]:
    """A reader may decide on the kind itself (`_kind`), or find nothing to make after asking."""
    if read is not None:
        sells = bool(read.pop("_sells", False))
        yield read.pop("_kind", kind), read, sells


PATTERNS: tuple[tuple[str, str, Reader], ...] = (
    (
        rf"(?:(?P<subject>{SYM}) )?(?:makes? |forms? |has |shows? |sees? |prints? |hits? |gets? |on |at |there is )?(?:an? |the )?(?P<name>golden|death) cross(?:es)?{OF}",
        "ma_cross",
        readers.named_cross,
    ),
    (
        rf"(?:(?P<subject>{SYM}) )?(?:its |the |their )?(?P<short>{NUM})(?: (?P<unit>{UNIT}))?(?: {MA})?{OF} (?:{CROSSES}|{RISES}|{FALLS}|goes|moves|gets|is)(?: (?P<way>{ABOVE}|{BELOW}))?(?: its| the| their)? (?P<long>{NUM})(?: {UNIT})? {MA}",
        "ma_cross",
        readers.ma,
    ),
    (
        rf"(?:(?P<subject>{SYM}) )?(?:its |the |their )?(?P<short>{NUM})(?: (?P<unit>{UNIT}))? {MA}{OF} (?:{CROSSES}|goes|moves|gets)(?: (?P<way>{ABOVE}|{BELOW}))?(?: its| the| their)? (?P<long>{NUM})(?: {UNIT})?",
        "ma_cross",
        readers.ma,
    ),
    (
        rf"(?:(?P<subject>{SYM}) )?(?:its |the |their )?(?P<short>{NUM}) (?P<unit>{UNIT}) {CROSSES}(?: (?P<way>{ABOVE}|{BELOW}))?(?: its| the| their)? (?P<long>{NUM}) {UNIT}",
        "ma_cross",
        readers.ma,
    ),
    (
        rf"(?:(?P<subject>{SYM}) )?(?:its |the |their )?(?:(?:two|simple|exponential) )?moving averages? cross(?:over|es)?(?: each other)?",
        "ma_cross",
        readers.unclear_averages,
    ),
    (
        rf"(?:(?P<subject>{SYM}) )?(?:its |the )?(?P<short>{NUM})(?: (?P<unit>{UNIT}))? ?/ ?(?P<long>{NUM})(?: {UNIT})?(?: {MA})?{OF}(?: cross(?:over|es)?)?(?: (?P<way>{ABOVE}|{BELOW}))?",
        "ma_cross",
        readers.ma,
    ),
    (
        rf"{SUBJECT}(?:{CROSSES}|{RISES}|{FALLS}|{IS})?(?: back)?(?: to)? ?(?P<way>{ABOVE}|{BELOW}) (?:its |the |their )?(?P<long>{NUM})(?: (?P<unit>{UNIT}))? {MA}",
        "ma_cross",
        readers.price_against_average,
    ),
    (rf"{RSI}{RSI_VERB}(?: back)? (?P<way>{ABOVE}|{BELOW}) (?P<level>{NUM}){ON_CHART}", "rsi_below", readers.rsi),
    (
        rf"{RSI} (?P<verb>{FALLS}|{RISES}) (?:to )?(?P<way>{ABOVE}|{BELOW})?(?P<level>{NUM}){ON_CHART}",
        "rsi_below",
        readers.rsi,
    ),
    (
        rf"(?:(?P<subject>{SYM}) )?(?:(?:it|they|the stock) )?(?:is |are |becomes |gets |looks )?(?P<word>oversold|overbought)",
        "rsi_below",
        readers.unclear_rsi,
    ),
    (
        rf"(?:(?P<subject>{SYM}) )?(?:its |the |daily |todays? )*(?:trading )?volume{OF}{VOLUME_VERB} (?P<multiple>{TIMES})(?: its| the| as high as the| as much as)?(?: (?P<days>{NUM}) days?)? ?(?:average|normal|usual|typical)(?: volume)?(?P<shares>)?",
        "volume_above",
        readers.volume,
    ),
    (
        rf"(?:(?P<subject>{SYM}) )?(?:trades |has |sees |on )?(?P<multiple>{TIMES}) (?:its |the )?(?:(?P<days>{NUM}) days? )?(?:average|normal|usual)(?: daily)? volume{OF}(?P<shares>)?",
        "volume_above",
        readers.volume,
    ),
    (
        rf"(?:(?P<subject>{SYM}) )?(?:its |the |daily )*volume{OF}(?: is| goes| rises| spikes| jumps)? (?P<size>{PCT}) (?:of|(?P<over>above|over|higher than|more than))?(?: its| the)?(?: (?P<days>{NUM}) days?)? ?average(?: volume)?",
        "volume_above",
        readers.volume_percent,
    ),
    (
        rf"(?:(?P<subject>{SYM}) )?(?:its |the |daily |todays? )*(?:trading )?volume{OF}{VOLUME_VERB} (?P<shares>{NUM})(?: shares)?(?: today)?(?P<multiple>)?(?P<days>)?",
        "volume_above",
        readers.volume,
    ),
    (
        rf"(?:my |the )?(?:portfolio|account|equity)(?: value)? (?:{FALLS}|is)(?: by)?(?: more than| at least| over)? (?P<size>{PCT})(?: (?:from|below|off) (?:its |the )?(?:peak|high|top|best)| drawdown)?",
        "drawdown_above",
        readers.drawdown,
    ),
    (
        rf"(?:my |the )?(?:(?:portfolio|account)(?: ?s)? )?(?:max )?drawdown(?: is| gets| goes| reaches| hits| exceeds| rises)?(?: {ABOVE}| to| at least)* (?P<size>{PCT})",
        "drawdown_above",
        readers.drawdown,
    ),
    (
        rf"(?:my )?(?:goal )?(?P<goal>{GOAL})(?: goal)? (?:drifts|is|goes|gets|moves)(?: (?:too far|out of(?: its)?|outside(?: of)?(?: its)?|past its|beyond its|from its|off))*(?: bands?| targets?| balance)?",
        "drift_above",
        readers.drift,
    ),
    (
        rf"(?:the )?drift (?:of|in|on) (?:my )?(?:goal )?(?P<goal>{GOAL})(?: exceeds| is above| leaves| goes over| is over)(?: its)?(?: bands?)?",
        "drift_above",
        readers.drift,
    ),
    (
        r"(?:it|they|the goal|the portfolio|the weights?|drift) (?:drifts?|exceeds|leaves|goes outside|gets out of|is out of|is outside)(?: (?:too far|out|of|outside|past|beyond|from|off|its?|the|their))*(?: bands?| targets?| balance)?",
        "drift_above",
        readers.its_drift,
    ),
    (
        rf"(?:(?:my|the) )?(?:strategy )?(?P<strategy>{STRATEGY})(?: strategy)? (?:says|signals|gives|emits|turns|fires|shows)(?: a| an)? (?P<side>buy|sell)(?: signal)?(?: (?:for|on) (?P<of>{SYM}))?",
        "signal",
        readers.signal,
    ),
    (
        rf"(?:with |using |set |put |place |add )?(?:an? |the )?(?P<size>{PCT}|{AMOUNT}) trailing stop(?: loss)?(?: order)?(?: (?:on|for) (?:all |my |all my )*(?P<of>{SYM}))?(?:,? (?:once|after|when|starting when|activated when|active once) (?:it|{SYM}|the price) (?:reaches|hits|is above|gets to|is at) (?P<activation>{AMOUNT}))?",
        "trailing_stop",
        readers.trail,
    ),
    (
        rf"(?:with |using |set |put |place |add )?(?:an? |the )?trailing stop(?: loss)?(?: order)?(?: (?:on|for) (?:all |my |all my )*(?P<of>{SYM}))?(?: of| at| by| with)? (?P<size>{PCT}|{AMOUNT})(?:,? (?:once|after|when|activated at|starting at) (?:(?:it|{SYM}|the price) (?:reaches|hits|is above|gets to) )?(?P<activation>{AMOUNT}))?(?: (?:on|for) (?:all |my )*(?P<of2>{SYM}))?",
        "trailing_stop",
        readers.trail,
    ),
    (
        rf"trail(?:ing)?(?: (?:it|all|my|the stop|a|stop|(?P<of>{SYM})))*(?: by| at| of)? (?P<size>{PCT}|{AMOUNT})",
        "trailing_stop",
        readers.trail,
    ),
    (
        rf"(?:with (?:an? )?|at (?:an? )?|set (?:an? )?)?(?:(?:and |to )?(?:take|taking) profits?|profit target|price target|target)(?: (?:on|for) (?:my )?(?P<of>{SYM}))?(?: (?:at|of|is|when (?:it|price) (?:hits|reaches)))?(?: a)? (?P<size>{PCT}|{AMOUNT})(?: profit| gain)?",
        "price_above",
        readers.target,
    ),
    (
        rf"(?:with (?:an? )?|at (?:an? )?|set (?:an? )?|put (?:an? )?|place (?:an? )?)?(?:stop loss|stoploss|stop out|stop me out|stop|cut (?:my |the )?loss(?:es)?)(?: (?:on|for) (?:all |my |all my )*(?P<of>{SYM}))?(?: (?:at|of|below|is|when (?:it|price) (?:hits|reaches|falls to)))?(?: a)? (?P<size>{PCT}|{AMOUNT})(?: loss| below)?",
        "price_below",
        readers.stop,
    ),
    (rf"{SUBJECT}{CROSSES}(?: back)?(?: (?P<way>{ABOVE}|{BELOW}))? (?P<amount>{AMOUNT})", "price_above", readers.cross),
    (
        rf"{SUBJECT}(?P<verb>{FALLS}|{RISES}|{MOVES}){BY} (?P<size>{PCT})(?: or more)?(?: from (?:its |the |their )?(?:recent |all time )?(?:high|peak|top|best))?(?:(?: in)? either (?:direction|way)| up or down)?{WINDOW}(?:(?: in)? either (?:direction|way))?",
        "change_pct",
        readers.change,
    ),
    (
        rf"(?:an? |any )?(?P<size>{PCT}|{MONEY}) (?P<verb>{DOWN_NOUNS}|{UP_NOUNS}|{MOVES}|{EITHER_NOUNS})(?: or more)?(?: in (?:the price of )?(?P<of>{SYM}))?(?: from (?:its |the )?(?:recent )?(?:high|peak))?{WINDOW}",
        "change_pct",
        readers.change,
    ),
    (
        rf"{SUBJECT}(?:(?:{FALLS}|{IS})(?: back)?(?: down)?(?: to)? )?{BELOW} (?P<amount>{AMOUNT})",
        "price_below",
        readers.level,
    ),
    (
        rf"{SUBJECT}(?:(?:{RISES}|{IS})(?: back)?(?: up)?(?: to)? )?{ABOVE} (?P<amount>{AMOUNT})",
        "price_above",
        readers.level,
    ),
    (rf"{SUBJECT}{FALLS}(?: back)?(?: down)? to (?P<amount>{AMOUNT}){LEVEL_TAIL}?", "price_below", readers.level),
    (
        rf"{SUBJECT}{RISES}(?: back)?(?: up)? to (?P<amount>{AMOUNT})(?: or (?:more|higher|above|over))?",
        "price_above",
        readers.level,
    ),
    (rf"{SUBJECT}(?:{REACHES}|{IS}|for|costs?)? ?(?P<amount>{AMOUNT}){LEVEL_TAIL}", "price_below", readers.level),
    (
        rf"{SUBJECT}(?:{REACHES}|{IS}|for|costs?)? ?(?P<amount>{AMOUNT}) or (?:more|higher|above|over)",
        "price_above",
        readers.level,
    ),
    (rf"{SUBJECT}(?P<verb>{FALLS}|{RISES}|{MOVES}){BY} (?P<size>{AMOUNT}){WINDOW}", "change_pct", readers.change),
    (rf"{SUBJECT}{REACHES} (?P<amount>{AMOUNT})", "price_above", readers.reach),
)
