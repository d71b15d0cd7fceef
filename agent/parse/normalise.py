"""A sentence as a line of words and marks: numbers, prices, percents, times, dates and names become `<kind number>`.

The recognisers are regular expressions over that line. What one has understood it takes out; what is left at the end
was not understood.
"""

# ruff: noqa: E501 - a pattern broken over lines is harder to read than a long one

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, time
from decimal import Decimal
from typing import Any

from agent.parse.types import Names

# Marks, for use in patterns. One group each when used as e.g. fr"({NUM})".
NUM, MONEY, PCT, TIMES = r"<n\d+>", r"<m\d+>", r"<p\d+>", r"<x\d+>"
SYM, CLOCK, DATE, ORD = r"<s\d+>", r"<t\d+>", r"<d\d+>", r"<o\d+>"
GOAL, STRATEGY, UNKNOWN = r"<g\d+>", r"<y\d+>", r"<u\d+>"
AMOUNT = rf"(?:{MONEY}|{NUM})"  # a price may be written without the dollar sign

SCALES = {
    "k": 1000, "thousand": 1000, "grand": 1000, "m": 10**6, "mm": 10**6, "mn": 10**6, "million": 10**6, "mil": 10**6,
    "b": 10**9, "bn": 10**9, "billion": 10**9,
}  # fmt: skip
NUMBER_WORDS = {
    "one": 1, "two": 2, "three": 3, "four": 4, "five": 5, "six": 6, "seven": 7, "eight": 8, "nine": 9, "ten": 10,
    "eleven": 11, "twelve": 12, "fifteen": 15, "twenty": 20, "thirty": 30, "forty": 40, "fifty": 50, "sixty": 60,
    "ninety": 90, "hundred": 100,
}  # fmt: skip
ORDINAL_WORDS = {"first": 1, "second": 2, "third": 3, "fourth": 4, "fifth": 5, "last": -1}
MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
MONTH = r"(?:jan(?:uary)?|feb(?:ruary)?|mar(?:ch)?|apr(?:il)?|may|june?|july?|aug(?:ust)?|sept?(?:ember)?|oct(?:ober)?|nov(?:ember)?|dec(?:ember)?)"
WORDS = "|".join(NUMBER_WORDS)
SCALE = r"(?:k|thousand|grand|mm|mn|million|mil|m|billion|bn|b)"
FIGURE = r"\d[\d,]*(?:\.\d+)?|\.\d+"
QUOTED = re.compile(r"[\"“]([^\"”]{1,80})[\"”]")

# In this order: the first that matches at a place wins.
PIECES = re.compile(
    rf"""
    (?P<iso>\b\d{{4}}-\d{{2}}-\d{{2}}\b)
  | (?P<clock>\b\d{{1,2}}:\d{{2}}\s?(?:a\.?m\.?|p\.?m\.?)?(?![\w:])|\b\d{{1,2}}\s?(?:am|pm|a\.m\.|p\.m\.)(?!\w)|\bnoon\b|\bmidnight\b)
  | (?P<slash>\b\d{{1,2}}/\d{{1,2}}/\d{{2,4}}\b)
  | (?P<monthday>\b{MONTH}\.?\s+\d{{1,2}}(?:st|nd|rd|th)?(?:\s*,?\s+\d{{4}})?\b|\b\d{{1,2}}(?:st|nd|rd|th)?\s+(?:of\s+)?{MONTH}(?:\s+\d{{4}})?\b)
  | (?P<tag>\$[a-z][a-z.]{{0,5}}\b)
  | (?P<money>\$\s?(?:{FIGURE})\s?(?:{SCALE}\b)?|\b(?:(?:{FIGURE})\s?(?:{SCALE}\s)?|(?:{WORDS})\s)\s?(?:dollars?|bucks?|usd)\b|\b(?:{WORDS}|{FIGURE})\s(?:grand)\b|\b(?:{FIGURE})\s?cents?\b)
  | (?P<percent>(?<![\w.])[-+]?(?:{FIGURE})\s?(?:%|percent\b|pct\b|per\s?cent\b)|\b(?:{WORDS})\s(?:percent|per\s?cent)\b)
  | (?P<times>\b(?:{FIGURE})\s?(?:x|×)(?!\w)|\b(?:twice|double|triple)(?=\s(?:its|the|as|average|normal|usual))|\b(?:{WORDS}|{FIGURE})\stimes(?=\s(?:its|the|as|average|normal|usual)))
  | (?P<fraction>\b[1-9]/[1-9]\b)
  | (?P<ordinal>\b\d{{1,2}}(?:st|nd|rd|th)\b)
  | (?P<number>(?<![\w.])[-+]?(?:{FIGURE})(?:\s?(?:k|mm|million|thousand|mil|bn|billion|m)\b)?)
  | (?P<word>[a-z][a-z0-9&.'’-]*|<[a-z]\d+>)
  | (?P<mark>[^\w\s])
    """,
    re.VERBOSE | re.IGNORECASE,
)

