"""Reading a rules file: JSON, or a YAML that is no more than JSON.

YAML is read from the parser's events, so that nothing in a file can make an object: no tags, no anchors and aliases
(a few lines of those grow to gigabytes), no second document. Words are words: `on`, `no` and `15:55` stay what is
written, where YAML 1.1 would see true, false and 955; only true, false and null are read as such. Numbers stay texts,
so that 0.1 is 0.1.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import yaml
from rest_framework.exceptions import ParseError

from automation.drafts import storable
from automation.transfer.writing import FORMATS, JSON
from common.errors import InvalidInput
from common.parsing import loads

LARGEST = 1_000_000  # bytes
DEEPEST = 12
SHORTEST_VALUE = 5  # bytes of a file per value in it, at the least: what bounds their number
WORDS: dict[str, Any] = {
    **dict.fromkeys(("true", "True", "TRUE"), True),
    **dict.fromkeys(("false", "False", "FALSE"), False),
    **dict.fromkeys(("null", "Null", "NULL", "~", ""), None),
}


class BadText(InvalidInput):
    """The text is not a file that can be read; nothing was looked at."""

    code = "bad_file"

    def __init__(self, problem: str) -> None:
        super().__init__({"file": problem})


def read_text(text: str, *, format: str = "", largest: int = LARGEST) -> Any:
    """The values of a file. `format`: json, yaml, or empty to tell by its first character. Raises BadText."""
    if format not in ("", *FORMATS):
        raise InvalidInput({"format_": f"{format!r} is not known: use {' or '.join(FORMATS)}"})
    size = len(text.encode(errors="surrogatepass"))
    if size > largest:
        raise BadText(f"has {size:,} bytes; at most {largest:,} are read: split it")
    if not storable(text):
        raise BadText("contains a NUL character or half of a surrogate pair: remove it")
    if not text.strip():
        raise BadText("is empty: export some rules to see what one looks like")
    if format == JSON or (not format and text.lstrip()[:1] in "{["):
        return _json(text, largest // SHORTEST_VALUE)
    return _yaml(text, largest // SHORTEST_VALUE)


def _json(text: str, most: int) -> Any:
    try:
        value = loads(text.encode())
    except ParseError as error:
        raise BadText(str(error.detail)) from None
    check_depth(value, most)
    return value


def check_depth(value: Any, most: int = LARGEST // SHORTEST_VALUE) -> None:
    """Raise BadText for values nested too deeply, or more than `most`."""
    level, count = [value], 0
    for _ in range(DEEPEST):
        level = [inner for item in level for inner in _inside(item)]
        count += len(level)
        if count > most:
            raise BadText(f"has more than {most:,} values: split it")
        if not level:
            return
    raise BadText(f"is nested more than {DEEPEST} levels deep: a rule needs 6")


def _inside(value: Any) -> list[Any]:
    if isinstance(value, dict):
        return list(value.values())
    return value if isinstance(value, list) else []


def _yaml(text: str, most: int) -> Any:
    try:
        return _Builder(yaml.parse(text, Loader=yaml.CSafeLoader), most).document()
    except yaml.MarkedYAMLError as error:
        raise BadText(f"is not YAML: {error.problem}{_place(error.problem_mark)}") from None
    except yaml.YAMLError as error:
        raise BadText(f"is not YAML: {error}"[:300]) from None


def _place(mark: Any) -> str:
    return f" at line {mark.line + 1}, column {mark.column + 1}" if mark else ""


class _Builder:
    """Makes plain values of the parser's events, and counts while it does."""

    def __init__(self, events: Iterator[Any], most: int) -> None:
        self.events = events
        self.most = most
        self.count = 0

    def document(self) -> Any:
        value, seen = None, 0
        for event in self.events:
            if isinstance(event, yaml.DocumentStartEvent):
                seen += 1
                if seen > 1:
                    raise BadText(f"holds more than one document{_place(event.start_mark)}: keep one")
                value = self.value(next(self.events), 1)
        return value

    def value(self, event: Any, depth: int) -> Any:
        self._check(event, depth)
        if isinstance(event, yaml.ScalarEvent):
            unquoted = event.implicit[0]
            return WORDS.get(event.value, event.value) if unquoted else event.value
        if isinstance(event, yaml.SequenceStartEvent):
            return self._list(depth)
        return self._mapping(depth)

    def _list(self, depth: int) -> list[Any]:
        values = []
        while not isinstance(event := next(self.events), yaml.SequenceEndEvent):
            values.append(self.value(event, depth + 1))
        return values

    def _mapping(self, depth: int) -> dict[str, Any]:
        values: dict[str, Any] = {}
        while not isinstance(event := next(self.events), yaml.MappingEndEvent):
            if not isinstance(event, yaml.ScalarEvent):
                raise BadText(f"has a name that is not a word{_place(event.start_mark)}")
            self._check(event, depth)
            if event.value in values:
                raise BadText(f"gives {event.value[:80]!r} twice{_place(event.start_mark)}: give it once")
            values[event.value] = self.value(next(self.events), depth + 1)
        return values

    def _check(self, event: Any, depth: int) -> None:
        where = _place(event.start_mark)
        if isinstance(event, yaml.AliasEvent) or event.anchor is not None:
            raise BadText(f"uses an anchor or alias{where}: write the value out")
        if isinstance(event, yaml.ScalarEvent) and not storable(event.value):  # written as an escape
            raise BadText(f"contains a NUL character or half of a surrogate pair{where}: remove it")
        if event.tag is not None:
            raise BadText(f"uses the tag {event.tag[:60]}{where}: leave it out")
        if depth > DEEPEST:
            raise BadText(f"is nested more than {DEEPEST} levels deep{where}: a rule needs 6")
        self.count += 1
        if self.count > self.most:
            raise BadText(f"has more than {self.most:,} values: split it")
