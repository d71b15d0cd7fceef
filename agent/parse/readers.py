"""What a matched trigger means: its kind and parameters, or a question."""

from __future__ import annotations

import re
from collections.abc import Callable
from decimal import Decimal
from typing import Any

from agent.parse.normalise import Line
from agent.parse.types import Notes, Reading
from agent.parse.words import ABOVE, DOWN_NOUNS, FALLS, MOVES, RISES
from common.money import dollars, plain

# Gives the parameters; `_kind` in them replaces the pattern's kind, `_sells` says that it is a way out of a holding.
Reader = Callable[[re.Match[str], Line, Reading, Notes], "dict[str, Any] | None"]


# --- levels -----------------------------------------------------------------------------------------------------
def _amount(match: re.Match[str], line: Line, group: str = "amount") -> str:
    return plain(line.number(match[group]))


def level(match: re.Match[str], line: Line, reading: Reading, notes: Notes) -> dict[str, Any]:
    return {"threshold": _amount(match, line)}


def cross(match: re.Match[str], line: Line, reading: Reading, notes: Notes) -> dict[str, Any] | None:
    way = match["way"]
    if way is None:
        notes.ask(
            "direction", f"Crosses {dollars(line.number(match['amount']))} upwards or downwards?", "above", "below"
        )
        return None
    kind = "price_above" if re.fullmatch(ABOVE, way) else "price_below"
    return {"_kind": kind, "threshold": _amount(match, line), "edge": "cross"}


def reach(match: re.Match[str], line: Line, reading: Reading, notes: Notes) -> dict[str, Any] | None:
    """Reaching a price is from below or above, depending on where the price is."""
    return _towards(line.number(match["amount"]), _symbol_in(match, line), reading, notes)


def _towards(level: Decimal, symbol: str | None, reading: Reading, notes: Notes) -> dict[str, Any] | None:
    last = reading.names.price(symbol) if symbol else None
    if last is None or last == level:
        notes.ask("direction", f"Should it fire at {dollars(level)} from below or from above?", "above", "below")
        return None
    kind = "price_above" if level > last else "price_below"
    word = "rise" if level > last else "fall"
    notes.assume(f"{symbol} is at {dollars(last)} now, so it has to {word} to {dollars(level)}.")
    return {"_kind": kind, "threshold": plain(level)}


def _symbol_in(match: re.Match[str], line: Line) -> str | None:
    """The symbol the trigger was said of, or the only one of the sentence."""
    groups = match.groupdict()
    mark = next((groups[name] for name in ("subject", "priced", "of", "of2") if groups.get(name)), None)
    if mark:
        return str(line.value(mark))
    symbols = {value for mark, value in line.values.items() if mark.startswith("<s")}
    return str(symbols.pop()) if len(symbols) == 1 else None


# --- changes ----------------------------------------------------------------------------------------------------
def change(match: re.Match[str], line: Line, reading: Reading, notes: Notes) -> dict[str, Any] | None:
    verb = match["verb"]
    direction = (
        "down" if re.fullmatch(FALLS + "|" + DOWN_NOUNS, verb) else "either" if re.fullmatch(MOVES, verb) else "up"
    )
    size = match["size"]
    if size.startswith("<p"):
        change = abs(line.number(size))
        if re.search(r"from (?:its |the |their )?(?:recent |all time )?(?:high|peak|top|best)", match.group()):
            return {"_kind": "trailing_stop", "percent": plain(change)}
        window = _window(match, line, notes)
        return None if window is None else {"change": plain(change), "direction": direction, "window": window}
    return _dollar_change(match, line, reading, notes, direction)


def _dollar_change(
    match: re.Match[str], line: Line, reading: Reading, notes: Notes, direction: str
) -> dict[str, Any] | None:
    amount = line.number(match["size"])
    if match["size"].startswith("<n"):
        notes.ask("change", f"{plain(amount)} what: percent or dollars?", f"{plain(amount)} %", dollars(amount))
        return None
    symbol = _symbol_in(match, line)
    last = reading.names.price(symbol) if symbol else None
    if last is None or direction == "either" or (match.groupdict().get("window") or "").strip():
        notes.ask("threshold", f"A move of {dollars(amount)}: at which price should it fire?")
        return None
    level = last - amount if direction == "down" else last + amount
    if level <= 0:
        notes.ask("threshold", f"A fall of {dollars(amount)} is more than the price of {dollars(last)}: which price?")
        return None
    notes.assume(f"{dollars(amount)} from the price now, {dollars(last)}: at {dollars(level)}.")
    return {"_kind": "price_below" if direction == "down" else "price_above", "threshold": plain(level)}


