"""Query parameters: a filter that does not exist is refused, because ignoring a typo would list everything."""

from __future__ import annotations

import difflib
from collections.abc import Collection
from datetime import UTC, datetime
from typing import Any

from django.db.models import QuerySet
from django_filters.rest_framework import DjangoFilterBackend, IsoDateTimeFilter
from rest_framework.exceptions import ValidationError
from rest_framework.filters import OrderingFilter
from rest_framework.request import Request

ALWAYS = frozenset({"page", "page_size", "ordering"})


class StrictFilters(DjangoFilterBackend):
    """django-filter that refuses unknown parameters (400). A view's `query_parameters` names those it reads itself."""

    def filter_queryset(self, request: Request, queryset: QuerySet[Any], view: Any) -> QuerySet[Any]:
        filterset_class = self.get_filterset_class(view, queryset)
        filters = set(filterset_class.base_filters) if filterset_class else set()
        refuse_unknown(request, filters | ALWAYS | set(getattr(view, "query_parameters", ())))
        return super().filter_queryset(request, queryset, view)


class StableOrdering(OrderingFilter):
    """Rows that tie are ordered by their key, so that no page repeats or leaves out one. Unknown fields: 400."""

    def get_ordering(self, request: Request, queryset: QuerySet[Any], view: Any) -> Any:
        given = request.query_params.get(self.ordering_param, "")
        known = [name for name, _ in self.get_valid_fields(queryset, view, {"request": request})]
        unknown = [name for name in given.split(",") if name and name.strip().lstrip("-") not in known]
        if unknown:
            raise ValidationError({self.ordering_param: [f"{unknown[0]!r}: order by {', '.join(known)}."]})
        ordering = super().get_ordering(request, queryset, view)
        return [*ordering, "-pk"] if given and ordering else ordering


class MomentFilter(IsoDateTimeFilter):
    """An ISO 8601 time, taken to UTC: PostgreSQL refuses offsets that ISO 8601 allows."""

    def filter(self, queryset: QuerySet[Any], value: datetime | None) -> QuerySet[Any]:
        try:
            moment = value.astimezone(UTC) if value else value
        except OverflowError:
            raise ValidationError({self.field_name: ["This time is outside the calendar."]}) from None
        return super().filter(queryset, moment)


def refuse_unknown(request: Request, known: Collection[str]) -> None:
    """Raise 400 for query parameters that are not in `known`, naming the nearest that is."""
    errors = {name: [_hint(name, known)] for name in request.query_params if name not in known}
    if errors:
        raise ValidationError(errors)


def _hint(name: str, known: Collection[str]) -> str:
    nearest = difflib.get_close_matches(name, known, n=1)
    suggestion = f" Did you mean {nearest[0]!r}?" if nearest else f" Known: {', '.join(sorted(known))}."
    return f"Unknown query parameter.{suggestion}"
