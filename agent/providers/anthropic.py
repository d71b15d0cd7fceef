"""Anthropic's Messages API, streamed. https://docs.anthropic.com/en/api/messages-streaming"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from agent.providers.base import ModelTurn, ProviderError, Reply, Request, Stop, Turn, Usage
from agent.providers.reading import broken, from_status, in_time, too_slow, tool_call

if TYPE_CHECKING:
    from anthropic import Anthropic

NAME = "Anthropic"
STOPS = {
    "end_turn": Stop.END,
    "stop_sequence": Stop.END,
    "pause_turn": Stop.END,
    "tool_use": Stop.TOOLS,
    "max_tokens": Stop.LENGTH,
    "model_context_window_exceeded": Stop.LENGTH,
    "refusal": Stop.REFUSAL,
}


@dataclass
class _Block:
    """A content block as it grows."""

    kind: str
    start: dict[str, Any]
    text: str = ""
    signature: str = ""


@dataclass
class _Answer:
    """An answer as its events come in."""

    blocks: dict[int, _Block] = field(default_factory=dict)
    usage: dict[str, int] = field(default_factory=dict)
    stop: str = ""
    model: str = ""
    ended: bool = False


@contextmanager
def _translated(timeout: float) -> Iterator[None]:
    """Raises ProviderError for whatever the SDK raises inside."""
    import anthropic  # noqa: PLC0415  (69 MB and 1.6 s that only a run with this provider pays)

    try:
        yield
    except anthropic.APITimeoutError:
        raise too_slow(NAME, timeout) from None
    except anthropic.APIStatusError as error:
        kind = str(getattr(error, "type", "") or "")
        raise from_status(NAME, error.status_code, error.response.headers, str(error.message), kind) from error
    except anthropic.APIConnectionError as error:
        raise ProviderError(f"{NAME} cannot be reached: {error}", code="UNREACHABLE", retryable=True) from error
    except anthropic.APIError as error:  # an error event in the middle of a stream
        raise broken(NAME, str(error)) from error


class AnthropicProvider:
    """`key` is the user's; `base_url` is for tests and gateways, None for Anthropic itself."""

    name = "anthropic"

    def __init__(self, *, key: str, base_url: str | None = None) -> None:
        self._key, self._base_url = key, base_url

    def complete(self, request: Request, *, on_text: Callable[[str], None]) -> Reply:
        import anthropic  # noqa: PLC0415  (69 MB and 1.6 s that only a run with this provider pays)

        client = anthropic.Anthropic(api_key=self._key, base_url=self._base_url, timeout=request.timeout, max_retries=0)
        try:
            with _translated(request.timeout):
                return _reply(self._stream(client, request, on_text))
        finally:
            client.close()

    def models(self, *, timeout: float) -> tuple[str, ...]:
        import anthropic  # noqa: PLC0415  (69 MB and 1.6 s that only a test of the key pays)

        client = anthropic.Anthropic(api_key=self._key, base_url=self._base_url, timeout=timeout, max_retries=0)
        try:
            with _translated(timeout):
                return tuple(str(model.id) for model in client.models.list(limit=100).data or ())
        finally:
            client.close()

    def _stream(self, client: Anthropic, request: Request, on_text: Callable[[str], None]) -> _Answer:
        body: dict[str, Any] = {
            "model": request.model,
            "max_tokens": request.max_output_tokens,
            "system": request.system,
            "messages": [_message(turn) for turn in request.turns],
            "stream": True,
        }
        if request.tools:
            body["tools"] = [
                {"name": tool.name, "description": tool.description, "input_schema": dict(tool.schema)}
                for tool in request.tools
            ]
        if request.force_tool:
            body["tool_choice"] = {"type": "tool", "name": request.force_tool, "disable_parallel_tool_use": True}
        answer = _Answer()
        with client.messages.create(**body) as stream:
            for event in in_time(stream, seconds=request.timeout, provider=NAME):
                _take(answer, event.to_dict(), on_text)
        if not answer.ended:
            raise broken(NAME, "the stream ended in the middle")
        return answer


