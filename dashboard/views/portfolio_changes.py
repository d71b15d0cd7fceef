"""What changes a portfolio: importing a history, paying in and out, names, opening another; and proposing weights."""

from __future__ import annotations

from typing import Any
from urllib.parse import quote
from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from common.clock import now
from common.errors import Conflict, InvalidInput
from common.money import HUNDRED, dollars
from dashboard.doors import UserRequest, attempt, page, show
from dashboard.drawing import ring, tones_of
from dashboard.portfolio_forms import HistoryForm, NameForm, OpeningForm, TransferForm, WeightsForm
from dashboard.selectors.actions import symbols_to_offer
from dashboard.selectors.books import transfers_of
from dashboard.selectors.frame import portfolios_of
from dashboard.selectors.trading import portfolio_of
from dashboard.views.portfolio import tab
from markets.importing import BadFile
from orders.opening import open_paper_portfolio
from portfolios.changing import make_primary, rename
from portfolios.importing.booking import import_history
from portfolios.importing.formats.registry import FORMATS
from portfolios.models import Portfolio
from portfolios.optimising.proposing import propose, target_weights
from portfolios.transferring import transfer
from portfolios.valuing import value_all

SHOWN = 200  # bookings and mistakes listed


def _back(name: str, request: UserRequest) -> HttpResponse:
    chosen = request.GET.get("portfolio", "")
    return redirect(reverse(name) + (f"?portfolio={quote(chosen)}" if chosen else ""))


@require_http_methods(["GET", "POST"])
@page
def history(request: UserRequest) -> HttpResponse:
    """Import in two steps: what would be booked, then booking it."""
    context: dict[str, Any] = {"form": HistoryForm(), "formats": FORMATS}
    portfolio = portfolio_of(request.user, request.GET.get("portfolio", ""))
    if request.method == "POST" and portfolio is not None:
        context |= _imported(request, portfolio)
        if context.get("done"):
            report = context["report"]
            messages.success(
                request,
                f"{len(report.booked)} {'entry was' if len(report.booked) == 1 else 'entries were'} booked."
                f" Cash is {dollars(report.cash)} now.",
            )
            return _back("dashboard:portfolio-ledger", request)
    failed = "mistakes" in context or bool(context["form"].errors)
    return tab(request, "import", lambda portfolio: {}, status=422 if failed else 200, **context)


def _imported(request: UserRequest, portfolio: Portfolio) -> dict[str, Any]:
    """The report of a dry run, or of the import if it was confirmed; or what is wrong."""
    form = HistoryForm(request.POST, request.FILES)
    confirmed = "confirm" in request.POST
    try:
        text = form.content()
        report = import_history(
            portfolio=portfolio,
            text=text,
            now=now(),
            format=form.cleaned_data["format"],
            dry_run=not confirmed,
            allow_negative_cash=form.cleaned_data["allow_negative_cash"],
        )
    except BadFile as bad:
        return {"form": form, "mistakes": bad.mistakes[:SHOWN], "more_mistakes": max(0, len(bad.mistakes) - SHOWN)}
    except InvalidInput as bad:
        if form.is_bound and not form.errors:
            form.blame(bad)
        return {"form": form}
    except Conflict as conflict:
        form.add_error(None, conflict.detail)
        return {"form": form}
    return {
        "form": form,
        "report": report,
        "bookings": report.booked[:SHOWN],
        "more_bookings": max(0, len(report.booked) - SHOWN),
        "format_title": FORMATS[report.format].title,
        "text": text,
        "done": confirmed,
    }


@require_http_methods(["GET", "POST"])
@page
def transfers(request: UserRequest) -> HttpResponse:
    """Deposits and withdrawals."""
    form = TransferForm(request.POST or None)
    portfolio = portfolio_of(request.user, request.GET.get("portfolio", ""))
    if request.method == "POST" and portfolio is not None and form.is_valid():
        given = form.cleaned_data
        try:
            transfer(
                portfolio=portfolio,
                kind=given["kind"],
                amount=given["amount"],
                note=given["note"],
                source_id=str(given["once"]),
                now=now(),
            )
        except InvalidInput as error:
            form.blame(error)
        except Conflict as error:
            form.add_error("amount" if error.code == "not_enough_cash" else None, error.detail)
        else:
            verb = "paid in" if given["kind"] == "deposit" else "taken out"
            messages.success(request, f"{dollars(given['amount'])} {verb}. Cash is {dollars(portfolio.cash)} now.")
            return _back("dashboard:portfolio-transfers", request)
    return tab(
        request,
        "transfers",
        lambda found: {"transfers": transfers_of(found)},
        status=422 if form.errors else 200,
        form=form,
    )


