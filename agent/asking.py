"""One question to the model: within the budget, retried while that can help, every try paid for."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal

from agent import budget
from agent.limits import Meter
from agent.models import AgentRun, AgentStep, ModelPrice
from agent.providers.base import Provider, ProviderError, Reply, Request
from agent.steps import Recorder

log = logging.getLogger(__name__)
LONGEST_WAIT = 20.0  # seconds; a provider that wants more is given up for this run
TEXT_EVERY = 0.5  # seconds between pieces of streamed text


@dataclass
class Asker:
    """What asking takes. `sleep` and `clock` are arguments so that tests do not wait."""

    run: AgentRun
    provider: Provider
    price: ModelPrice
    meter: Meter
    recorder: Recorder
    clock: Callable[[], datetime]
    sleep: Callable[[float], None] = time.sleep
    cost: Decimal = Decimal(0)

    def ask(self, request: Request, *, turn: bool = True) -> Reply:
        """The model's answer. Raises ProviderError when no try was answered, BudgetExhausted, LimitReached.

        `turn`: it is one of the run's conversation, and counts as such; every request counts as a request.
        """
        waits = 0
        while True:
            try:
                reply = self._once(request)
            except ProviderError as error:
                if error.code == "BAD_REQUEST" and request.force_tool:
                    # Models that always think cannot be made to call a tool; told to, they do.
                    request = replace(request, force_tool=None)
                    self.recorder.add(AgentStep.Kind.RETRY, name=error.code, text="Asking again without force.")
                    continue
                waits += 1
                wait = error.retry_after if error.retry_after is not None else 2.0 ** (waits - 1)
                if not error.retryable or wait > min(LONGEST_WAIT, self.meter.seconds_left(self.clock())):
                    raise
                self.recorder.add(
                    AgentStep.Kind.RETRY, name=error.code, text=f"{error.detail} Trying again in {wait:.0f} s."
                )
                self.sleep(wait)
            else:
                self.meter.turns += turn
                return reply

    def _once(self, request: Request) -> Reply:
        now = self.clock()
        self.meter.before_call(now)
        reservation = budget.reserve(run=self.run, amount=budget.most(request, self.price), now=now)
        self.meter.calls += 1
        began = time.monotonic()
        try:
            reply = self.provider.complete(request, on_text=self._streamed())
        except ProviderError as error:
            # What nobody billed is given back; what may have been billed counts as it was reserved.
            self.cost += budget.settle(reservation, spent=reservation.reserved if error.billed else Decimal(0))
            raise
        except BaseException:  # a fault of ours, or the worker is told to stop: nobody will ever say what it cost
            log.exception("a request of agent run %s broke off; it is counted as reserved", self.run.pk)
            self.cost += budget.settle(reservation, spent=reservation.reserved)
            raise
        spent = budget.settle(reservation, spent=budget.cost(reply.usage, self.price))
        self.cost += spent
        self.meter.usage = self.meter.usage + reply.usage
        self.recorder.add(
            AgentStep.Kind.MODEL,
            name=reply.model or request.model,
            text=reply.turn.text,
            result={
                "stop": reply.stop.value,
                "calls": [
                    {"name": call.name, "arguments": call.raw if call.arguments is None else dict(call.arguments)}
                    for call in reply.turn.calls
                ],
            },
            tokens_in=reply.usage.input + reply.usage.cache_read + reply.usage.cache_write,
            tokens_out=reply.usage.output,
            cost=spent,
            milliseconds=int((time.monotonic() - began) * 1000),
        )
        return reply

    def _streamed(self) -> Callable[[str], None]:
        """Collects pieces and passes them on twice a second."""
        pieces: list[str] = []
        last = time.monotonic()

        def take(piece: str) -> None:
            nonlocal last
            pieces.append(piece)
            if time.monotonic() - last >= TEXT_EVERY:
                self.recorder.say("".join(pieces))
                pieces.clear()
                last = time.monotonic()

        return take
