"""What a person can do with an Action. Each function is one transaction under the Action's row lock."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from django.db.models import Q, prefetch_related_objects

from accounts.models import User
from automation import arming, firing, grouping, promotion, tracing
from automation.drafts import REARMING, Draft, as_raw
from automation.models import TRANSITIONS, Action, ActionExecution, ActionStatus, ActionVersion
from automation.preflight.telling import conflicts_of, tell_new
from common.errors import Conflict, InvalidInput, NotFound
from common.giving_way import gives_way
from common.money import plain
from live.push import Announcement, announce_many
from watches.models import Timer, Watch

OPEN = Q(finished_at__isnull=True)


@gives_way
def create_action(*, user: User, data: Mapping[str, Any], now: datetime, actor: str) -> Action:
    """Check, store and arm a new Action. Raises InvalidInput naming each field, value and fix."""
    fields = Draft(user=user, raw=data, now=now).check()
    action = Action(user=user, created_at=now, updated_at=now, **fields)
    action.save(force_insert=True)
    ActionVersion.objects.create(
        action=action, version=1, at=now, actor=actor, changes={"created": [None, shown_fields(fields)]}
    )
    tracing.created([action], actor=actor, now=now)
    grouping.join(action, now=now)
    arming.arm(action, now=now)
    action.save(update_fields=["next_evaluation_at", "held_by"])
    tell(action, "created", now)
    return action


@gives_way
def create_many(*, user: User, drafts: Sequence[Mapping[str, Any]], now: datetime, actor: str) -> list[Action]:
    """Store and arm many checked drafts (what `Draft.check` returned) in one transaction, in a few statements.

    A draft may carry `status: paused`: it is kept, not watched.
    """
    actions = [Action(user=user, created_at=now, updated_at=now, **fields) for fields in drafts]
    Action.objects.bulk_create(actions, batch_size=500)
    made = [{"created": [None, shown_fields(fields)]} for fields in drafts]
    ActionVersion.objects.bulk_create(
        [
            ActionVersion(action=action, version=1, at=now, actor=actor, changes=changes)
            for action, changes in zip(actions, made, strict=True)
        ],
        batch_size=500,
    )
    prefetch_related_objects(actions, "instrument")
    tracing.created(actions, actor=actor, now=now)
    grouped = [action for action in actions if action.group]
    for action in grouped:
        grouping.join(action, now=now)
    Action.objects.bulk_update(grouped, ["held_by"], batch_size=500)
    arming.arm_new(actions, now=now)
    tell_many(actions, "created", now)
    return actions


@gives_way
def update_action(
    *,
    user: User,
    action_id: UUID,
    changes: Mapping[str, Any],
    now: datetime,
    actor: str,
    remarks: Mapping[str, Any] | None = None,
) -> Action:
    """Edit an Action. A change of trigger or limits re-arms it with a fresh epoch; every edit leaves a version.

    `status` may be given as `paused` or `active`; `override` is why a rule is promoted to auto against the evidence
    (see `automation.promotion`). `remarks` go into the version beside what was changed. Raises InvalidInput, NotFound,
    Conflict for an ended action, EvidenceNeeded.
    """
    changes = dict(changes)
    status = changes.pop("status", None)
    if status not in (None, ActionStatus.PAUSED, ActionStatus.ACTIVE):
        raise InvalidInput({"status": f"'{status}' cannot be set: use paused or active, or DELETE to cancel"})
    override = promotion.read_override(changes)
    action = locked(user, action_id)
    conflicts = conflicts_of(action, now=now)
    if changes:
        _edit(action, user, changes, now, actor, override=override, remarks=remarks or {})
    if status and status != action.status:
        _set_status(action, status, now, actor)
    tell_new(action, conflicts, now=now)
    return action


def pause(*, user: User, action_id: UUID, now: datetime, actor: str) -> Action:
    """Stop watching, keep the rule."""
    return _change_status(user, action_id, ActionStatus.PAUSED, now, actor)


def resume(*, user: User, action_id: UUID, now: datetime, actor: str) -> Action:
    """Watch again, afresh: peaks, sides and cooldowns start over. Also brings back a rule that gave up."""
    return _change_status(user, action_id, ActionStatus.ACTIVE, now, actor)


def cancel(*, user: User, action_id: UUID, now: datetime, actor: str) -> Action:
    """End the rule for good; it stays in the history."""
    return _change_status(user, action_id, ActionStatus.CANCELLED, now, actor)


@gives_way
def execute_now(*, user: User, action_id: UUID, now: datetime, actor: str) -> ActionExecution:
    """Fire without waiting for the trigger. Never past the gate, and never more often than max_executions allows.

    Its conditions are not asked: a person decided. The others of its group are held, as by any firing.
    """
    if not Action.objects.filter(user=user, id=action_id).exists():
        raise NotFound(f"There is no action {action_id}.")
    found = grouping.lock([action_id])
    action = found[action_id]
    if action.status not in (ActionStatus.ACTIVE, ActionStatus.PAUSED):
        raise Conflict(f"This rule is {action.status}: only an active or paused rule can be executed.")
    if arming.used_up(action):
        raise Conflict(
            f"This rule has had {action.executions_count} of {action.max_executions} executions:"
            " raise max_executions to run it again."
        )
    if action.held_by is not None:
        raise Conflict(
            f"This rule is held: another rule of its group '{action.group}' is executing. If that succeeds this one is"
            " cancelled, else it goes on by itself. Take it out of the group to execute it now."
        )
    return fire_by_hand(action, observation={"by": actor}, now=now)


def fire_by_hand(action: Action, *, observation: dict[str, Any], now: datetime) -> ActionExecution:
    """Fire a locked action without its trigger; the trigger's own watch or timer goes on under the next epoch.

    `observation` says `by` whom. The others of its group are held.
    """
    execution = firing.fire(action, now=now, cause="manual", observation=observation)
    groups = grouping.Groups([action, *grouping.lock_mates([action])])
    groups.hold_others(execution)
    mine = {"owner_kind": arming.OWNER, "owner_id": action.id}
    Watch.objects.filter(**mine).update(epoch=action.epoch, repeats=arming.more_than_one_left(action))
    Timer.objects.filter(**mine).update(epoch=action.epoch)
    if arming.used_up(action):
        arming.disarm([action])
        action.next_evaluation_at = None
    firing.record([execution], now=now)
    tracing.by_hand(action, execution, actor=str(observation["by"]), now=now)
    groups.save(now)
    return execution


def locked(user: User, action_id: UUID) -> Action:
    """The user's action, its row locked. Raises NotFound for anybody else's."""
    action = Action.objects.select_for_update(of=("self",)).filter(user=user, id=action_id).first()
    if action is None:
        raise NotFound(f"There is no action {action_id}.")
    return action


def tell(action: Action, kind: str, now: datetime) -> None:
    """Announce a change of the rule to its owner's pages."""
    tell_many([action], kind, now)


