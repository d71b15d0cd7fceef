"""Reading a file: what is JSON or YAML and no more, whatever somebody puts into it."""

from __future__ import annotations

import json

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from automation.transfer.reading import DEEPEST, LARGEST, BadText, check_depth, read_text
from automation.transfer.writing import as_json, as_yaml
from common.errors import InvalidInput

texts = st.text(st.characters(codec="utf-8", exclude_characters="\x00"), max_size=30)
scalars = st.one_of(st.none(), st.booleans(), texts)
values = st.recursive(
    scalars, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(texts, inner, max_size=4), max_leaves=12
)


@given(values)
def test_what_is_written_reads_the_same(value) -> None:
    document = {"rules": value}
    assert read_text(as_yaml(document), format="yaml") == document
    assert read_text(as_json(document)) == document


@pytest.mark.parametrize(
    "word",
    ["on", "off", "yes", "no", "NO", "y", "15:55", "1_000", "0x10", "010", "1e3", ".5", "2026-11-20", "<<", "=", "1.50",
     "2026-11-20T15:00:00Z", ".nan", ".inf", "0b1", "Yes", "N"],
)  # fmt: skip
def test_words_are_words(word: str) -> None:
    assert read_text(f"a: {word}\n{word}: b") == {"a": word, word: "b"}


def test_only_true_false_and_null_are_read() -> None:
    text = "a: true\nb: False\nc: null\nd: ~\ne:\nf: 'true'\ng: \"null\"\nh: 7\ni: |\n  two\n  lines\n"
    assert read_text(text) == {
        "a": True, "b": False, "c": None, "d": None, "e": None, "f": "true", "g": "null", "h": "7",
        "i": "two\nlines\n",
    }  # fmt: skip


BOMB = "a: &a [x,x,x,x,x,x,x,x,x]\n" + "".join(
    f"{name}: &{name} [{','.join(f'*{before}' for _ in range(9))}]\n"
    for before, name in zip("abcdefgh", "bcdefghi", strict=True)
)
HOSTILE = {
    "a bomb of aliases": (BOMB, "anchor"),
    "an alias alone": ("a: *b", "undefined alias|anchor"),
    "an anchor alone": ("a: &b 1", "anchor"),
    "an object": ("!!python/object/apply:os.system ['true']", "tag"),
    "an object inside": ("rules: [!!python/name:os.system '']", "tag"),
    "a harmless tag": ("a: !!int '5'", "tag"),
    "a tag of one's own": ("a: !rule {}", "tag"),
    "a set": ("a: !!set {x, y}", "tag"),
    "a directive": ("%TAG ! tag:evil,2026:\n---\na: !x 1", "tag"),
    "two documents": ("a: 1\n---\nb: 2", "more than one document"),
    "a name twice": ("a: 1\nb: 2\na: 3", "'a' twice at line 3"),
    "a list as a name": ("? [a, b]\n: c", "a name that is not a word"),
    "an object as a name": ("? {a: b}\n: c", "a name that is not a word"),
    "nothing but brackets": ("[" * 100_000, "deep"),
    "deep and closed": ("[" * 50 + "]" * 50, "deep"),
    "deep in blocks": ("".join(f"{' ' * n}a:\n" for n in range(60)), "deep"),
    "a NUL written out": ('a: "\\0"', "NUL"),
    "a NUL as it is": ("a: \x00", "NUL"),
    "half a pair": ("a: \ud800", "surrogate"),
    "half a pair written out": ('a: "\\ud800"', "is not YAML|surrogate"),
    "a tab": ("a:\n\t- b", "is not YAML"),
    "not closed": ("a: [1, 2", "is not YAML: .* at line"),
    "a colon too many": ("a: b: c", "is not YAML: .* at line 1, column"),
    "too many values": ("a: [" + "1," * 300_000 + "]", "more than 200,000 values"),
    "too large": ("a: " + "x" * LARGEST, "at most 1,000,000 are read"),
    "nothing": ("", "is empty"),
    "spaces": (" \n ", "is empty"),
    "JSON not closed": ('{"a": [1, 2', "not JSON"),
    "JSON with NaN": ('{"a": NaN}', "not a JSON number"),
    "JSON with a name twice": ('{"a": 1, "a": 2}', "twice"),
    "JSON too deep": ('{"a":' + "[" * 40 + "]" * 40 + "}", "nested more than"),
    "JSON much too deep": ("[" * 200_000, "nested"),
    "JSON of too many values": ("[" + "1," * 250_000 + "1]", "more than 200,000 values"),
}


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_texts_are_refused_with_a_reason(name: str) -> None:
    text, reason = HOSTILE[name]
    with pytest.raises(BadText, match=reason) as refused:
        read_text(text, format="yaml" if text.startswith("[") and "JSON" not in name else "")
    assert list(refused.value.errors) == ["file"]
    assert len(refused.value.detail) < 500


@given(st.text(max_size=200))
def test_any_text_is_read_or_refused(text: str) -> None:
    for format in ("", "yaml", "json"):
        try:
            value = read_text(text, format=format)
        except BadText:
            continue
        json.dumps(value)  # nothing but plain values


@given(values)
def test_what_safe_load_would_read_as_texts_is_read_the_same(value) -> None:
    text = yaml.safe_dump({"a": value}, allow_unicode=True)
    if "&id" not in text:
        assert read_text(text, format="yaml") == yaml.safe_load(text)


def test_a_format_that_is_none() -> None:
    with pytest.raises(InvalidInput, match="json or yaml"):
        read_text("a: 1", format="xml")


def test_just_deep_enough() -> None:
    def deep(levels: int):
        return [] if levels == 1 else [deep(levels - 1)]

    check_depth(deep(DEEPEST))
    with pytest.raises(BadText):
        check_depth(deep(DEEPEST + 1))
    assert read_text("[" * DEEPEST + "]" * DEEPEST, format="yaml") == deep(DEEPEST)
