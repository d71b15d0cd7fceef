"""`ai_analysis`: what happened, why, and what comes next: by an analyst if there is one, else the facts themselves."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from typing import Any

from automation.jobs import analyst, facts
from automation.jobs.base import JobContext, JobOutcome
from automation.triggers.reading import Reader
from common.errors import PufflingError
from markets.selectors import latest_quotes

OFFLINE = "Offline report: facts only, no language model was asked."
_WHAT = "a setting of an analysis"


class AiAnalysis:
    """Gathers the facts since the last report. Without an analyst they are the report, labelled offline."""

    type = "ai_analysis"
    words = "Reports what your portfolio and rules did, what was denied and why, and what will happen next."

    def parse(self, raw: Mapping[str, Any]) -> dict[str, Any]:
        read = Reader(raw, _WHAT)
        config = {"hours": read.integer("hours", default=24, at_least=1, at_most=24 * 31)}
        read.done()
        return config

    def run(self, context: JobContext) -> JobOutcome:
        since = context.now - timedelta(hours=context.config["hours"])
        found = _facts(context, since)
        who, why = analyst.present(), ""
        if who is not None:
            try:
                said = who.analyse(context, found)
            except PufflingError as error:
                why = f" The analyst could not answer: {error.detail}"
                context.log(why.strip())
            else:
                result = {"offline": False, "text": said.text, "facts": found, **said.data}
                return JobOutcome(summary=said.summary, result=result)
        text = "\n".join(_lines(found, context.now, f"{OFFLINE}{why}"))
        return JobOutcome(
            summary=f"{_summary(found)} {OFFLINE}",
            result={"offline": True, "label": f"{OFFLINE}{why}", "text": text, "facts": found},
        )

    @property
    def example(self) -> dict[str, Any]:
        return {"hours": 24}


def _facts(context: JobContext, since: datetime) -> dict[str, Any]:
    user, now = context.user, context.now
    symbols = facts.followed(user)
    quotes = latest_quotes(symbols)
    return {
        "since": since.isoformat(),
        "portfolio": facts.worth(context.portfolio, now=now),
        "movers": facts.movers(quotes.values(), most=5),
        "fired": facts.fired(user, since=since, now=now),
        "denied": facts.denied(user, since=since, now=now),
        "failures": facts.failures(user, since=since, now=now),
        "nearest": facts.nearest(user, now=now, most=5),
        "next": facts.coming_up(user, now=now),
        "stale": facts.stale(symbols, quotes, now=now)[: facts.MOST],
    }


def _summary(found: Mapping[str, Any]) -> str:
    worth = found["portfolio"]
    value = "worth unknown" if worth["equity"] is None else f"${worth['equity']}"
    return f"{worth['name']}: {value}; {len(found['fired'])} firings, {len(found['denied'])} orders denied or rejected."


def _lines(found: Mapping[str, Any], now: datetime, label: str) -> Iterator[str]:
    """The report as a person reads it."""
    yield label
    yield f"As of {now:%Y-%m-%d %H:%M} UTC, since {datetime.fromisoformat(found['since']):%Y-%m-%d %H:%M} UTC."
    yield from _section("Portfolio", _worth(found["portfolio"]))
    yield from _section(
        "What moved", (f"{one['symbol']} {one['change_percent']} % at ${one['last']}" for one in found["movers"])
    )
    yield from _section(
        "What fired", (f"{_short(one['at'])} {one['sentence']} {one['state']}: {one['why']}".rstrip(": ")
                       for one in found["fired"])
    )  # fmt: skip
    yield from _section(
        "What was denied, and why",
        (
            f"{_short(one['at'])} {one['side']} {one['symbol']} {one['what']}: {one['reason'] or one['code']}"
            for one in found["denied"]
        ),
    )
    yield from _section(
        "Nearest to firing", (f"{one['distance_percent']} % away: {one['sentence']}" for one in found["nearest"])
    )
    yield from _section(
        "What will happen next", (f"{_short(one['at'])} {one['kind']}: {one['what']}" for one in found["next"])
    )
    yield from _section("Without a usable price", (one["symbol"] for one in found["stale"]))


def _section(title: str, lines: Iterator[str]) -> Iterator[str]:
    yield ""
    yield title
    nothing = True
    for line in lines:
        nothing = False
        yield f"- {line}"
    if nothing:
        yield "- nothing"


def _worth(worth: Mapping[str, Any]) -> Iterator[str]:
    value = "unknown, a price is missing" if worth["equity"] is None else f"${worth['equity']}"
    yield f"{worth['name']}: {value}, of it ${worth['cash']} cash"
    if worth["day_pnl"] is not None:
        yield f"today {worth['day_pnl']} dollars ({worth['day_pnl_percent']} %)"
    if worth["drawdown_percent"] is not None:
        yield f"{worth['drawdown_percent']} % below its peak of ${worth['peak_equity']}"
    for one in worth["holdings"]:
        yield f"{one['quantity']} {one['symbol']}: {'no price' if one['value'] is None else '$' + one['value']}"


def _short(moment: str) -> str:
    return f"{datetime.fromisoformat(moment):%Y-%m-%d %H:%M}"


AI_ANALYSIS = AiAnalysis()
