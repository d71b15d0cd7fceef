"""The OpenAI SDK's errors in our vocabulary; shared by the two adapters that use it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from agent.providers.base import ProviderError
from agent.providers.reading import broken, from_status, too_slow


@contextmanager
def translated(provider: str, timeout: float) -> Iterator[None]:
    """Raises ProviderError for whatever the SDK raises inside."""
    import openai  # noqa: PLC0415  (43 MB and 0.7 s that only a run with this provider pays)

    try:
        yield
    except openai.APITimeoutError:
        raise too_slow(provider, timeout) from None
    except openai.APIStatusError as error:
        kind = str(error.code or error.type or "")
        raise from_status(provider, error.status_code, error.response.headers, str(error.message), kind) from error
    except openai.APIConnectionError as error:
        raise ProviderError(f"{provider} cannot be reached: {error}", code="UNREACHABLE", retryable=True) from error
    except openai.APIError as error:  # an error event in the middle of a stream
        raise broken(provider, str(error.message)) from error