@require_http_methods(["GET", "POST"])
@page
def portfolios(request: UserRequest) -> HttpResponse:
    """All of them: what each is worth, its name, which comes first; and opening another."""
    form = OpeningForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        given = form.cleaned_data
        try:
            opened = open_paper_portfolio(user=request.user, name=given["name"], cash=given["cash"], now=now())
        except InvalidInput as error:
            form.blame(error)
        except Conflict as error:
            form.add_error("name", error.detail)
        else:
            messages.success(request, f"{opened.name} is open, on paper, with {dollars(given['cash'])}.")
            return redirect("dashboard:portfolios")
    found = portfolios_of(request.user)
    valuations = value_all(found, now=now()) if found else {}
    rows = [{"portfolio": one, "valuation": valuations[one.pk]} for one in found]
    context = {"rows": rows, "form": form, "tab": "portfolios", "portfolio": found[0] if found else None}
    status = 422 if form.errors else 200
    return show(request, "dashboard/portfolio/portfolios.html", context, active="portfolio", status=status)


@require_POST
@page
def portfolio_rename(request: UserRequest, portfolio_id: UUID) -> HttpResponse:
    name = NameForm(request.POST).data.get("name", "")
    attempt(request, "Renamed.", lambda: rename(user=request.user, portfolio_id=portfolio_id, name=name))
    return redirect("dashboard:portfolios")


@require_POST
@page
def portfolio_primary(request: UserRequest, portfolio_id: UUID) -> HttpResponse:
    attempt(
        request,
        "This portfolio comes first now: pages open with it, and new rules take it unless told otherwise.",
        lambda: make_primary(user=request.user, portfolio_id=portfolio_id),
    )
    return redirect("dashboard:portfolios")


@require_GET
@page
def weights(request: UserRequest) -> HttpResponse:
    """Propose weights for symbols: nothing is stored and nothing is ordered."""
    portfolio = portfolio_of(request.user, request.GET.get("portfolio", ""))
    context: dict[str, Any] = {"offered": symbols_to_offer()}
    if "symbols" in request.GET:
        form = context["form"] = WeightsForm(request.GET)
        if form.is_valid():
            try:
                context |= _proposed(form, portfolio)
            except InvalidInput as error:
                form.blame(error, form.BLAMED)
    else:
        held = portfolio.holdings.filter(quantity__gt=0).order_by("instrument") if portfolio else None
        symbols = ", ".join(held.values_list("instrument", flat=True)[:50]) if held is not None else ""
        context["form"] = WeightsForm(initial={"symbols": symbols})
    return tab(request, "weights", lambda found: {}, status=422 if context["form"].errors else 200, **context)


def _proposed(form: WeightsForm, portfolio: Portfolio | None) -> dict[str, Any]:
    found = propose(form.ask(), portfolio=portfolio, now=now())
    rows = sorted(found.weights, key=lambda one: -one.weight)
    tones = tones_of(one.symbol for one in rows)
    chosen = target_weights(found)
    return {
        "proposal": found,
        "proposed": [
            {
                "symbol": one.symbol,
                "tone": tones[one.symbol],
                "weight": one.weight * HUNDRED,
                "now": None if one.now is None else 100 * one.now,
                "gained": 100 * one.expected_return,
                "volatility": 100 * one.volatility,
                "risk_share": 100 * one.risk_share,
            }
            for one in rows
        ],
        "promises": [
            {
                "label": label,
                "gained": 100 * promise.expected_return,
                "volatility": 100 * promise.volatility,
                "sharpe": promise.sharpe,
            }
            for label, promise in (
                ("Proposed", found.promise),
                ("Equal weights", found.equal_weight),
                ("What you hold of these", found.current),
            )
            if promise is not None
        ],
        "ring": ring([(one.symbol, one.weight * HUNDRED) for one in rows], tones),
        "goal_weights": quote(",".join(f"{symbol}:{weight}" for symbol, weight in chosen.items()), safe=":,"),
    }