def _take(answer: _Answer, event: dict[str, Any], on_text: Callable[[str], None]) -> None:
    kind = event.get("type")
    if kind == "message_start":
        message = event["message"]
        answer.model = str(message.get("model", ""))
        _count(answer, message.get("usage"))
    elif kind == "content_block_start":
        block = event["content_block"]
        answer.blocks[event["index"]] = _Block(block["type"], block, block.get("text") or "")
    elif kind == "content_block_delta":
        block_so_far = answer.blocks.get(event["index"])
        if block_so_far is None:
            raise broken(NAME, "a piece of a block that never began")
        delta = event["delta"]
        if delta["type"] == "text_delta":
            on_text(delta["text"])
        block_so_far.text += delta.get("text") or delta.get("partial_json") or delta.get("thinking") or ""
        block_so_far.signature += delta.get("signature") or ""
    elif kind == "message_delta":
        answer.stop = event["delta"].get("stop_reason") or answer.stop
        _count(answer, event.get("usage"))
    elif kind == "message_stop":
        answer.ended = True
    elif kind == "error":
        error = event.get("error", {})
        raise broken(NAME, str(error.get("message", "an error in the stream")))


def _count(answer: _Answer, usage: dict[str, Any] | None) -> None:
    """Later counts replace earlier ones: they are cumulative."""
    for name in ("input_tokens", "output_tokens", "cache_read_input_tokens", "cache_creation_input_tokens"):
        value = (usage or {}).get(name)
        if isinstance(value, int):
            answer.usage[name] = value


def _reply(answer: _Answer) -> Reply:
    stop = STOPS.get(answer.stop)
    if stop is None:
        raise broken(NAME, f"it stopped for an unknown reason ({answer.stop or 'none given'})")
    blocks = [answer.blocks[index] for index in sorted(answer.blocks)]
    last = len(blocks) - 1
    calls = tuple(
        tool_call(
            call_id=str(block.start.get("id", "")),
            name=str(block.start.get("name", "")),
            raw=block.text,
            cut_off=stop is Stop.LENGTH and place == last,
        )
        for place, block in enumerate(blocks)
        if block.kind == "tool_use"
    )
    echo = [_echo(block) for block in blocks if block.kind != "text" or block.text]
    usage = Usage(
        input=answer.usage.get("input_tokens", 0),
        output=answer.usage.get("output_tokens", 0),
        cache_read=answer.usage.get("cache_read_input_tokens", 0),
        cache_write=answer.usage.get("cache_creation_input_tokens", 0),
    )
    text = "".join(block.text for block in blocks if block.kind == "text")
    return Reply(turn=ModelTurn(text=text, calls=calls, echo=echo), stop=stop, usage=usage, model=answer.model)


def _echo(block: _Block) -> dict[str, Any]:
    """The block as it goes back. Arguments that could not be read go back empty: the API takes objects only."""
    if block.kind == "text":
        return {"type": "text", "text": block.text}
    if block.kind == "thinking":  # signed: models that think want it back with the calls that came of it
        return {"type": "thinking", "thinking": block.text, "signature": block.signature}
    if block.kind != "tool_use":  # thinking that is hidden from us, whole in its beginning
        return dict(block.start)
    call = tool_call(call_id="", name="", raw=block.text)
    return {
        "type": "tool_use",
        "id": block.start.get("id"),
        "name": block.start.get("name"),
        "input": dict(call.arguments or {}),
    }


def _message(turn: Turn) -> dict[str, Any]:
    if isinstance(turn, ModelTurn):
        return {"role": "assistant", "content": turn.echo or [{"type": "text", "text": turn.text or "(nothing)"}]}
    results: list[dict[str, Any]] = [
        {"type": "tool_result", "tool_use_id": one.call_id, "content": one.content, "is_error": one.failed}
        for one in turn.results
    ]
    return {"role": "user", "content": [*results, *([{"type": "text", "text": turn.text}] if turn.text else [])]}
