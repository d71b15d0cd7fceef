"""OpenAI's Responses API, streamed and not stored. https://platform.openai.com/docs/api-reference/responses-streaming"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from agent.providers.base import ModelTurn, Reply, Request, Stop, Turn, Usage
from agent.providers.openai_errors import translated
from agent.providers.reading import broken, in_time, tool_call

if TYPE_CHECKING:
    from openai import OpenAI

NAME = "OpenAI"


class OpenAIProvider:
    """`key` is the user's; `base_url` is for tests, None for OpenAI itself."""

    name = "openai"

    def __init__(self, *, key: str, base_url: str | None = None) -> None:
        self._key, self._base_url = key, base_url

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

    def _stream(self, client: OpenAI, request: Request, on_text: Callable[[str], None]) -> dict[str, Any]:
        body: dict[str, Any] = {
            "model": request.model,
            "instructions": request.system,
            "input": [item for turn in request.turns for item in _items(turn)],
            "max_output_tokens": request.max_output_tokens,
            "store": False,
            "include": ["reasoning.encrypted_content"],
            "stream": True,
        }
        if request.tools:
            body["tools"] = [
                {
                    "type": "function",
                    "name": tool.name,
                    "description": tool.description,
                    "parameters": dict(tool.schema),
                    "strict": False,
                }
                for tool in request.tools
            ]
        if request.force_tool:
            body["tool_choice"] = {"type": "function", "name": request.force_tool}
        with client.responses.create(**body) as stream:
            for event in in_time(stream, seconds=request.timeout, provider=NAME):
                if event.type == "response.output_text.delta":
                    on_text(event.delta)
                elif event.type in ("response.completed", "response.incomplete", "response.failed"):
                    found: dict[str, Any] = event.response.to_dict()
                    return found
                elif event.type == "error":
                    raise broken(NAME, str(event.message))
        raise broken(NAME, "the stream ended in the middle")


def _reply(response: dict[str, Any]) -> Reply:
    status = response.get("status")
    if status == "failed":
        raise broken(NAME, str((response.get("error") or {}).get("message", "it failed")))
    reason = (response.get("incomplete_details") or {}).get("reason")
    cut_off = status == "incomplete" and reason != "content_filter"
    items = response.get("output") or []
    texts, refused = [], reason == "content_filter"
    calls = []
    for place, item in enumerate(items):
        if item.get("type") == "message":
            for part in item.get("content") or []:
                refused = refused or part.get("type") == "refusal"
                texts.append(str(part.get("text") or part.get("refusal") or ""))
        elif item.get("type") == "function_call":
            calls.append(
                tool_call(
                    call_id=str(item.get("call_id", "")),
                    name=str(item.get("name", "")),
                    raw=str(item.get("arguments") or ""),
                    cut_off=cut_off and place == len(items) - 1,
                )
            )
    stop = Stop.REFUSAL if refused else Stop.LENGTH if cut_off else Stop.TOOLS if calls else Stop.END
    turn = ModelTurn(text="".join(texts), calls=tuple(calls), echo=items)
    return Reply(turn=turn, stop=stop, usage=_usage(response.get("usage") or {}), model=str(response.get("model", "")))


def _usage(usage: dict[str, Any]) -> Usage:
    """Their input includes the cached tokens; ours does not."""
    details = usage.get("input_tokens_details") or {}
    cached, written = int(details.get("cached_tokens") or 0), int(details.get("cache_write_tokens") or 0)
    return Usage(
        input=max(0, int(usage.get("input_tokens") or 0) - cached - written),
        output=int(usage.get("output_tokens") or 0),
        cache_read=cached,
        cache_write=written,
    )


def _items(turn: Turn) -> list[dict[str, Any]]:
    if isinstance(turn, ModelTurn):
        return list(turn.echo) if turn.echo else [{"role": "assistant", "content": turn.text or "(nothing)"}]
    results: list[dict[str, Any]] = [
        {"type": "function_call_output", "call_id": one.call_id, "output": one.content} for one in turn.results
    ]
    return [*results, *([{"role": "user", "content": turn.text}] if turn.text else [])]
