"""Many rows in one statement, each column as one array literal.

Django's own bulk insert adapts every element on its own: the verdicts of 100 orders cost it 300 ms, these 15 ms.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from functools import lru_cache
from typing import Any

from django.db import connection
from django.db.models import BigAutoField, Field, JSONField, Model


def insert(model: type[Model], rows: Sequence[Model]) -> None:
    """Insert rows that carry every value, except a generated key."""
    names = [field.attname for field in _written(model)]
    insert_columns(model, {name: [getattr(row, name) for row in rows] for name in names})


def insert_new(model: type[Model], rows: Sequence[Model]) -> set[Any]:
    """Insert rows that carry every value and their own key; those that a unique constraint refuses are left out.

    Returns the keys of the rows inserted.
    """
    if not rows:
        return set()
    statement, fields = _insert(model)
    key = quoted(column(model, str(model._meta.pk.name)))
    values = [array(field, [getattr(row, field.attname) for row in rows]) for field in fields]
    with connection.cursor() as cursor:
        cursor.execute(f"{statement} ON CONFLICT DO NOTHING RETURNING {key}", values)
        return {found for (found,) in cursor.fetchall()}


def insert_columns(model: type[Model], values: Mapping[str, Sequence[Any]]) -> None:
    """Insert rows given by column: `values` has every column's values under the attribute's name.

    Making model instances only to insert them costs more than the insert.
    """
    statement, fields = _insert(model)
    if values[fields[0].attname]:
        with connection.cursor() as cursor:
            cursor.execute(statement, [array(field, values[field.attname]) for field in fields])


@lru_cache(maxsize=16)
def _insert(model: type[Model]) -> tuple[str, tuple[Field[Any, Any], ...]]:
    fields = _written(model)
    names = ", ".join(quoted(field) for field in fields)
    arrays = ", ".join(cast_to_array(field) for field in fields)
    return f"INSERT INTO {model._meta.db_table} ({names}) SELECT * FROM unnest({arrays})", fields


def _written(model: type[Model]) -> tuple[Field[Any, Any], ...]:
    """Every column but a key that the database makes."""
    return tuple(field for field in model._meta.concrete_fields if not isinstance(field, BigAutoField))


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
        return texts(json.dumps(value, cls=field.encoder) for value in values)
    return texts(values)


def texts(values: Iterable[Any]) -> str:
    """`{"a",NULL,"1.5"}`: every element quoted, which every type accepts."""
    return "{" + ",".join(["NULL" if value is None else _quote(value) for value in values]) + "}"


def _quote(value: Any) -> str:
    text = str(value)
    if '"' in text or "\\" in text:
        text = text.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{text}"'
