"""What a sentence wants done, with how much, and by which kind of order."""

# ruff: noqa: E501 - a pattern broken over lines is harder to read than a long one

from __future__ import annotations

import re
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from agent.parse.normalise import AMOUNT, GOAL, MONEY, NUM, PCT, SYM, UNKNOWN, Line
from agent.parse.types import Notes
from common.money import plain

BUYS = r"(?:buys?|buying|purchase|acquire|accumulate|invest|pick up|grab|get me|load up on|put in an order for|put|add)"
SELLS = r"(?:sells?|selling|dump|liquidate|unload|get rid of|close out|close|exit|get out of|reduce|trim|protect|bracket|take profits?(?: on)?|stop out of|get out of)"
TELLS = r"(?:tell me|let me know|notify(?: me)?|alert(?: me)?|ping(?: me)?|warn(?: me)?|remind(?: me)?|message(?: me)?|text me|email me|send me (?:an? )?(?:alert|notification|message)|give me (?:an? )?(?:alert|heads up))"
REBALANCES = r"rebalance"
MY = r"(?:all |all of |the |my |of my |of the |in my |our )*"
HOLDING = r"(?:shares?|position|holdings?|stake|stock)"
PARTS = {"half": "50", "a half": "50", "one half": "50", "a third": "33.3333", "one third": "33.3333", "two thirds": "66.6667", "a quarter": "25", "one quarter": "25", "three quarters": "75", "a fifth": "20"}  # fmt: skip
PART = "(?:" + "|".join(sorted(PARTS, key=len, reverse=True)) + ")"


@dataclass
class Effect:
    """What is to be done. `size` has the one key of the API, or is empty while nobody said it."""

    kind: str | None = None
    size: dict[str, str] = field(default_factory=dict)
    targets: dict[str, str] = field(default_factory=dict)
    goal: str | None = None
    message: str = ""


def find_kind(line: Line, notes: Notes) -> str | None:
    """BUY, SELL, NOTIFY or REBALANCE. Two different ones are asked about."""
    found: list[str] = []
    for kind, words in (("NOTIFY", TELLS), ("REBALANCE", REBALANCES), ("BUY", BUYS), ("SELL", SELLS)):
        if matches := line.take_all(
            rf"(?<![\w<])(?:please |i want to |i'd like to |i would like to |can you |could you |let's )*{words}(?![\w>])"
        ):
            found += [kind] * min(1, len(matches))
    if len(found) > 1:
        notes.ask(
            "action_type",
            f"{' and '.join(word.lower() for word in found)} in one sentence: say them one by one.",
            *found,
        )
        return None
    return found[0] if found else None


def find_order(line: Line) -> dict[str, Any]:
    """The order's kind, limit and time in force; taken out before prices are read as triggers."""
    found: dict[str, Any] = {}
    if match := line.take(
        rf"\b(?:(?:with|using|as|at|place|set) )?(?:an? )?(?:limit(?: order| price)?)(?: (?:of|at|is))? (?P<price>{AMOUNT})(?: limit)?|(?:but |and )?(?:pay(?:ing)? )?(?:no more|not more) than (?P<price2>{MONEY})(?: (?:per|a) share| each)?"
    ):
        found = {"order_type": "limit", "limit_price": plain(line.number(match["price"] or match["price2"]))}
    elif match := line.take(
        rf"\b(?:(?:with|using|as) )?(?:an? )?limit(?: order)? (?P<size>{MONEY}) (?P<way>above|over|below|under)(?: the)?(?: price| trigger| trigger price| market)*"
    ):
        offset = line.number(match["size"])
        found = {"order_type": "limit", "limit_offset": plain(offset if match["way"] in ("above", "over") else -offset)}
    line.take(r"\b(?:(?:at|with|as|using) (?:an? |the )?)?market(?: order| price)\b|\bat market\b")
    if line.take(r"\b(?:good till? cancell?ed|good until cancell?ed|gtc)(?: order)?\b"):
        found["time_in_force"] = "gtc"
    line.take(r"\bday order\b")
    return found


