"""A call of a rule's address: believed or not, the same as before or new, and then fired like any other trigger.

One transaction under the rule's lock, the same road as every firing: epoch, limits, conditions, group; the gate judges
the order later. The same call twice within five minutes is one call: a sender that repeats itself buys once.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from accounts import credentials
from accounts.secrets import hashed
from automation import arming, conditions, firing, grouping, trace_limits, tracing
from automation.conditions import Verdict
from automation.hooks import keeping, signing
from automation.models import Action, ActionExecution, ActionHook, ActionStatus, HookCall
from automation.trace_kinds import Kind
from common.errors import NotFound
from common.giving_way import gives_way
from common.ids import new_id

LARGEST = 16 * 1024  # bytes of a body
KEPT = 4_000  # characters of it
SHOWN = 300  # characters of it in the execution
RATE, RATE_WITHIN = 30, timedelta(minutes=1)
KEPT_FOR = timedelta(days=30)
FORGOTTEN_AT_ONCE = 10_000


@dataclass(frozen=True, kw_only=True)
class Call:
    """A request as it came."""

    token: str
    body: bytes
    stamp: str = ""
    given: str = ""  # the signature
    nonce: str = ""


@dataclass(frozen=True, kw_only=True)
class Answer:
    """What the caller is told: accepted, too often, or that there is nothing here."""

    found: bool
    too_often: bool = False


NOTHING_HERE = Answer(found=False)


@gives_way
def receive(call: Call, *, now: datetime) -> Answer:
    """Take a call. A wrong token and a wrong signature get the same answer; the owner sees the latter in the list."""
    action_id = ActionHook.objects.filter(token_hash=hashed(call.token)).values_list("action", flat=True).first()
    if action_id is None:
        return NOTHING_HERE
    locked = grouping.lock([action_id])
    action = locked.get(action_id)
    hook = ActionHook.objects.filter(action=action_id, token_hash=hashed(call.token)).first()
    if action is None or hook is None:  # deleted, or made anew, just now
        return NOTHING_HERE
    if HookCall.objects.filter(hook=hook, received_at__gt=now - RATE_WITHIN).count() >= RATE:
        return Answer(found=True, too_often=True)
    ActionHook.objects.filter(action=action_id).update(last_called_at=now)
    text = _text(call.body)
    row = HookCall(id=new_id(), hook=hook, received_at=now, body=text[:KEPT])
    problem = _signature_problem(action, hook, call, now)
    row.fingerprint = signing.fingerprint(nonce=call.nonce, stamp=call.stamp if hook.signed else "", body=call.body)
    if problem:
        _write(row, HookCall.Outcome.REFUSED, problem)
        return NOTHING_HERE
    believed = HookCall.objects.filter(hook=hook, received_at__gt=now - signing.WINDOW)
    if believed.filter(fingerprint=row.fingerprint).exclude(outcome=HookCall.Outcome.REFUSED).exists():
        return Answer(found=True)
    why_not = _in_the_way(action, text, now)
    if why_not:
        _write(row, HookCall.Outcome.NOT_FIRED, why_not)
        tracing.note(action, Kind.NOT_CALLED_FOR, f"its webhook was called, not fired: {why_not}", now=now)
        return Answer(found=True)
    _fire(action, row, grouping.Groups(locked.values()), now)
    return Answer(found=True)


def forget_old_calls(now: datetime) -> int:
    """Delete calls older than 30 days. Returns how many."""
    old = HookCall.objects.filter(received_at__lt=now - KEPT_FOR).values("pk")[:FORGOTTEN_AT_ONCE]
    return HookCall.objects.filter(pk__in=old).delete()[0]


def _signature_problem(action: Action, hook: ActionHook, call: Call, now: datetime) -> str:
    if not hook.signed:
        return ""
    try:
        key = keeping.signing_key_of(action)
    except (NotFound, credentials.Unreadable):
        return "the signing key cannot be read: make a new address"
    return signing.problem_with(key=key, stamp=call.stamp, given=call.given, body=call.body, now=now)


def _in_the_way(action: Action, text: str, now: datetime) -> str:
    """Why the rule does not stand behind a call; empty when it does."""
    if action.trigger_type != "webhook":
        return "the rule has another trigger now"
    if action.status != ActionStatus.ACTIVE:
        return f"the rule is {action.status}"
    if action.held_by is not None:
        return "another rule of its group is executing"
    if arming.used_up(action):
        return "the rule has had all its executions"
    if action.valid_from and now < action.valid_from:
        return "the rule's time has not begun"
    if action.valid_until and now > action.valid_until:
        return "the rule's time is over"
    cools_until = action.last_triggered_at and action.last_triggered_at + timedelta(seconds=action.cooldown_seconds)
    if cools_until and now < cools_until:
        return f"cooldown until {cools_until:%H:%M:%S} UTC"
    wanted = str(action.trigger_params["contains"])
    return "" if wanted.casefold() in text.casefold() else f"the message does not contain '{wanted}'"


def _fire(action: Action, row: HookCall, groups: grouping.Groups, now: datetime) -> None:
    verdict = conditions.check([action], now=now).get(action.id)
    # The caller's words under a name of their own: nothing that acts reads it.
    seen = {"hook_call": str(row.id), "called_at": now.isoformat(), "untrusted_text": row.body[:SHOWN]}
    execution = firing.fire(action, now=now, cause="trigger", observation=seen, verdict=verdict)
    groups.hold_others(execution)
    if arming.used_up(action):
        arming.disarm([action])
    firing.record([execution], now=now)
    row.execution = execution
    _write(row, HookCall.Outcome.FIRED if verdict is None or verdict.holds else HookCall.Outcome.SKIPPED, "")
    _trace(action, execution, verdict, now)
    groups.save(now)


def _trace(action: Action, execution: ActionExecution, verdict: Verdict | None, now: datetime) -> None:
    if verdict is not None and not verdict.holds:
        trace_limits.clock_not_met(action, execution, now, verdict, now=now)
        return
    line = "its webhook was called: fired"
    tracing.note(action, Kind.CALLED, line, now=now, epoch=execution.epoch, **tracing.links(execution))


def _write(row: HookCall, outcome: HookCall.Outcome, reason: str) -> None:
    row.outcome, row.reason = outcome, reason[:120]
    row.save(force_insert=True)


def _text(body: bytes) -> str:
    """What was sent, as text PostgreSQL can keep."""
    return body.decode("utf-8", "replace").replace("\x00", "")
