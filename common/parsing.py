"""A JSON parser that accepts JSON (RFC 8259) and nothing more."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from typing import IO, Any

from django.conf import settings
from django.core.exceptions import RequestDataTooBig
from rest_framework.exceptions import ParseError
from rest_framework.parsers import BaseParser
from rest_framework.renderers import JSONRenderer


class StrictJSONParser(BaseParser):
    """Refuses with 400: what is not JSON (naming line and column), NaN and Infinity (Python's own parser takes them),
    numbers too large for a float, a name given twice, text PostgreSQL cannot store. Refuses more than 1 MB with 413.
    """

    media_type = "application/json"
    renderer_class = JSONRenderer

    def parse(
        self, stream: IO[Any], media_type: str | None = None, parser_context: Mapping[str, Any] | None = None
    ) -> Any:
        return loads(read_body(stream, parser_context or {}))


def read_body(stream: IO[Any], context: Mapping[str, Any]) -> bytes:
    """A request's body. Raises RequestDataTooBig (413) above 1 MB."""
    limit = settings.DATA_UPLOAD_MAX_MEMORY_SIZE
    request = context.get("request")
    announced = request.META.get("CONTENT_LENGTH") if request is not None else None
    if announced and announced.isdigit() and int(announced) > limit:
        raise RequestDataTooBig
    body = stream.read(limit + 1)  # a chunked body announces no length
    if len(body) > limit:
        raise RequestDataTooBig
    return body


def loads(body: bytes) -> Any:
    """The value of a JSON text. Raises ParseError (400) that says what is wrong and where."""
    try:
        value = json.loads(
            body.decode("utf-8"), parse_constant=_no_constant, parse_float=_finite, object_pairs_hook=_no_doubles
        )
    except json.JSONDecodeError as error:
        raise ParseError(
            f"The body is not JSON: {error.msg} at line {error.lineno}, column {error.colno}.", "malformed_json"
        ) from None
    except UnicodeDecodeError as error:
        raise ParseError(f"The body is not UTF-8: byte {error.start} cannot be decoded.", "malformed_json") from None
    except RecursionError:
        raise ParseError("The body is nested too deeply.", "malformed_json") from None
    except ValueError:  # Python refuses integers of more than 4300 digits
        raise ParseError("The body holds a number with too many digits.", "malformed_json") from None
    _check_text(value)
    return value


def _no_constant(name: str) -> Any:
    raise ParseError(f"{name} is not a JSON number: send a finite number, or leave the field out.", "not_finite")


def _finite(digits: str) -> float:
    number = float(digits)
    if math.isinf(number):
        raise ParseError(f"The number {digits[:40]} is too large.", "not_finite")
    return number


def _no_doubles(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    result: dict[str, Any] = {}
    for name, value in pairs:
        if name in result:
            raise ParseError(f"The name {name[:80]!r} appears twice in one object: send it once.", "duplicate_name")
        result[name] = value
    return result


def _check_text(value: Any) -> None:
    """Walk the parsed value and refuse what PostgreSQL cannot store in text or jsonb."""
    waiting = [value]
    while waiting:
        item = waiting.pop()
        if isinstance(item, str):
            if "\x00" in item or any("\ud800" <= character <= "\udfff" for character in item):
                raise ParseError(
                    "A text in the body holds a NUL character or half of a surrogate pair: remove it.", "bad_character"
                )
        elif isinstance(item, dict):
            waiting.extend(item)
            waiting.extend(item.values())
        elif isinstance(item, list):
            waiting.extend(item)
