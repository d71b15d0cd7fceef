"""Many rows in one statement, each column as one array literal.

Django's own bulk insert adapts every element on its own: the verdicts of 100 orders cost it 300 ms, these 15 ms.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from functools import lru_cache
from typing import Any

from django.db import connection
from django.db.models import Field, JSONField, Model


def insert(model: type[Model], rows: Sequence[Model]) -> None:
    """Insert rows that carry every value, except a generated key."""
    if not rows:
        return
    statement, fields = _insert(model)
    with connection.cursor() as cursor:
        cursor.execute(statement, [array(field, (getattr(row, field.attname) for row in rows)) for field in fields])


@lru_cache(maxsize=16)
def _insert(model: type[Model]) -> tuple[str, tuple[Field[Any, Any], ...]]:
    fields = tuple(
        f for f in model._meta.concrete_fields if not (f.primary_key and f.get_internal_type() == "BigAutoField")
    )
    names = ", ".join(quoted(field) for field in fields)
    arrays = ", ".join(cast_to_array(field) for field in fields)
    return f"INSERT INTO {model._meta.db_table} ({names}) SELECT * FROM unnest({arrays})", fields


def column(model: type[Model], name: str) -> Field[Any, Any]:
    """A field that is a column."""
    field = model._meta.get_field(name)
    if not isinstance(field, Field):
        raise TypeError(f"{model.__name__}.{name} is not a column")
    return field


def quoted(field: Field[Any, Any]) -> str:
    """The column's name in SQL."""
    return connection.ops.quote_name(str(field.column))


def cast_to_array(field: Field[Any, Any]) -> str:
    """The placeholder of a column's values."""
    kind = str(field.rel_db_type(connection) if field.is_relation else field.db_type(connection))
    # A cast to varchar(20) would cut a longer text silently; as text it meets the column's own limit.
    return f"%s::{'text' if kind.startswith('varchar') else kind.removesuffix(' CHECK')}[]"


def array(field: Field[Any, Any], values: Iterable[Any]) -> str:
    """A PostgreSQL array literal of any type whose text form PostgreSQL reads."""
    if isinstance(field, JSONField):
        return texts(json.dumps(value) for value in values)
    return texts(values)


def texts(values: Iterable[Any]) -> str:
    """`{"a",NULL,"1.5"}`: every element quoted, which every type accepts."""
    return "{" + ",".join(["NULL" if value is None else _quote(value) for value in values]) + "}"


def _quote(value: Any) -> str:
    text = str(value)
    if '"' in text or "\\" in text:
        text = text.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{text}"'
