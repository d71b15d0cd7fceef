"""Read raw parameters by their schema, collecting one clear error per key. Plain Python."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from decimal import Decimal
from typing import Any

from automation.strategies.base import Parameter
from automation.triggers.base import BadParams
from automation.triggers.reading import Reader

Check = Callable[[Mapping[str, Any]], dict[str, str]]


def read(
    schema: Sequence[Parameter],
    raw: Mapping[str, Any],
    check: Check | None = None,
    *,
    what: str = "a parameter of this strategy",
) -> dict[str, Any]:
    """The parameters with every default filled in. `check` finds what is wrong between them, once each is well.

    Raises BadParams naming every key, value and fix.
    """
    reader = Reader(raw, what)
    params = {parameter.name: _value(reader, parameter) for parameter in schema}
    reader.done()
    errors = check(params) if check else {}
    if errors:
        raise BadParams(errors)
    return params


def _value(reader: Reader, parameter: Parameter) -> Any:
    name, default = parameter.name, parameter.default
    if parameter.kind == "integer":
        least, most = int(parameter.least or 0), int(parameter.most or 10_000)
        return reader.integer(name, default=int(default), at_least=least, at_most=most)
    if parameter.kind == "choice":
        return reader.choice(name, parameter.choices, default=str(default))
    if parameter.kind == "flag":
        return reader.flag(name, default=bool(default))
    return reader.decimal(
        name,
        default=str(default),
        above=_bound(parameter.above),
        at_least=_bound(parameter.least),
        at_most=_bound(parameter.most),
    )


def _bound(value: int | str | None) -> Decimal | None:
    return None if value is None else Decimal(value)
