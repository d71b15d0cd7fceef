"""What the adapters share: strict arguments, a deadline for the whole answer, and errors in one vocabulary."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterable, Iterator
from typing import Any, TypeVar

from agent.providers.base import ProviderError, ToolCall

T = TypeVar("T")


def tool_call(*, call_id: str, name: str, raw: str, cut_off: bool = False) -> ToolCall:
    """A call with its arguments read strictly: half an object is no object."""
    if cut_off:
        return ToolCall(id=call_id, name=name, arguments=None, raw=raw, problem="the answer was cut off here")
    try:
        arguments = json.loads(raw or "{}", parse_constant=_no_constant)
    except ValueError as error:
        return ToolCall(id=call_id, name=name, arguments=None, raw=raw, problem=f"the arguments are not JSON: {error}")
    if not isinstance(arguments, dict):
        return ToolCall(id=call_id, name=name, arguments=None, raw=raw, problem="the arguments are not a JSON object")
    return ToolCall(id=call_id, name=name, arguments=arguments, raw=raw)


def _no_constant(text: str) -> Any:
    raise ValueError(f"{text} is not a number")


def in_time(
    events: Iterable[T], *, seconds: float, provider: str, clock: Callable[[], float] = time.monotonic
) -> Iterator[T]:
    """The events of a stream, until the whole answer has taken too long: a read timeout alone never ends a drip."""
    deadline = clock() + seconds
    for event in events:
        if clock() > deadline:
            raise too_slow(provider, seconds)
        yield event


def too_slow(provider: str, seconds: float) -> ProviderError:
    return ProviderError(
        f"{provider} did not finish within {seconds:.0f} s.", code="TIMEOUT", retryable=True, billed=True
    )


def broken(provider: str, what: str) -> ProviderError:
    """The stream ended in the middle, or said something that makes no sense."""
    return ProviderError(f"{provider}'s answer is unusable: {what}", code="MALFORMED", retryable=True, billed=True)


def from_status(provider: str, status: int, headers: Any, message: str, kind: str = "") -> ProviderError:
    """An HTTP answer that is not 200. `kind` is the provider's own word for it."""
    text = f"{provider} answered {status}{' ' + kind if kind else ''}: {message[:200]}"
    if kind in ("insufficient_quota", "billing_error") or status == 402:
        return ProviderError(f"{text} Top the account up, or change the provider.", code="QUOTA")
    if status in (401, 403):
        return ProviderError(f"{text} Check the key in the settings.", code="KEY_REFUSED")
    if status == 429:
        return ProviderError(text, code="RATE_LIMITED", retryable=True, retry_after=retry_after(headers))
    if status in (500, 502, 503, 504, 529):
        code = "OVERLOADED" if status in (503, 529) else "PROVIDER_DOWN"
        return ProviderError(text, code=code, retryable=True, retry_after=retry_after(headers))
    return ProviderError(text, code="BAD_REQUEST")


def retry_after(headers: Any) -> float | None:
    """Seconds of a Retry-After header, when it names seconds."""
    value = headers.get("retry-after") if headers is not None else None
    try:
        return max(0.0, float(value)) if value is not None else None
    except ValueError:
        return None
