"""Strategies: the list, the form, one strategy with its ladder."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from automation.backtest import running as backtest_running
from automation.backtest import subjects
from automation.promotion import EvidenceNeeded
from automation.strategies import lifecycle, running
from automation.strategies.drafting import symbols_of
from automation.strategies.evidence import evidence_of
from automation.strategies.models import Strategy, StrategyMode, StrategyRun
from automation.strategies.registry import STRATEGIES
from common.clock import now
from common.enqueue import nudge
from common.errors import Conflict, InvalidInput
from dashboard.clock_form import ZONES
from dashboard.doors import UserRequest, actor, attempt, back, page, show
from dashboard.selectors.actions import symbols_to_offer
from dashboard.selectors.jobs import job_rows, scheduler_of
from dashboard.selectors.strategies import kind_cards, ladder_of, needs_of, portfolios_of, strategy_rows
from dashboard.selectors.strategy_detail import (
    chart_of,
    checks_of,
    details_of,
    settings_of,
    signal_page,
    standing_rows,
)
from dashboard.strategy_form import StrategyForm

ACTIVE = "strategies"
CHANGED = {
    StrategyMode.MONITOR.value: "It only records now, and trades in shadow.",
    StrategyMode.ALERT.value: "It tells you now, and orders nothing.",
    StrategyMode.AUTO_TRADE.value: "It trades on its own now, through the safety gate.",
}


@require_GET
@page
def strategies(request: UserRequest) -> HttpResponse:
    """Strategies, and the jobs below them."""
    at = now()
    context = {
        "rows": strategy_rows(request.user, now=at),
        "jobs": job_rows(request.user, now=at),
        "scheduler": scheduler_of(request.user, now=at),
    }
    return show(request, "dashboard/strategies/list.html", context, active=ACTIVE)


@require_http_methods(["GET", "POST"])
@page
def new(request: UserRequest) -> HttpResponse:
    """First the kind, from cards; then its form. It begins by only watching."""
    kind = STRATEGIES.get(request.GET.get("type", ""))
    if kind is None:
        return show(request, "dashboard/strategies/kinds.html", {"kinds": kind_cards()}, active=ACTIVE)
    form = StrategyForm(kind, request.POST or None, portfolios=portfolios_of(request.user))
    if request.method == "POST":
        try:
            if "try" in request.POST:
                return _try_first(request, form)
            made = lifecycle.create_strategy(
                user=request.user, data=form.as_data(), now=now(), actor=actor(request.user)
            )
        except InvalidInput as error:
            form.blame(error)
            return _form(request, form, status=422)
        except Conflict as error:
            messages.error(request, error.detail)
            return _form(request, form, status=409)
        messages.success(request, f"{made.name} is made. It runs at its next bar; run it now to see what it says.")
        return redirect("dashboard:strategy", made.pk)
    return _form(request, form)


def _try_first(request: UserRequest, form: StrategyForm) -> HttpResponse:
    """A backtest of what is typed, before anything is kept."""
    data = form.as_data()
    data.pop("mode", None)
    subject = subjects.unsaved_strategy(request.user, data)
    run = backtest_running.ask(user=request.user, subject=subject, data={}, now=now())
    return redirect("dashboard:backtest", run.pk)


@require_http_methods(["GET", "POST"])
@page
def edit(request: UserRequest, strategy_id: UUID) -> HttpResponse:
    found = lifecycle.strategy_of(request.user, strategy_id)
    kind = STRATEGIES[found.strategy_type]
    form = StrategyForm(kind, request.POST or None, portfolios=portfolios_of(request.user), strategy=found)
    if request.method == "POST":
        try:
            edited = lifecycle.update_strategy(
                user=request.user, strategy_id=found.pk, changes=form.as_data(), now=now(), actor=actor(request.user)
            )
        except InvalidInput as error:
            form.blame(error)
            return _form(request, form, status=422)
        except EvidenceNeeded:
            why = "This makes another strategy of it, which has shown nothing yet: say why it is to trade all the same."
            form.blame(InvalidInput({"override": why}))
            return _form(request, form, status=409)
        except Conflict as error:
            messages.error(request, error.detail)
            return _form(request, form, status=409)
        again = " Its signals and evidence begin anew." if edited.epoch != found.epoch else ""
        messages.success(request, f"Saved.{again}")
        return redirect("dashboard:strategy", found.pk)
    return _form(request, form)


def _form(request: UserRequest, form: StrategyForm, *, status: int = 200) -> HttpResponse:
    context = {
        "form": form, "kind": form.kind, "needs": needs_of(form.kind), "strategy": form.strategy,
        "symbols": symbols_to_offer(), "zones": ZONES,
    }  # fmt: skip
    return show(request, "dashboard/strategies/form.html", context, active=ACTIVE, status=status)


@require_GET
@page
def strategy(request: UserRequest, strategy_id: UUID) -> HttpResponse:
    """The ladder with its evidence, signals, positions, runs."""
    at = now()
    found = lifecycle.strategy_of(request.user, strategy_id)
    evidence = evidence_of(found, now=at)
    symbols = symbols_of(found)
    asked = request.GET.get("symbol", "").upper()
    charted = asked if asked in symbols else symbols[0]
    kind = STRATEGIES[found.strategy_type]
    context: dict[str, Any] = {
        "strategy": found,
        "kind": kind,
        "sentence": kind.sentence(found.params, symbols),
        "ladder": ladder_of(found.mode),
        "evidence": evidence,
        "checks": checks_of(evidence),
        "standings": standing_rows(found, now=at),
        "symbols": symbols,
        "charted": charted,
        "chart": chart_of(found, charted, now=at),
        "rows": signal_page(found, asked if asked in symbols else "", request.GET.get("page", "1")),
        "settings": settings_of(found),
        **details_of(found, now=at),
    }
    return show(request, "dashboard/strategies/detail.html", context, active=ACTIVE)


@require_POST
@page
def mode(request: UserRequest, strategy_id: UUID) -> HttpResponse:
    """Up or down the ladder; to auto-trade with a reason where the evidence is thin."""
    wanted = request.POST.get("mode", "")
    changes: dict[str, Any] = {"mode": wanted}
    if reason := request.POST.get("override", "").strip():
        changes["override"] = reason
    user = request.user

    def climb() -> Strategy:
        try:
            return lifecycle.update_strategy(
                user=user, strategy_id=strategy_id, changes=changes, now=now(), actor=actor(user)
            )
        except EvidenceNeeded as needed:
            why = " ".join(lack.message for lack in needed.evidence.lacks)
            raise Conflict(f"Not changed: the evidence is thin. {why} Give your reason beside the evidence.") from None

    attempt(request, CHANGED.get(wanted, "Changed."), climb)
    return redirect("dashboard:strategy", strategy_id)


@require_POST
@page
def do(request: UserRequest, strategy_id: UUID, verb: str) -> HttpResponse:
    """Run it now, switch it off and on, delete it."""
    if verb == "run":
        _run(request, strategy_id)
    elif verb == "delete":
        gone = attempt(
            request,
            "Deleted. What it bought stays in the portfolio, and its history is kept.",
            lambda: lifecycle.delete_strategy(
                user=request.user, strategy_id=strategy_id, now=now(), actor=actor(request.user)
            ),
        )
        if gone:
            return redirect("dashboard:strategies")
    else:
        on = verb == "resume"
        attempt(
            request,
            "It runs again, from its next bar on." if on else "Paused: it neither looks nor trades until resumed.",
            lambda: lifecycle.update_strategy(
                user=request.user, strategy_id=strategy_id, changes={"enabled": on}, now=now(),
                actor=actor(request.user),
            ),
        )  # fmt: skip
    return back(request, "dashboard:strategy", strategy_id=strategy_id)


def _run(request: UserRequest, strategy_id: UUID) -> None:
    """Judge the newest closed bar, and say what came of it."""
    runs: list[StrategyRun] = []
    found = lifecycle.strategy_of(request.user, strategy_id)
    at = now()

    def judge() -> None:
        run = running.run(found, at, cause=running.Cause.MANUAL)
        if run is None:
            raise Conflict("No bar has closed yet, or it is running this moment: try again in a while.")
        runs.append(run)

    if not attempt(request, None, judge):
        return
    (run,) = runs
    nudge("automation.act_strategies", queue="trading")
    if run.at < at:
        messages.info(request, "Its newest bar was judged already: nothing new until the next one closes.")
    elif run.unknown and not run.known:
        messages.warning(request, f"It ran, but knows none of its symbols. {run.note}")
    else:
        some = f"{run.changed} of its {run.known + run.unknown} symbols changed"
        messages.success(request, f"It ran: {some if run.changed else 'nothing changed'}.")
