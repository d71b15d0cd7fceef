"""The portfolio's tabs that only show: holdings, lots, ledger, performance, risk."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.http import HttpResponse
from django.utils.text import slugify
from django.views.decorators.http import require_GET

from common.clock import now
from common.errors import InvalidInput
from dashboard.doors import UserRequest, page, show
from dashboard.selectors.books import MOST_EXPORTED, entries_of, ledger_page, lot_page
from dashboard.selectors.holding import CLASSES, allocation, goals_of, position_rows
from dashboard.selectors.performing import performance_tab, risk_tab
from dashboard.selectors.protecting import protection_rows
from dashboard.selectors.trading import portfolio_of, worth
from markets.models import Instrument
from portfolios.exporting import as_csv
from portfolios.measuring.periods import ALL, STARTS
from portfolios.models import Portfolio
from portfolios.performance.benchmarks import DEFAULT, benchmark_symbol

Build = Callable[[Portfolio], dict[str, Any]]
LEAST_RATE, MOST_RATE = -0.5, 1.0


def tab(
    request: UserRequest, name: str, build: Build, *, template: str = "", status: int = 200, **extra: Any
) -> HttpResponse:
    """One tab of the chosen portfolio; without any, the page that says so."""
    chosen = portfolio_of(request.user, request.GET.get("portfolio", ""))
    context: dict[str, Any] = {"portfolio": chosen, "tab": name, **extra}
    if chosen:
        context |= build(chosen)
    picked = request.GET.get("portfolio", "")
    context["which"] = f"?portfolio={picked}" if picked and chosen else ""
    return show(request, f"dashboard/portfolio/{template or name}.html", context, active="portfolio", status=status)


@require_GET
@page
def holdings(request: UserRequest) -> HttpResponse:
    at = now()
    sort, by = request.GET.get("sort", "value"), request.GET.get("by", "")

    def build(portfolio: Portfolio) -> dict[str, Any]:
        context = worth(portfolio, now=at)
        valuation = context["valuation"]
        context |= protection_rows(portfolio, valuation, now=at)
        rows = position_rows(context["holdings"], context["protections"], sort=sort, now=at)
        classes = (
            {row.holding.symbol: row.asset_class or CLASSES["us_equity"] for row in rows} if by == "class" else None
        )
        context |= {"positions": rows, "sort": sort, "by": by}
        return context | allocation(valuation, goals_of(portfolio, now=at), classes)

    return tab(request, "holdings", build)


@require_GET
@page
def lots(request: UserRequest) -> HttpResponse:
    filters = request.GET.dict()
    return tab(
        request,
        "lots",
        lambda portfolio: lot_page(portfolio, filters, filters.get("page", "1"), now=now()),
        filters=filters,
    )


@require_GET
@page
def ledger(request: UserRequest) -> HttpResponse:
    filters = request.GET.dict()
    return tab(
        request, "ledger", lambda portfolio: ledger_page(portfolio, filters, filters.get("page", "1")), filters=filters
    )


@require_GET
@page
def ledger_file(request: UserRequest) -> HttpResponse:
    """The filtered ledger in the format that can be imported again."""
    portfolio = portfolio_of(request.user, request.GET.get("portfolio", ""))
    entries = entries_of(portfolio, request.GET.dict())[0][:MOST_EXPORTED] if portfolio else []
    name = slugify(portfolio.name) if portfolio else ""
    headers = {"Content-Disposition": f'attachment; filename="{name or "portfolio"}-ledger-{now():%Y-%m-%d}.csv"'}
    return HttpResponse(as_csv(entries), content_type="text/csv; charset=utf-8", headers=headers)


@require_GET
@page
def performance(request: UserRequest) -> HttpResponse:
    period = request.GET.get("period", ALL)
    wrong: dict[str, str] = {}
    benchmark, rate = _benchmark(request, wrong), _rate(request, wrong)
    return tab(
        request,
        "performance",
        lambda portfolio: performance_tab(
            portfolio, period=period if period in STARTS else ALL, benchmark=benchmark, risk_free=rate, now=now()
        ),
        wrong=wrong,
        symbols=_symbols(),
        asked=request.GET,
    )


@require_GET
@page
def risk(request: UserRequest) -> HttpResponse:
    wrong: dict[str, str] = {}
    benchmark = _benchmark(request, wrong)
    return tab(
        request,
        "risk",
        lambda portfolio: risk_tab(portfolio, benchmark=benchmark, now=now()),
        wrong=wrong,
        symbols=_symbols(),
        asked=request.GET,
    )


def _benchmark(request: UserRequest, wrong: dict[str, str]) -> str:
    try:
        return benchmark_symbol(request.GET.get("benchmark", ""))
    except InvalidInput as error:
        wrong["benchmark"] = " ".join(error.errors["benchmark"])
        return DEFAULT


def _rate(request: UserRequest, wrong: dict[str, str]) -> float:
    """A percentage a year; 0 for nothing."""
    text = request.GET.get("risk_free", "").strip()
    try:
        rate = float(text.replace(",", ".") or 0) / 100
    except ValueError:
        rate = MOST_RATE + 1
    if not LEAST_RATE <= rate <= MOST_RATE:  # also what is not a number
        wrong["risk_free"] = f"{text!r} is no rate: give percent a year, from -50 to 100, e.g. 4."
        return 0.0
    return rate


def _symbols() -> list[str]:
    """Suggested benchmarks."""
    return list(Instrument.objects.filter(active=True).order_by("symbol").values_list("symbol", flat=True)[:300])
