"""The address of a rule: made, made anew, taken away. Each function is one transaction under the Action's row lock."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from accounts import credentials
from accounts.models import Credential, User
from accounts.secrets import hashed, new_secret
from automation.lifecycle import locked
from automation.models import Action, ActionHook
from common.errors import Conflict, NotFound
from common.giving_way import gives_way

SHOWN_CHARACTERS = 8
PREFIX, KEY_PREFIX = "hk_", "whs_"


@dataclass(frozen=True, kw_only=True)
class NewHook:
    """A hook with the secrets that are shown only now. `signing_key` is empty when calls need no signature."""

    hook: ActionHook
    token: str
    signing_key: str


def hook_of(user: User, action_id: UUID) -> ActionHook:
    """The hook of the user's rule. Raises NotFound, for anybody else's too."""
    found = ActionHook.objects.filter(action=action_id, action__user=user).first()
    if found is None:
        raise NotFound(f"The action {action_id} has no webhook address: make one.")
    return found


@gives_way
def generate(*, user: User, action_id: UUID, signed: bool, now: datetime) -> NewHook:
    """Make the address, or a new one: the old one ends at once. Raises NotFound, Conflict for another trigger."""
    action = locked(user, action_id)
    if action.trigger_type != "webhook":
        raise Conflict(f"This rule waits for {action.trigger_type}: give it the trigger webhook first.")
    _forget(action)
    token = new_secret(PREFIX)
    hook = ActionHook.objects.create(
        action=action, token_hash=hashed(token), prefix=token[:SHOWN_CHARACTERS], signed=signed, created_at=now
    )
    key = new_secret(KEY_PREFIX) if signed else ""
    if signed:
        credentials.keep(user=user, kind=Credential.Kind.HOOK, name=str(action.id), secret=key, now=now)
    return NewHook(hook=hook, token=token, signing_key=key)


@gives_way
def delete(*, user: User, action_id: UUID) -> None:
    """Take the address away, with the list of its calls. Raises NotFound."""
    action = locked(user, action_id)
    hook_of(user, action_id)
    _forget(action)


def signing_key_of(action: Action) -> str:
    """What calls are signed with. Raises NotFound, credentials.Unreadable."""
    return credentials.reveal(user_id=action.user_id, kind=Credential.Kind.HOOK, name=str(action.id))


def _forget(action: Action) -> None:
    ActionHook.objects.filter(action=action).delete()
    Credential.objects.filter(user=action.user_id, kind=Credential.Kind.HOOK, name=str(action.id)).delete()