def tell_many(actions: Sequence[Action], kind: str, now: datetime) -> None:
    """Announce the same change of many rules."""
    announce_many(
        [
            Announcement(
                user_id=action.user_id,
                topic="actions",
                kind=kind,
                payload={"action": str(action.id), "status": action.status, "symbol": action.instrument_id},
            )
            for action in actions
        ],
        now,
    )


def _edit(
    action: Action,
    user: User,
    changes: Mapping[str, Any],
    now: datetime,
    actor: str,
    *,
    override: str | None,
    remarks: Mapping[str, Any],
) -> None:
    if action.status not in (ActionStatus.ACTIVE, ActionStatus.PAUSED, ActionStatus.FAILED):
        raise Conflict(f"This rule is {action.status}: it can no longer be edited; make a new one.")
    after = Draft(user=user, raw=merged(action, changes), now=now, editing=action).check()
    before = {name: getattr(action, name) for name in after}
    if after["max_executions"] is not None and after["max_executions"] < action.executions_count:
        raise InvalidInput(
            {
                "max_executions": f"'{after['max_executions']}' is below the {action.executions_count} executions"
                " it has had: give a larger number"
            }
        )
    changed = {name for name, value in after.items() if before[name] != value}
    if not changed:
        return
    promoted = promotion.judge(action, after, override=override, now=now)
    for name in changed:
        setattr(action, name, after[name])
    action.version += 1
    action.updated_at = now
    remarks = {**remarks, **({"override": [None, promoted.reason]} if promoted else {})}
    ActionVersion.objects.create(
        action=action,
        version=action.version,
        at=now,
        actor=actor,
        changes={name: [shown_value(before[name]), shown_value(after[name])] for name in sorted(changed)} | remarks,
    )
    tracing.edited(action, sorted(changed), actor=actor, now=now)
    if "group" in changed:
        action.held_by = None
    if promoted:
        promotion.log_override(action, promoted, actor=actor, now=now)
    if changed & REARMING:
        action.epoch += 1
        grouping.join(action, now=now)
        arming.arm(action, now=now)
    action.save()
    tell(action, "edited", now)