def _window(match: re.Match[str], line: Line, notes: Notes) -> str | None:
    said = (match["window"] or "").strip()
    if not said:
        notes.assume("The change is measured from the previous close.")
        return "1d"
    span = match["span"] or match["span2"]
    unit = match["unit"] or match["unit2"]
    if unit:
        count = line.number(span) if span else Decimal("0.5") if "half an" in said else Decimal(1)
        return _spanned(count, unit, notes)
    if "week" in said:
        notes.assume("A week is 5 sessions.")
        return "5d"
    if re.search(r"here|now|current|this price|where", said):
        return "since_armed"
    if "open" in said or said == "intraday":
        return "session"
    return "1d"


def _spanned(count: Decimal, unit: str, notes: Notes) -> str | None:
    if unit.startswith(("h", "m")) and not unit.startswith("mo"):
        minutes = count * (60 if unit.startswith("h") else 1)
        if minutes == minutes.to_integral_value() and 15 <= minutes <= 240:
            return f"{int(minutes)}m" if minutes % 60 else f"{int(minutes) // 60}h"
        notes.ask(
            "window", f"{plain(minutes)} minutes cannot be watched: use 15 minutes to 4 hours.", "15m", "1h", "4h"
        )
        return None
    sessions = count * (5 if unit.startswith("week") else 21 if unit.startswith("month") else 1)
    if unit.startswith(("week", "month")):
        notes.assume(f"{plain(count)} {unit.rstrip('s')}{'s' if count != 1 else ''} is {plain(sessions)} sessions.")
    if sessions == sessions.to_integral_value() and 1 <= sessions <= 250:
        return f"{int(sessions)}d"
    notes.ask("window", f"{plain(sessions)} sessions cannot be watched: use 1 to 250.")
    return None


# --- targets, stops, trails -------------------------------------------------------------------------------------
def target(match: re.Match[str], line: Line, reading: Reading, notes: Notes) -> dict[str, Any]:
    return _exit(match, line, notes, "price_above", "up")


def stop(match: re.Match[str], line: Line, reading: Reading, notes: Notes) -> dict[str, Any]:
    return _exit(match, line, notes, "price_below", "down")


def _exit(match: re.Match[str], line: Line, notes: Notes, kind: str, direction: str) -> dict[str, Any]:
    size = match["size"]
    if size.startswith("<p"):
        notes.assume("Percents of a target or stop are measured from the price now.")
        params = {"change": plain(abs(line.number(size))), "direction": direction, "window": "since_armed"}
        return {"_kind": "change_pct", "_sells": True, **params}
    return {"_kind": kind, "_sells": True, "threshold": plain(line.number(size))}


def trail(match: re.Match[str], line: Line, reading: Reading, notes: Notes) -> dict[str, Any] | None:
    size = match["size"]
    if size.startswith("<n"):
        amount = line.number(size)
        notes.ask(
            "trail", f"A trail of {plain(amount)} what: percent or dollars?", f"{plain(amount)} %", dollars(amount)
        )
        return None
    params = {"percent" if size.startswith("<p") else "amount": plain(line.number(size))}
    if match.groupdict().get("activation"):
        params["activation_price"] = plain(line.number(match["activation"]))
    return {"_sells": True, **params}


# --- averages, RSI, volume --------------------------------------------------------------------------------------
def named_cross(match: re.Match[str], line: Line, reading: Reading, notes: Notes) -> dict[str, Any]:
    notes.assume("A golden or death cross is of the 50- and 200-day simple averages.")
    return {"short": 50, "long": 200, "direction": "up" if match["name"] == "golden" else "down"}


