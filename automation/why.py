"""Why didn't it trade? One rule's answer in a few sentences: what stands in the way, what stopped it, what it needs.

`situations` gathers the facts, `answer` puts them into words: a table of situations, held by a table of tests.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from automation import arming
from automation.models import Action, ActionStatus, ActionType, Mode
from automation.sentences import conditions_sentence, when_sentence
from automation.situations import Situation, situation_of
from automation.steady import Watched
from automation.trace_kinds import Kind
from automation.trace_lines import moment, number_text, price_text
from safety.models import TradingState
from watches import machine
from watches.models import Phase


@dataclass(frozen=True, kw_only=True)
class WhyNot:
    """`answer` is the one sentence, `needed` what would have to happen, `more` what else a person should know.

    `code` says the same as `answer` for programs: a status, or what an active rule waits for. `watched` is what the
    rule has seen since the last entry of its history, the newest hour first.
    """

    code: str
    answer: str
    needed: str
    more: tuple[str, ...] = ()
    watched: tuple[Watched, ...] = ()


def why_not(action: Action, *, now: datetime) -> WhyNot:
    """Why the rule has not traded, as things stand. `action.instrument` should be loaded."""
    return answer(situation_of(action, now=now))


def answer(now: Situation) -> WhyNot:
    """The words for a situation."""
    code, text, needed = _status(now) or _by_design(now) or _under_way(now) or _waiting(now)
    more = [*_last(now, text), *_in_the_way(now, code)]
    if now.action.status == ActionStatus.ACTIVE and code != "stale_price":
        more += now.explanation.warnings
    more += [_whole(hour.line) for hour in now.watched[:1]]
    return WhyNot(code=code, answer=text, needed=needed, more=tuple(dict.fromkeys(more)), watched=now.watched)


Answer = tuple[str, str, str]  # code, answer, needed
NEW_RULE = "Make a new rule: an ended one cannot run again."


def _status(now: Situation) -> Answer | None:
    """A rule that is not active: its status is the answer."""
    action = now.action
    reason = f" ({action.status_reason})" if action.status_reason else ""
    last = f", the last at {moment(action.last_triggered_at)}" if action.last_triggered_at else ""
    texts = {
        ActionStatus.PAUSED: (f"It is paused, so nobody watches its trigger{reason}.", "Resume it."),
        ActionStatus.CANCELLED: (f"It was cancelled at {moment(action.updated_at)}{reason}.", NEW_RULE),
        ActionStatus.EXPIRED: (f"Its time is over{reason}; it had {_count(action)}{last}.", NEW_RULE),
        ActionStatus.COMPLETED: (f"It has done all it was made for: {_count(action)}{last}.", NEW_RULE),
        ActionStatus.FAILED: (
            f"It stopped because too many of its executions in a row came to nothing{reason}.",
            "Look at what was denied or failed, change the rule or the limits, then resume it.",
        ),
    }
    found = texts.get(ActionStatus(action.status))
    return None if found is None else (str(action.status), *found)


def _by_design(now: Situation) -> Answer | None:
    """An active rule that never trades, or whose time has not begun."""
    action = now.action
    if action.valid_from and action.valid_from > now.now:
        return "not_begun", f"It has not begun: it is watched from {moment(action.valid_from)}.", "Wait until then."
    if action.action_type == ActionType.NOTIFY:
        waits = _waiting(now)
        return waits[0], f"It only tells you something and never trades. {waits[1]}", waits[2]
    if action.mode != Mode.AUTO:
        does = "records its firings" if action.mode == Mode.MONITOR else "records its firings and tells you"
        return (
            "mode",
            f"It never trades, because its mode is {action.get_mode_display()}: it only {does}. {_waiting(now)[1]}",
            "Set its mode to Automatic if it should trade.",
        )
    return None


def _under_way(now: Situation) -> Answer | None:
    """A firing whose outcome is awaited."""
    action, running = now.action, now.running
    if action.held_by is not None:
        return (
            "held",
            f"Another rule of its group '{action.group}' fired first, and its outcome is awaited.",
            "If that one comes to nothing, this one is watched again; else it is cancelled.",
        )
    if running is None:
        if arming.used_up(action):
            return "used_up", f"It has had all its executions: {_count(action)}.", NEW_RULE
        return None
    fired = f"It fired at {moment(running.triggered_at)}"
    if running.state == "awaiting_approval":
        return "awaiting_approval", f"{fired}, and its order waits for your approval.", "Approve the order in time."
    if running.state == "unknown":
        return (
            "unknown_outcome",
            f"{fired}, but the broker has not said clearly what became of the order: it is being looked up.",
            "The broker's answer; nothing is sent again before it is known.",
        )
    if running.state == "pending" and running.lease_until is not None and running.lease_until > now.now:
        opens = moment(running.lease_until)
        return (
            "waits_for_open",
            f"{fired} at the close of a bar; its order waits for the open, {opens}.",
            "Wait until then.",
        )
    return "under_way", f"{fired}, and is being carried out.", "The order must be filled."


def _waiting(now: Situation) -> Answer:
    """An active rule that waits for its trigger."""
    if now.on_request:
        return "waits_for_call", "Nobody has called its webhook with the right message.", "A call of its webhook."
    if now.clock:
        due = now.action.next_evaluation_at
        if due is None:
            return "no_time", "No further time is due for it.", "Give it a later end, or other days and times."
        return "waits_for_time", f"Its time has not come: the next one is {moment(due)}.", "Wait until then."
    if now.phase is None or now.phase == Phase.OFF:
        return "not_watched", "Nobody watches its trigger.", "Pause it and resume it."
    return _PHASES.get(now.phase, _other)(now)


def _armed(now: Situation) -> Answer:
    told = now.explanation
    symbol = now.action.instrument_id or "Its value"
    if told.last_price is None and now.action.instrument_id:
        return "no_price", f"No price of {symbol} has been seen yet.", "A first usable price."
    if now.market_closed:
        opens = f" It opens at {moment(now.opens_at)}." if now.opens_at else ""
        return "market_closed", f"The market of {symbol} is closed: there is no price to act on.{opens}", _needed(now)
    if any("stale price" in warning for warning in told.warnings):
        return (
            "stale_price",
            f"The last price of {symbol} is too old to act on.",
            f"A new price, and then: {_needed(now)}",
        )
    if told.current_value is None:
        return "unknown_value", f"The value it watches for {symbol} is not known yet.", "More price history."
    if told.already_true:
        return "due_now", "Its trigger is true now: it fires with the next look at the price.", "Nothing more."
    if told.firing_price is not None and told.last_price is not None:
        far = f", {number_text((told.distance_percent or Decimal(0)).quantize(Decimal('0.01')))} % away"
        return (
            "not_reached",
            f"{symbol} is at {price_text(told.last_price)} and has not reached {price_text(told.firing_price)}{far}.",
            _needed(now),
        )
    value = number_text(told.current_value)
    level = "" if told.level is None else f" of {number_text(told.level)}"
    return "not_reached", f"Its trigger has not been reached: the value is {value}, short{level}.", _needed(now)


def _needed(now: Situation) -> str:
    told = now.explanation
    price = f" ({now.action.instrument_id} at {price_text(told.firing_price)})" if told.firing_price is not None else ""
    return f"It fires {when_sentence(now.action)}{conditions_sentence(now.action)}{price}."


def _primed(now: Situation) -> Answer:
    return (
        "waits_for_other_side",
        f"It fires only when its level is crossed, and the other side has not been seen yet: {_line(now)}.",
        f"First the other side must be seen. {_needed(now)}",
    )


def _recovering(now: Situation) -> Answer:
    wait = f", and the cooldown must be over ({moment(now.rearm_at)})" if now.rearm_at else ""
    return (
        "waits_to_come_back",
        f"It has fired, and what it watches has not come back since: {_line(now)}.",
        f"The value must come back{wait}; then it can fire again.",
    )


def _cooling(now: Situation) -> Answer:
    until = f" until {moment(now.rearm_at)}" if now.rearm_at else ""
    return "cooling", f"It has fired and is cooling down{until}.", f"Wait until then. {_needed(now)}"


def _retrying(now: Situation) -> Answer:
    at = f" at {moment(now.rearm_at)}" if now.rearm_at else " soon"
    stop = now.last_stop
    said = _whole(stop.line) if stop else "Its last firing came to nothing."
    return "retry", said, f"It tries again on the same level{at}; what stopped it must be over by then."


def _holding(now: Situation) -> Answer:
    stop = now.last_stop
    if stop is not None and stop.kind in (Kind.CONDITION_FALSE, Kind.CONDITION_UNKNOWN):  # a broken hold comes after it
        return _retrying(now)
    until = f" until {moment(now.rearm_at)}" if now.rearm_at else ""
    return (
        "holding",
        f"Its trigger is true, but has not been so for long enough: it must stay so{until}.",
        "Its trigger must stay true until then; if it comes back before, the time begins anew.",
    )


def _held_long_enough(now: Situation) -> Answer:
    return (
        "held_long_enough",
        "Its trigger has been true for long enough, and no price has confirmed since that it still is.",
        "The next price at which its trigger is still true.",
    )


def _activating(now: Situation) -> Answer:
    return "waits_for_activation", f"Its stop does not follow the price yet: {_line(now)}.", _needed(now)


def _referring(now: Situation) -> Answer:
    return "waits_for_first_price", "It measures from the first usable price, and none has come yet.", _needed(now)


def _other(now: Situation) -> Answer:
    return "waits", f"{now.explanation.status_line}.", _needed(now)


_PHASES: dict[int, Callable[[Situation], Answer]] = {
    machine.ARMED: _armed,
    machine.PRIME: _primed,
    machine.RECOVER: _recovering,
    machine.COOLING: _cooling,
    machine.ACTIVATE: _activating,
    machine.WAITING: _referring,
    machine.RETRY: _retrying,
    machine.HOLDING: _holding,
    machine.HELD: _held_long_enough,
}


def _line(now: Situation) -> str:
    text = now.explanation.status_line
    return text[:1].lower() + text[1:]


def _count(action: Action) -> str:
    most = "" if action.max_executions is None else f" of {action.max_executions}"
    return f"{action.executions_count}{most} executions"


def _last(now: Situation, said: str) -> list[str]:
    """What last stopped it, if the answer does not say so already."""
    stop = now.last_stop
    if stop is None or stop.line in said:
        return []
    again = f" ({stop.count} times, the last at {moment(stop.last_at)})" if stop.count > 1 else ""
    return [_whole(f"At {moment(stop.at)}: {stop.line}{again}")]


def _whole(text: str) -> str:
    """A line as a sentence of its own."""
    return text if text.endswith((".", "…")) else f"{text}."


SCOPES = {
    "global": "for everybody",
    "user": "for your account",
    "portfolio": "for this portfolio",
    "action": "for this rule",
    "agent": "for the agent",
}


def _in_the_way(now: Situation, code: str) -> list[str]:
    """What would deny its order if it fired now."""
    action = now.action
    if action.status != ActionStatus.ACTIVE or action.action_type == ActionType.NOTIFY or action.mode != Mode.AUTO:
        return []
    found = []
    if now.killed:
        scopes = " and ".join(SCOPES.get(scope, scope) for scope in now.killed)
        found.append(f"The kill switch is on {scopes}: if it fired now, its order would be denied.")
    elif now.trading_state == TradingState.HALTED:
        found.append("Trading is halted: if it fired now, its order would be denied.")
    elif now.trading_state == TradingState.REDUCING:
        found.append("Only orders that make a position smaller are let through now.")
    if now.market_closed and code != "market_closed":
        opens = f" until {moment(now.opens_at)}" if now.opens_at else ""
        found.append(f"The market is closed{opens}.")
    return found
