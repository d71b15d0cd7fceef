"""Twenty runs at once, real threads on a real database: a dollar is a dollar."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from decimal import Decimal
from uuid import UUID

import pytest
from django.db import connection
from django.db.models import Sum
from django.db.models.functions import Coalesce

from agent.budget import most
from agent.models import AgentRun, ModelPrice, Reservation, RunState
from agent.providers.base import Reply, Request, Usage
from agent.running import execute
from tests.agent.models import reply
from tests.agent.world import think
from tests.orders.making import D, Desk

RUNS, CALLS = 20, 3
DOLLAR = D("1.00")


class Costly:
    """Costs every request the most it can, and looks at the till while it does: `seen` is (spent and set aside, open
    reservations) as other connections have committed them. The first two requests wait for each other."""

    name = "costly"

    def __init__(self) -> None:
        self._first_two, self._pair = threading.Semaphore(2), threading.Barrier(2)
        self.seen: list[tuple[Decimal, int]] = []

    def complete(self, request: Request, *, on_text: Callable[[str], None]) -> Reply:
        early = self._first_two.acquire(blocking=False)
        if early:
            self._pair.wait(30)
        rows = Reservation.objects.all()
        total = rows.aggregate(sum=Sum(Coalesce("settled", "reserved")))["sum"]
        self.seen.append((total, rows.filter(settled=None).count()))
        if early:
            self._pair.wait(30)
        calls = [("get_quotes", {"symbols": ["AAPL"]})]
        answer = reply(calls if len(request.turns) < 2 * CALLS else [("submit_report", {"summary": "Done."})])
        usage = Usage(input=request.size_in_bytes(), output=request.max_output_tokens)
        return Reply(turn=answer.turn, stop=answer.stop, usage=usage)


@pytest.mark.django_db(transaction=True)
def test_twenty_runs_in_parallel_never_exceed_a_dollar_by_a_cent(desk: Desk, at: datetime) -> None:
    think(desk, at, mode="report", dollars_per_run=D(1), dollars_per_day=DOLLAR, dollars_per_month=D(100))
    together = threading.Barrier(RUNS)
    runs = [
        AgentRun.objects.create(
            user=desk.user, portfolio=desk.portfolio, trigger="manual", mode="report", provider="compatible",
            model="scripted", created_at=at,
        ).pk
        for _ in range(RUNS)
    ]  # fmt: skip
    model = Costly()

    def work(run_id: UUID) -> None:
        together.wait(30)
        try:
            assert execute(run_id, clock=lambda: at, provider=model, sleep=lambda _: None)
        finally:
            connection.close()

    with ThreadPoolExecutor(RUNS) as pool:
        list(pool.map(work, runs))

    spent = Reservation.objects.aggregate(sum=Sum("settled"))["sum"]
    largest = Reservation.objects.order_by("-reserved").values_list("reserved", flat=True)[0]
    assert not Reservation.objects.filter(settled=None).exists()
    assert max(total for total, _ in model.seen) <= DOLLAR, "set aside beyond the budget"
    assert DOLLAR - largest < spent <= DOLLAR, "and the budget is used up to the last request that fits"
    assert max(count for _, count in model.seen) > 1, "requests were under way side by side"
    states = list(AgentRun.objects.filter(pk__in=runs).values_list("state", "reason_code"))
    assert (RunState.STOPPED, "BUDGET_DAY") in states
    assert all(run.report is not None for run in AgentRun.objects.filter(pk__in=runs))
    assert spent == AgentRun.objects.aggregate(sum=Sum("cost"))["sum"]


def test_what_is_set_aside_covers_the_dearest_answer() -> None:
    price = ModelPrice(input=D(3), output=D(15), cache_read=D("0.3"), cache_write=D("3.75"))
    request = Request(model="m", system="é" * 100, turns=(), max_output_tokens=1000)
    assert most(request, price) >= (D(3) * 200 + D(15) * 1000) / 10**6
    assert most(request, price) >= (D("3.75") * request.size_in_bytes() + D(15) * 1000) / 10**6