def find_size(line: Line, kind: str | None, notes: Notes) -> dict[str, str]:
    """Exactly one size of the API, or nothing."""
    if kind == "SELL":
        if match := line.take(rf"\b(?P<part>{PART})(?: of)? {MY}(?:{HOLDING}(?: in| of)?)?(?![\w>])"):
            return {"percent_of_position": PARTS[match["part"]]}
        if match := line.take(rf"(?P<size>{PCT}) (?:of )?(?:{MY})?(?={SYM}|{HOLDING}|it\b|them\b|\|)(?:{HOLDING})?"):
            return _share(line.number(match["size"]), notes)
        if line.take(
            r"\b(?:all(?: of)?(?: my| the)?|everything(?: i have)?(?: in| of)?|(?:my |the )(?:whole|entire|full)|the rest of(?: my)?|whatever is left of)(?: (?:shares?|position|holdings?|stake))?(?: of| in)?(?![\w>])"
        ):
            return {"percent_of_position": "100"}
        if line.has(r"<p\d+>") and line.take(PCT):
            return {}
    if match := line.take(
        rf"(?P<size>{PCT}) (?:of )?(?:my |the |our )*(?:portfolio|equity|account|money|capital|net worth|cash|funds|buying power|total)(?: value)?(?: (?:in|into|of|worth of))?"
    ):
        if kind == "SELL":
            notes.ask("size", "A sale is counted in shares, dollars or a percentage of the position: how much?")
            return {}
        if re.search(r"cash|funds|buying", match.group()):
            notes.assume("A percentage of the cash is read as a percentage of the portfolio.")
        return {"percent_of_equity": plain(line.number(match["size"]))}
    if match := line.take(rf"(?P<size>{MONEY})(?: (?:worth|of|in|into|on))*"):
        return {"amount_usd": plain(line.number(match["size"]))}
    if match := line.take(rf"(?P<size>{NUM})(?: more)?(?: (?:shares?|units?|pieces?))?(?: of| in)?(?![\w>])"):
        return _positive("quantity", line.number(match["size"]), notes)
    if line.take(r"\b(?:an?|one) (?:single )?share(?: of| in)?\b"):
        return {"quantity": "1"}
    if line.take(r"\bhalf an? share(?: of| in)?\b"):
        return {"quantity": "0.5"}
    if vague := line.take(
        r"\b(?:some|a few|a bit(?: of)?|a little|a lot(?: of)?|as much as possible|as many as possible|several|more|max(?:imum)?|a couple(?: of)?)(?: shares?)?(?: of)?\b"
    ):
        notes.ask(
            "size",
            f"{vague.group().capitalize()} is how much? Give shares, dollars or a percentage.",
            "10 shares",
            "$1,000",
        )
        return {}
    if kind == "SELL" and line.take(rf"\bmy(?: (?:shares?|position|holdings?|stake)(?: of| in)?)?(?= {SYM}| \|)"):
        notes.assume("All of it: no number was given.")
        return {"percent_of_position": "100"}
    return {}


def _share(percent: Decimal, notes: Notes) -> dict[str, str]:
    if not 0 < percent <= 100:
        notes.ask("size", f"{plain(percent)} % of a position cannot be sold: above 0 and up to 100.")
        return {}
    return {"percent_of_position": plain(percent)}


def _positive(key: str, number: Decimal, notes: Notes) -> dict[str, str]:
    if number <= 0:
        notes.ask("size", f"{plain(number)} shares cannot be traded: how many?")
        return {}
    return {key: plain(number)}


def find_targets(line: Line, notes: Notes) -> dict[str, str]:
    """“60 % SPY, 30 % AGG and 10 % GLD” as weights; empty when there are none."""
    found: dict[str, str] = {}
    pairs = line.take_all(
        rf"(?P<size>{PCT})(?: in| of)? (?P<symbol>{SYM}|cash)|(?P<symbol2>{SYM}|cash)(?: at| to| =)? (?P<size2>{PCT})"
    )
    for match in pairs:
        mark = match["symbol"] or match["symbol2"]
        symbol = "CASH" if mark == "cash" else str(line.value(mark))
        if symbol in found:
            notes.ask("targets", f"{symbol} is named twice: with which weight?")
        found[symbol] = plain(line.number(match["size"] or match["size2"]) / 100)
    if found and sum(Decimal(weight) for weight in found.values()) != 1:
        total = plain(sum((Decimal(weight) for weight in found.values()), Decimal(0)) * 100)
        notes.ask("targets", f"The weights come to {total} %: they must come to 100 %.")
    return found


def find_goal(line: Line) -> str | None:
    match = line.take(rf"(?:my )?(?:goal )?(?P<goal>{GOAL})(?: goal)?")
    return str(line.value(match["goal"])) if match else None


def find_symbols(line: Line) -> list[str]:
    """The symbols that are left, in order, each once."""
    marks = [match.group() for match in line.take_all(rf"{SYM}")]
    return list(dict.fromkeys(str(line.value(mark)) for mark in marks))


def find_unknown(line: Line) -> list[str]:
    return [str(line.value(match.group())) for match in line.take_all(UNKNOWN)]
