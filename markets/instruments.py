"""Finding instruments by symbol, by name, or by what people call them."""

from __future__ import annotations

from django.db.models import Case, IntegerField, Q, QuerySet, Value, When

from common.errors import NotFound
from markets.models import Instrument


def by_symbol(symbol: str) -> Instrument:
    """The instrument with this symbol in any case. Raises NotFound."""
    wanted = symbol.strip().upper()
    instrument = Instrument.objects.filter(pk=wanted).select_related("exchange").first()
    if instrument is None:
        raise NotFound(f"There is no instrument {symbol!r}: look it up with /api/markets/instruments/?search=.")
    return instrument


def named(text: str) -> Instrument | None:
    """The one active instrument whose symbol, alias or full name is exactly `text` in any case; None if none or many.

    For sentences: "facebook" -> META, "Apple" -> AAPL.
    """
    word = text.strip()
    found = Instrument.objects.filter(active=True)
    exact = found.filter(pk=word.upper()).first()
    if exact:
        return exact
    matches = list(found.filter(Q(aliases__contains=[word.lower()]) | Q(name__iexact=word))[:2])
    return matches[0] if len(matches) == 1 else None


def search(text: str) -> QuerySet[Instrument]:
    """Active instruments matching `text`, best first: symbol, alias, start of symbol or name, anywhere in the name.

    An empty text lists all.
    """
    word = text.strip()
    instruments = Instrument.objects.filter(active=True).select_related("exchange")
    if not word:
        return instruments.order_by("symbol")
    alias = Q(aliases__contains=[word.lower()])
    begins = Q(symbol__istartswith=word) | Q(name__istartswith=word)
    rank = Case(
        When(symbol__iexact=word, then=Value(0)),
        When(alias, then=Value(1)),
        When(begins, then=Value(2)),
        default=Value(3),
        output_field=IntegerField(),
    )
    return instruments.filter(alias | begins | Q(name__icontains=word)).annotate(rank=rank).order_by("rank", "symbol")
