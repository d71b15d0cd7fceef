from __future__ import annotations

import io

import pytest
from django.core.exceptions import RequestDataTooBig
from rest_framework.exceptions import ParseError
from rest_framework.test import APIRequestFactory

from common.parsing import StrictJSONParser, loads


@pytest.mark.parametrize(
    ("body", "words"),
    [
        (b'{"a": }', "line 1, column 7"),
        (b'{"a": 1,\n "b" 2}', "line 2, column 6"),
        (b"", "line 1, column 1"),
        (b'{"a": NaN}', "NaN is not a JSON number"),
        (b'{"a": -Infinity}', "-Infinity is not a JSON number"),
        (b'{"a": 1e400}', "too large"),
        (b'{"a": ' + b"9" * 5000 + b"}", "too many digits"),
        (b'{"a": 1, "a": 2}', "'a' appears twice"),
        (b'{"a": "x\\u0000"}', "NUL"),
        (b'{"a": ["\\ud800"]}', "surrogate"),
        (b'{"\\u0000": 1}', "NUL"),
        (b"\xff", "not UTF-8"),
        (b"[" * 100_000, "nested too deeply"),
    ],
)
def test_what_is_not_json_is_refused_with_a_reason(body: bytes, words: str) -> None:
    with pytest.raises(ParseError) as refused:
        loads(body)
    assert words in str(refused.value.detail)


def test_json_is_accepted() -> None:
    assert loads('{"a": [1, 2.5, "€ 🐧", null, true]}'.encode()) == {"a": [1, 2.5, "€ 🐧", None, True]}


def test_a_large_body_is_refused_before_it_is_read() -> None:
    class Untouched(io.BytesIO):
        def read(self, size: int | None = -1) -> bytes:
            raise AssertionError("read")

    request = APIRequestFactory().post("/", b"", content_type="application/json", CONTENT_LENGTH="10000000")
    with pytest.raises(RequestDataTooBig):
        StrictJSONParser().parse(Untouched(), parser_context={"request": request})


def test_a_large_body_without_announced_length_is_refused() -> None:
    with pytest.raises(RequestDataTooBig):
        StrictJSONParser().parse(io.BytesIO(b" " * 2_000_000))