# Words of the grammar: a ticker written like one of them must be written with a dollar sign ($ALL).
GRAMMAR = frozenset(
    ["a", "all", "am", "an", "and", "any", "are", "as", "at", "be", "buy", "by", "can", "cash", "day", "do", "each", "end", "for", "go", "half", "has", "have", "i", "if", "in", "is", "it", "its", "last", "low", "me", "more", "my", "new", "next", "no", "not", "now", "of", "off", "on", "once", "one", "open", "or", "out", "over", "per", "pm", "put", "rsi", "sell", "set", "sma", "ema", "so", "stop", "than", "that", "the", "then", "to", "top", "two", "up", "us", "usd", "utc", "was", "we", "when", "will", "with", "you", "your", "limit", "loss", "profit", "take", "price", "share", "shares", "under", "above", "below", "gtc", "etf", "nyse", "eod", "eom", "et", "pt", "ct", "est", "edt", "pst", "pdt", "cst", "ny", "uk", "ok", "am", "week", "month", "year", "hour", "min", "minute", "time", "high", "both", "either", "only", "today", "every", "ever", "good", "best", "well", "real", "fast", "main", "gold", "love", "life", "play", "see", "big"]
) - {"gold"}  # fmt: skip


@dataclass
class Line:
    """The sentence as a line, with the values of its marks."""

    text: str
    values: dict[str, Any] = field(default_factory=dict)
    original: dict[str, str] = field(default_factory=dict)
    mentioned: list[str] = field(default_factory=list)  # symbols of triggers that were asked about

    def value(self, mark: str) -> Any:
        return self.values[mark]

    def number(self, mark: str) -> Decimal:
        found = self.values[mark]
        assert isinstance(found, Decimal)
        return found

    def take(self, pattern: str) -> re.Match[str] | None:
        """The first match, taken out of the line. Bars stay, so that places keep their numbers and nothing joins."""
        match = re.search(pattern, self.text)
        if match:
            self._cross_out(match)
        return match

    def take_all(self, pattern: str) -> list[re.Match[str]]:
        """Every match, each taken out."""
        found = list(re.finditer(pattern, self.text))
        for match in found:
            self._cross_out(match)
        return found

    def _cross_out(self, match: re.Match[str]) -> None:
        self.text = f"{self.text[: match.start()]}{'|' * len(match.group())}{self.text[match.end() :]}"

    def has(self, pattern: str) -> bool:
        return re.search(pattern, self.text) is not None

    def spoken(self, text: str) -> str:
        """A piece of the line in the words it was written in."""
        words = [self.original.get(word, word) for word in text.split()]
        return " ".join(words)


