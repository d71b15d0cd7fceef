"""Ask a provider whether it takes the key: its list of models, which costs nothing and runs no model."""

from __future__ import annotations

import enum
from dataclasses import dataclass

from accounts.models import User
from agent.models import AgentConfig
from agent.models import Provider as Kind
from agent.providers.base import ProviderError
from agent.providers.opening import open_provider
from common.errors import InvalidInput, PufflingError

TIMEOUT = 8.0  # seconds
SILENCE = ("UNREACHABLE", "TIMEOUT")


class Answer(enum.StrEnum):
    """What came of asking."""

    WORKS = "works"
    REFUSED = "refused"  # the key, or the account behind it
    SILENT = "silent"  # no answer: the network, or the server is down
    FAILED = "failed"  # an answer that is neither


@dataclass(frozen=True, kw_only=True)
class Checked:
    """The provider's answer in words, with the models it offers this key."""

    answer: Answer
    words: str
    models: tuple[str, ...] = ()


def check_provider(*, user: User, kind: str) -> Checked:
    """Ask for the list of models with the user's key. Raises InvalidInput for what is no provider."""
    if kind not in Kind.values or kind == Kind.OFFLINE:
        raise InvalidInput({"kind": f"{kind!r} has no key to test."})
    try:
        provider = open_provider(user_id=user.pk, kind=kind)
        assert provider is not None
        models = provider.models(timeout=TIMEOUT)
    except ProviderError as error:
        return _refused(Kind(kind).label, error)
    except PufflingError as error:  # no key, a key that cannot be read, no address
        return Checked(answer=Answer.FAILED, words=error.detail)
    return Checked(answer=Answer.WORKS, words=_found(user, kind, models), models=models)


def _refused(name: str, error: ProviderError) -> Checked:
    """In our words: a remote's own may repeat a part of the key."""
    if error.code == "KEY_REFUSED":
        return Checked(answer=Answer.REFUSED, words=f"{name} refused the key: copy it again, or make a new one there.")
    if error.code == "QUOTA":
        return Checked(answer=Answer.REFUSED, words=f"{name} knows the key, but its account has no credit left.")
    if error.code in SILENCE:
        return Checked(answer=Answer.SILENT, words=f"{name} did not answer: is there a way to it from here?")
    if error.retryable:
        return Checked(answer=Answer.SILENT, words=f"{name} is busy or down at the moment: try again later.")
    return Checked(answer=Answer.FAILED, words=f"{name} answered something else than a list of models.")


def _found(user: User, kind: str, models: tuple[str, ...]) -> str:
    words = f"Works: the key is taken, {len(models)} {'model' if len(models) == 1 else 'models'} can be used."
    config = AgentConfig.objects.filter(user=user, provider=kind).first()
    if config and config.model and models and config.model not in models:
        return f"{words} The agent's model {config.model} is not among them."
    return words