def merged(action: Action, changes: Mapping[str, Any]) -> dict[str, Any]:
    """The action with the changes laid over it. A new size replaces the old one, a new trigger type its parameters."""
    raw = as_raw(action)
    sizes = {"quantity", "amount_usd", "percent_of_position", "percent_of_equity"}
    if any(changes.get(size) not in (None, "") for size in sizes & changes.keys()):
        raw.update(dict.fromkeys(sizes))
    if any(changes.get(key) not in (None, "", {}) for key in {"goal", "targets"} & changes.keys()):
        raw.update(goal=None, targets=None)
    if changes.get("trigger_type", action.trigger_type) != action.trigger_type:
        raw["trigger_params"] = {}
    if "missed_policy" in changes:
        raw["run_late_minutes"] = None
    if "order_type" in changes:
        raw.update(limit_price=None, limit_offset=None, stop_price=None)
    if "limit_price" in changes or "limit_offset" in changes:
        raw.update(limit_price=None, limit_offset=None)
    return {**raw, **changes}


@gives_way
def _change_status(user: User, action_id: UUID, status: str, now: datetime, actor: str) -> Action:
    action = locked(user, action_id)
    if action.status != status:  # asking twice is harmless
        conflicts = conflicts_of(action, now=now)
        _set_status(action, status, now, actor)
        tell_new(action, conflicts, now=now)
    return action


def _set_status(action: Action, status: str, now: datetime, actor: str) -> None:
    if status not in TRANSITIONS[action.status]:
        raise Conflict(f"This rule is {action.status}: it cannot become {status}.")
    if status == ActionStatus.ACTIVE and action.valid_until and action.valid_until <= now:
        raise Conflict("This rule's valid_until has passed: give it a later one, then resume it.")
    if status == ActionStatus.ACTIVE and arming.used_up(action) and not action.executions.filter(OPEN).exists():
        raise Conflict(
            f"This rule has had {action.executions_count} of {action.max_executions} executions:"
            " raise max_executions, then resume it."
        )
    old = action.status
    action.status, action.status_reason, action.updated_at = status, "", now
    action.epoch += 1
    action.version += 1
    if status == ActionStatus.ACTIVE:
        action.failures_in_a_row = 0
    ActionVersion.objects.create(
        action=action, version=action.version, at=now, actor=actor, changes={"status": [old, status]}
    )
    tracing.status_changed(action, actor=actor, now=now)
    if status == ActionStatus.CANCELLED:
        action.held_by = None
    grouping.join(action, now=now)
    arming.arm(action, now=now)
    action.save()
    tell(action, str(status), now)


def shown_value(value: Any) -> Any:
    """A field's value as a version keeps it."""
    if isinstance(value, Decimal):
        return plain(value)
    if isinstance(value, datetime):
        return value.isoformat()
    return str(value) if isinstance(value, UUID) else value


def shown_fields(fields: Mapping[str, Any]) -> dict[str, Any]:
    return {name: shown_value(value) for name, value in fields.items() if value not in (None, "")}