def normalise(text: str, names: Names, *, year_of: Callable[[int, int], date | None]) -> Line:
    """Make the line. `year_of` gives the coming date of a month and day; None if that day does not exist."""
    line = Line("")
    taken = _name_marks(text.replace("’", "'"), names, line)
    words: list[str] = []
    for match in PIECES.finditer(taken):
        kind = match.lastgroup or "mark"
        if piece := _piece(kind, match.group(), line, year_of):
            words.append(piece)
    line.text = _counted(_instruments(words, names, line).split(" "), line)
    return line


def _name_marks(text: str, names: Names, line: Line) -> str:
    """Goals and strategies by their names, quoted or not, become marks before anything else is read."""
    for kind, known in (("g", names.goals()), ("y", names.strategies())):
        for name in sorted(known, key=len, reverse=True):
            pattern = re.compile(rf"[\"“']?(?<!\w){re.escape(name)}(?!\w)[\"”']?", re.IGNORECASE)
            if match := pattern.search(text):
                mark = _mark(kind, known[name], match.group(), line)
                text = f"{text[: match.start()]} {mark} {text[match.end() :]}"
    return text


def _mark(kind: str, value: Any, written: str, line: Line) -> str:
    mark = f"<{kind}{len(line.values)}>"
    line.values[mark] = value
    line.original[mark] = written.strip()
    return mark


def _piece(kind: str, written: str, line: Line, year_of: Callable[[int, int], date | None]) -> str:
    low = written.lower()
    read = READERS.get(kind)
    if read is not None:
        found = read(low)
        return written if found is None else _mark(found[0], found[1], written, line)
    if kind in ("iso", "slash", "monthday"):
        day = _date(kind, low, year_of)
        return _mark("d", day, written, line)  # None: a day that does not exist is asked about
    if kind in ("word", "tag"):
        return written
    return "" if written in "-()[]\"'“”" else written if written in "&/+<>=" else ","


def _figure(text: str) -> Decimal:
    match = re.match(rf"[-+]?(?:{FIGURE})", text)
    if match is None:
        return Decimal(NUMBER_WORDS.get(text.split()[0], 0))
    number = Decimal(match.group().replace(",", ""))
    rest = text[match.end() :].strip().split(" ")[0] if text[match.end() :].strip() else ""
    return number * SCALES.get(rest, 1)


def _money(text: str) -> tuple[str, Decimal]:
    body = text.lstrip("$ ")
    amount = _figure(body)
    if re.search(r"cents?\b", body):
        return "m", amount / 100
    if body.endswith("grand") and not re.match(r"[\d.]", body):
        amount *= 1000
    return "m", amount


def _clock(text: str) -> tuple[str, time] | None:
    if text in ("noon", "midnight"):
        return "t", time(12 if text == "noon" else 0)
    half = "p" if "p" in text else "a" if "a" in text else ""
    digits = re.sub(r"[^\d:]", "", text)
    hour, _, minute = digits.partition(":")
    h, m = int(hour), int(minute or 0)
    if half:
        if not 1 <= h <= 12:
            return None
        h = h % 12 + (12 if half == "p" else 0)
    return ("t", time(h, m)) if h < 24 and m < 60 else None


def _times(text: str) -> tuple[str, Decimal]:
    word = text.split()[0]
    known = {"twice": 2, "double": 2, "triple": 3}
    return "x", Decimal(known[word]) if word in known else _figure(text)


def _fraction(text: str) -> tuple[str, Decimal]:
    above, below = text.split("/")
    return "p", (Decimal(above) * 100 / Decimal(below)).quantize(Decimal("0.0001"))


READERS: Mapping[str, Callable[[str], tuple[str, Any] | None]] = {
    "clock": _clock,
    "money": _money,
    "percent": lambda text: ("p", _figure(text)),
    "times": _times,
    "fraction": _fraction,
    "ordinal": lambda text: ("o", int(text[:-2])),
    "number": lambda text: ("n", _figure(text)),
}


