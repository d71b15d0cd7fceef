"""What the agent's tools are called on a page, and what they answered, for a reader who knows no JSON."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal, InvalidOperation
from typing import Any

from django.utils import timezone

from common.money import dollars

Given = Mapping[str, Any]
MOST_ROWS = 12
MOST_COLUMNS = 7
MOST_FACTS = 40
MOMENT = re.compile(r"^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}")
ID = re.compile(r"^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$")


def tool_words(name: str, given: Any) -> str:
    """One sentence: what a call does, with its arguments in words."""
    if not isinstance(given, Mapping):
        given = {}
    make = SENTENCES.get(name)
    if make is None:
        return f"Uses {plainly(name).lower()}{_about(given)}"
    return make(given)


def _about(given: Given) -> str:
    told = ", ".join(f"{plainly(key).lower()} {text}" for key, value in given.items() if (text := _short(value)))
    return f": {told}" if told else ""


def _symbols(given: Given) -> str:
    named = given.get("symbols") or given.get("symbol") or ()
    listed = [named] if isinstance(named, str) else [str(one) for one in named]
    return ", ".join(listed[:8]) + (f" and {len(listed) - 8} more" if len(listed) > 8 else "")


def _of(given: Given, before: str = " of ") -> str:
    return f"{before}{named}" if (named := _symbols(given)) else ""


def _size(given: Given) -> str:
    if given.get("notional") is not None:
        return f"${given['notional']} of "
    for key, form in (("quantity", "{} "), ("amount_usd", "${} of "), ("percent_of_position", "{}% of your ")):
        if given.get(key) is not None:
            return form.format(given[key])
    return ""


def _indicators(given: Given) -> str:
    wanted = [
        f"{str(one.get('kind', '')).upper()} {one.get('period', '')}".strip() for one in _rows(given, "indicators")
    ]
    return f"Computes {', '.join(wanted) or 'indicators'}{_of(given)}"


def _rows(given: Given, name: str) -> list[Mapping[str, Any]]:
    found = given.get(name)
    return [one for one in found if isinstance(one, Mapping)] if isinstance(found, Sequence) else []


def _trade(given: Given) -> str:
    return f"Proposes to {given.get('side', 'trade')} {_size(given)}{_symbols(given)}"


def _rule(given: Given) -> str:
    return f"Wants a new rule: {str(given.get('action_type', '')).lower()} {_size(given)}{_symbols(given)}".rstrip(": ")


SENTENCES: dict[str, Callable[[Given], str]] = {
    "facts": lambda _: "Gathers the facts: what is held, the rules, what happened lately",
    "get_portfolio": lambda _: "Looks at the portfolio and its goals",
    "get_quotes": lambda given: f"Looks up the latest price{_of(given)}",
    "get_bars": lambda given: f"Reads the price history{_of(given)}",
    "get_signals": lambda given: f"Looks at the strategies and their signals{_of(given, ' for ')}",
    "get_alerts": lambda _: "Reads the latest alerts",
    "list_actions": lambda given: f"Lists the {given.get('status') or 'active'} rules{_of(given)}",
    "explain_action": lambda _: "Asks why a rule did or did not fire",
    "check_risk": lambda _: "Measures the risk of the portfolio",
    "compute_indicators": _indicators,
    "position_size": lambda given: f"Works out how much to trade{_of(given)}",
    "optimize_portfolio": lambda given: f"Works out portfolio weights{_of(given, ' for ')}",
    "simulate_action": lambda _: "Replays a rule on past prices",
    "run_backtest": lambda _: "Runs a backtest",
    "create_action": _rule,
    "update_action": lambda _: "Wants to change a rule",
    "cancel_action": lambda given: f"Wants to {given.get('verb', 'cancel')} a rule",
    "propose_order": _trade,
    "propose_rebalance": lambda _: "Proposes to rebalance a goal",
    "notify": lambda given: f"Sends you a note: {given.get('title', '')}".rstrip(": "),
    "submit_report": lambda _: "Hands in its report",
}


def result_words(name: str, answer: Any) -> str:
    """One line: what came back. Empty when there is nothing short to say."""
    if not isinstance(answer, Mapping):
        return ""
    if "error" in answer:
        problems = answer.get("problems") or []
        return " ".join([str(answer["error"]), *map(str, problems[:3])])
    if "draft" in answer:
        return f"Left as a draft for you: {answer.get('because', '')}."
    if name in ("facts", "get_portfolio"):
        return _worth(answer.get("portfolio", answer))
    if name == "get_quotes":
        quotes = answer.get("quotes") or {}
        told = [f"{symbol} ${quote.get('last')}" for symbol, quote in list(quotes.items())[:8]]
        return " · ".join([*told, *(f"{symbol} is unknown" for symbol in answer.get("unknown", ())[:3])])
    if name == "compute_indicators":
        told = [
            f"{str(one.get('kind', '')).upper()} {one.get('period', '')}: {one.get('value')}"
            for one in _rows(answer, "indicators")
        ]
        return " · ".join(told)
    for key, one, many in COUNTED:
        if isinstance(answer.get(key), Sequence):
            count = len(answer[key])
            return f"{count} {one if count == 1 else many}"
    return {"propose_order": "Noted. It is judged when the run ends.", "notify": "Told."}.get(name, "")


COUNTED = (("bars", "price bar", "price bars"), ("rules", "rule", "rules"), ("alerts", "alert", "alerts"),
           ("trades", "trade", "trades"), ("signals", "signal", "signals"))  # fmt: skip


def _worth(book: Any) -> str:
    if not isinstance(book, Mapping) or book.get("equity") is None:
        return ""
    try:
        worth, cash = dollars(str(book["equity"])), dollars(str(book.get("cash", "0")))
    except (InvalidOperation, ValueError):
        return ""
    held = len(_rows(book, "holdings"))
    return f"Worth {worth}, {cash} in cash, {held} holding{'' if held == 1 else 's'}"


@dataclass(kw_only=True)
class Readable:
    """An answer laid out: single facts, and tables (title, headings, rows, how many more)."""

    facts: list[tuple[str, str]] = field(default_factory=list)
    tables: list[tuple[str, list[str], list[list[str]], int]] = field(default_factory=list)


def readable(value: Any) -> Readable:
    """JSON of any shape as facts and tables; long ones are cut and say so."""
    page = Readable()
    _lay_out(value, "", page)
    page.facts = page.facts[:MOST_FACTS]
    return page


def _lay_out(value: Any, title: str, page: Readable) -> None:
    if isinstance(value, Mapping):
        rows = [one for one in value.values() if isinstance(one, Mapping)]
        if len(rows) > 1 and len(rows) == len(value) and len({tuple(one) for one in rows}) == 1:
            _table(title, [{"": key, **one} for key, one in value.items()], page)
            return
        for key, inner in value.items():
            _lay_out(inner, f"{title} · {plainly(key).lower()}" if title else plainly(key), page)
    elif isinstance(value, (list, tuple)) and any(isinstance(one, (Mapping, list, tuple)) for one in value):
        _table(title, [one if isinstance(one, Mapping) else {"": one} for one in value], page)
    else:
        page.facts.append((title or "Answer", cell(value)))


def _table(title: str, rows: Sequence[Mapping[str, Any]], page: Readable) -> None:
    heads = list(dict.fromkeys(key for row in rows[:MOST_ROWS] for key in row if key != "id"))[:MOST_COLUMNS]
    body = [[cell(row.get(key)) for key in heads] for row in rows[:MOST_ROWS]]
    page.tables.append((title, [plainly(key) for key in heads], body, max(0, len(rows) - MOST_ROWS)))


def cell(value: Any) -> str:
    """One value as a reader sees it."""
    if value is None or value in ("", [], {}):
        return "–"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, Mapping):
        return ", ".join(f"{plainly(key).lower()} {cell(inner)}" for key, inner in list(value.items())[:6])
    if isinstance(value, (list, tuple)):
        return ", ".join(cell(one) for one in value[:12])
    text = str(value)
    if MOMENT.match(text):
        try:
            at = datetime.fromisoformat(text)
        except ValueError:
            return text
        return f"{timezone.localtime(at):%d %b %Y, %H:%M}" if at.tzinfo else text
    return _number(text)


def _number(text: str) -> str:
    """Thousands apart; other texts as they are."""
    if not re.fullmatch(r"-?\d{5,}(\.\d+)?", text):
        return text
    return f"{Decimal(text):,f}".replace("-", "−")


def _short(value: Any) -> str:
    text = cell(value)
    return "" if text == "–" or ID.match(text) or len(text) > 60 else text


def plainly(key: str) -> str:
    """weight_percent -> Weight percent."""
    text = str(key).replace("_", " ").strip()
    return text[:1].upper() + text[1:]
