"""Any server that speaks OpenAI's Chat Completions: local models, gateways. Its address is a setting of the server."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from agent.providers.base import ModelTurn, Reply, Request, Stop, Turn, Usage
from agent.providers.openai_errors import translated
from agent.providers.reading import broken, in_time, tool_call

if TYPE_CHECKING:
    from openai import OpenAI

NAME = "The model server"
STOPS = {"stop": Stop.END, "tool_calls": Stop.TOOLS, "length": Stop.LENGTH, "content_filter": Stop.REFUSAL}


@dataclass
class _Answer:
    """An answer as its chunks come in."""

    text: str = ""
    refusal: str = ""
    calls: dict[int, dict[str, str]] = field(default_factory=dict)
    stop: str = ""
    model: str = ""
    usage: dict[str, Any] = field(default_factory=dict)


class CompatibleProvider:
    """`base_url` ends in /v1, from PUFFLING_LLM_BASE_URL."""

    name = "compatible"

    def __init__(self, *, key: str, base_url: str) -> None:
        self._key, self._base_url = key or "none", base_url

    def complete(self, request: Request, *, on_text: Callable[[str], None]) -> Reply:
        import openai  # noqa: PLC0415  (43 MB and 0.7 s that only a run with this provider pays)

        client = openai.OpenAI(api_key=self._key, base_url=self._base_url, timeout=request.timeout, max_retries=0)
        try:
            with translated(NAME, request.timeout):
                return _reply(self._stream(client, request, on_text))
        finally:
            client.close()

    def models(self, *, timeout: float) -> tuple[str, ...]:
        import openai  # noqa: PLC0415  (43 MB and 0.7 s that only a test of the key pays)

        client = openai.OpenAI(api_key=self._key, base_url=self._base_url, timeout=timeout, max_retries=0)
        try:
            with translated(NAME, timeout):
                return tuple(str(model.id) for model in client.models.list().data or ())
        finally:
            client.close()

    def _stream(self, client: OpenAI, request: Request, on_text: Callable[[str], None]) -> _Answer:
        body: dict[str, Any] = {
            "model": request.model,
            "messages": [
                {"role": "system", "content": request.system},
                *(message for turn in request.turns for message in _messages(turn)),
            ],
            "max_tokens": request.max_output_tokens,
            "stream": True,
            "stream_options": {"include_usage": True},
        }
        if request.tools:
            body["tools"] = [
                {
                    "type": "function",
                    "function": {"name": one.name, "description": one.description, "parameters": dict(one.schema)},
                }
                for one in request.tools
            ]
        if request.force_tool:
            body["tool_choice"] = {"type": "function", "function": {"name": request.force_tool}}
        answer = _Answer()
        with client.chat.completions.create(**body) as stream:
            for chunk in in_time(stream, seconds=request.timeout, provider=NAME):
                _take(answer, chunk.to_dict(), on_text)
        if not answer.stop:
            raise broken(NAME, "the stream ended in the middle")
        return answer


def _take(answer: _Answer, chunk: dict[str, Any], on_text: Callable[[str], None]) -> None:
    answer.model = str(chunk.get("model") or answer.model)
    answer.usage = chunk.get("usage") or answer.usage
    for choice in (chunk.get("choices") or [])[:1]:
        delta = choice.get("delta") or {}
        if delta.get("content"):
            on_text(delta["content"])
            answer.text += delta["content"]
        answer.refusal += delta.get("refusal") or ""
        for piece in delta.get("tool_calls") or []:
            call = answer.calls.setdefault(int(piece.get("index") or 0), {"id": "", "name": "", "arguments": ""})
            function = piece.get("function") or {}
            call["id"] = piece.get("id") or call["id"]
            call["name"] += function.get("name") or ""
            call["arguments"] += function.get("arguments") or ""
        answer.stop = choice.get("finish_reason") or answer.stop


def _reply(answer: _Answer) -> Reply:
    stop = STOPS.get(answer.stop)
    if stop is None:
        raise broken(NAME, f"it stopped for an unknown reason ({answer.stop})")
    ordered = [answer.calls[index] for index in sorted(answer.calls)]
    calls = tuple(
        tool_call(
            call_id=call["id"] or f"call_{place}",
            name=call["name"],
            raw=call["arguments"],
            cut_off=stop is Stop.LENGTH and place == len(ordered) - 1,
        )
        for place, call in enumerate(ordered)
    )
    if answer.refusal:
        stop = Stop.REFUSAL
    elif calls and stop is Stop.END:  # some servers say so
        stop = Stop.TOOLS
    details = answer.usage.get("prompt_tokens_details") or {}
    cached = int(details.get("cached_tokens") or 0)
    usage = Usage(
        input=max(0, int(answer.usage.get("prompt_tokens") or 0) - cached),
        output=int(answer.usage.get("completion_tokens") or 0),
        cache_read=cached,
    )
    return Reply(
        turn=ModelTurn(text=answer.text or answer.refusal, calls=calls), stop=stop, usage=usage, model=answer.model
    )


def _messages(turn: Turn) -> list[dict[str, Any]]:
    if isinstance(turn, ModelTurn):
        message: dict[str, Any] = {"role": "assistant", "content": turn.text}  # null is a 500 on some servers
        if turn.calls:
            message["tool_calls"] = [
                {"id": call.id, "type": "function", "function": {"name": call.name, "arguments": call.raw or "{}"}}
                for call in turn.calls
            ]
        return [message]
    results: list[dict[str, Any]] = [
        {"role": "tool", "tool_call_id": one.call_id, "content": one.content} for one in turn.results
    ]
    return [*results, *([{"role": "user", "content": turn.text}] if turn.text else [])]