def _date(kind: str, text: str, year_of: Callable[[int, int], date | None]) -> date | None:
    try:
        if kind == "iso":
            return date.fromisoformat(text)
        if kind == "slash":
            month, day, year = (int(part) for part in text.split("/"))
            return date(year + 2000 if year < 100 else year, month, day)
        month = next(n for n, name in enumerate(MONTHS, start=1) if re.search(rf"\b{name}", text))
        numbers = [int(found) for found in re.findall(r"\d+", text)]
        day = next(number for number in numbers if number <= 31)
        years = [number for number in numbers if number > 1000]
        return date(years[0], month, day) if years else year_of(month, day)
    except (ValueError, StopIteration):
        return None


def _instruments(words: Sequence[str], names: Names, line: Line) -> str:
    """Replace tickers and company names by marks; upper-case words that look like tickers and are none by <u…>."""
    phrases = {
        " ".join(_plain(word, line) for word in words[at : at + n]) for at in range(len(words)) for n in (1, 2, 3, 4)
    }
    known = names.symbols(sorted(phrases))
    shouting = sum(word.isupper() for word in words if word.isalpha() and len(word) > 1) > len(words) * 0.6
    out: list[str] = []
    at = 0
    while at < len(words):
        for size in (4, 3, 2, 1):
            phrase = " ".join(_plain(word, line) for word in words[at : at + size])
            if at + size <= len(words) and phrase in known and not _only_a_word(words[at : at + size], phrase):
                out.append(
                    _mark("s", known[phrase], " ".join(_plain(w, line, low=False) for w in words[at : at + size]), line)
                )
                at += size
                break
        else:
            out.append(_unknown(words[at], line, shouting=shouting))
            at += 1
    return " ".join(out)


def _plain(word: str, line: Line, *, low: bool = True) -> str:
    written = line.original.get(word, word).lstrip("$")
    written = written.removesuffix("'s") if written.endswith("'s") and len(written) > 3 else written
    return written.lower().rstrip(".,") if low else written


def _only_a_word(words: Sequence[str], phrase: str) -> bool:
    return len(words) == 1 and phrase in GRAMMAR and not words[0].startswith("$")


def _unknown(word: str, line: Line, *, shouting: bool) -> str:
    if word.startswith("<"):
        return word
    tag = word.startswith("$")
    bare = word.lstrip("$").removesuffix("'s")
    looks = bare.isalpha() and bare.isupper() and 2 <= len(bare) <= 5 and bare.lower() not in GRAMMAR and not shouting
    if tag or (looks and bare.lower() not in KNOWN_UPPER):
        return _mark("u", bare.upper(), word, line)
    return word.lower().rstrip(".").removesuffix("'s") if word.lower() not in KEEP else word.lower()


KEEP = frozenset({"a.m.", "p.m."})
KNOWN_UPPER = frozenset(
    [
        "rsi",
        "macd",
        "sma",
        "ema",
        "ma",
        "dca",
        "oco",
        "gtc",
        "ioc",
        "day",
        "et",
        "est",
        "edt",
        "pt",
        "ct",
        "utc",
        "gmt",
        "usd",
        "etf",
        "ok",
        "asap",
        "eod",
        "atr",
        "vwap",
    ]
)


_COUNTED = re.compile(r"shares?|days?|hours?|minutes?|mins?|weeks?|months?|times|trading|sessions?|<s\d+>")


def _counted(words: Sequence[str], line: Line) -> str:
    """Number words that count something become numbers: ten shares, two days."""
    out = list(words)
    for at, word in enumerate(words):
        following = words[at + 1] if at + 1 < len(words) else ""
        if word in NUMBER_WORDS and _COUNTED.fullmatch(following):
            out[at] = _mark("n", Decimal(NUMBER_WORDS[word]), word, line)
        elif word in ORDINAL_WORDS and following in (*DAY_WORDS, "day"):
            out[at] = _mark("o", ORDINAL_WORDS[word], word, line)
    return " ".join(out)


DAY_WORDS = ("monday", "tuesday", "wednesday", "thursday", "friday")