def ma(match: re.Match[str], line: Line, reading: Reading, notes: Notes) -> dict[str, Any] | None:
    short, long = int(line.number(match["short"])), int(line.number(match["long"]))
    way = match["way"]
    if way is None:
        notes.ask(
            "direction", f"Should the {short}-bar average cross above or below the {long}-bar one?", "above", "below"
        )
        return None
    up = bool(re.fullmatch(ABOVE, way))
    if short > long:  # "the 200-day crosses below the 50-day" is the same cross, seen from the other line
        short, long, up = long, short, not up
    return {"short": short, "long": long, "direction": "up" if up else "down", **_average_kind(match)}


def unclear_averages(match: re.Match[str], line: Line, reading: Reading, notes: Notes) -> dict[str, Any] | None:
    notes.ask(
        "averages",
        "Which averages, and which way?",
        "the 50-day crosses above the 200-day",
        "the 10-day crosses above the 50-day",
    )
    return None


def price_against_average(match: re.Match[str], line: Line, reading: Reading, notes: Notes) -> dict[str, Any]:
    notes.assume("The price crosses its average when a daily bar closes there.")
    up = bool(re.fullmatch(ABOVE, match["way"]))
    long = int(line.number(match["long"]))
    return {"short": 1, "long": long, "direction": "up" if up else "down", **_average_kind(match)}


def _average_kind(match: re.Match[str]) -> dict[str, Any]:
    kind = "ema" if re.search(r"\bemas?\b|exponential", match.group()) else "sma"
    unit = match["unit"] or "day"
    if unit.startswith("h"):
        return {"kind": kind, "timeframe": "1h"}
    if unit.startswith("m"):
        return {"kind": kind, "timeframe": "1m"}
    return {"kind": kind, "timeframe": "1d"}


def rsi(match: re.Match[str], line: Line, reading: Reading, notes: Notes) -> dict[str, Any]:
    up = bool(re.fullmatch(ABOVE, match["way"])) if match["way"] else bool(re.match(RISES, match["verb"] or ""))
    period = match["period"] or match["period2"]
    frame = match["frame"] or match["frame2"] or ""
    params: dict[str, Any] = {
        "_kind": "rsi_above" if up else "rsi_below",
        "threshold": plain(line.number(match["level"])),
        "period": int(line.number(period)) if period else 14,
        "timeframe": "1h" if "hour" in frame else "1d",
    }
    return params


def volume(match: re.Match[str], line: Line, reading: Reading, notes: Notes) -> dict[str, Any]:
    if match["multiple"]:
        days = int(line.number(match["days"])) if match["days"] else 20
        return {"multiple": plain(line.number(match["multiple"])), "average_days": days}
    return {"threshold": plain(line.number(match["shares"]))}


def volume_percent(match: re.Match[str], line: Line, reading: Reading, notes: Notes) -> dict[str, Any]:
    multiple = 1 + line.number(match["size"]) / 100 if match["over"] else line.number(match["size"]) / 100
    days = int(line.number(match["days"])) if match["days"] else 20
    return {"multiple": plain(multiple), "average_days": days}


# --- the portfolio, goals, strategies ---------------------------------------------------------------------------
def drawdown(match: re.Match[str], line: Line, reading: Reading, notes: Notes) -> dict[str, Any]:
    return {"percent": plain(abs(line.number(match["size"])))}


def drift(match: re.Match[str], line: Line, reading: Reading, notes: Notes) -> dict[str, Any]:
    return {"goal": str(line.value(match["goal"]))}


def its_drift(match: re.Match[str], line: Line, reading: Reading, notes: Notes) -> dict[str, Any] | None:
    goals = [value for mark, value in line.values.items() if mark.startswith("<g")]
    if len(goals) != 1:
        notes.ask("goal", "Which goal drifts? Name it.")
        return None
    return {"goal": str(goals[0])}


def signal(match: re.Match[str], line: Line, reading: Reading, notes: Notes) -> dict[str, Any]:
    return {"strategy": str(line.value(match["strategy"])), "side": match["side"]}


def unclear_rsi(match: re.Match[str], line: Line, reading: Reading, notes: Notes) -> dict[str, Any] | None:
    low = "oversold" in match.group()
    notes.ask(
        "threshold",
        f"{match['word'].capitalize()}: at which RSI?",
        *(("RSI below 30", "RSI below 20") if low else ("RSI above 70", "RSI above 80")),
    )
    return None
