"""The three protocols, as server-sent events."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

from tests.fakes.llm.script import Act, Call, Refuse, Say, Tokens

Event = tuple[str | None, Mapping[str, Any] | str]


def messages(act: Act) -> Iterator[Event]:
    """Anthropic."""
    tokens = getattr(act, "tokens", Tokens())
    usage = {"input_tokens": tokens.input, "output_tokens": 1, "cache_read_input_tokens": tokens.cached}
    start = {"id": "msg_1", "type": "message", "role": "assistant", "model": "scripted", "content": [], "usage": usage}
    yield "message_start", {"type": "message_start", "message": {**start, "stop_reason": None, "stop_sequence": None}}
    index = 0
    if isinstance(act, Call) and act.thinking:
        yield "content_block_start", _block(index, {"type": "thinking", "thinking": "", "signature": ""})
        yield "content_block_delta", _delta(index, {"type": "thinking_delta", "thinking": act.thinking})
        yield "content_block_delta", _delta(index, {"type": "signature_delta", "signature": "signed"})
        yield "content_block_stop", {"type": "content_block_stop", "index": index}
        index += 1
    for text in _texts(act):
        yield "content_block_start", _block(index, {"type": "text", "text": ""})
        for piece in _pieces(text):
            yield "content_block_delta", _delta(index, {"type": "text_delta", "text": piece})
        yield "content_block_stop", {"type": "content_block_stop", "index": index}
        index += 1
    for use in act.uses if isinstance(act, Call) else ():
        yield (
            "content_block_start",
            _block(index, {"type": "tool_use", "id": f"tu_{index}", "name": use.name, "input": {}}),
        )
        for piece in _pieces(use.text):
            yield "content_block_delta", _delta(index, {"type": "input_json_delta", "partial_json": piece})
        yield "content_block_stop", {"type": "content_block_stop", "index": index}
        index += 1
    stop = {"end": "end_turn", "tools": "tool_use", "length": "max_tokens"}.get(getattr(act, "stop", ""), "refusal")
    ending = {"stop_reason": stop, "stop_sequence": None}
    yield "message_delta", {"type": "message_delta", "delta": ending, "usage": {"output_tokens": tokens.output}}
    yield "message_stop", {"type": "message_stop"}


def _block(index: int, block: Mapping[str, Any]) -> dict[str, Any]:
    return {"type": "content_block_start", "index": index, "content_block": block}


def _delta(index: int, delta: Mapping[str, Any]) -> dict[str, Any]:
    return {"type": "content_block_delta", "index": index, "delta": delta}


def responses(act: Act) -> Iterator[Event]:
    """OpenAI's Responses."""
    tokens = getattr(act, "tokens", Tokens())
    items: list[dict[str, Any]] = []
    for text in _texts(act):
        part = {"type": "output_text", "text": text, "annotations": []}
        if isinstance(act, Refuse):
            part = {"type": "refusal", "refusal": text}
        items.append({"type": "message", "id": "m1", "role": "assistant", "status": "completed", "content": [part]})
        for piece in _pieces(text):
            yield None, {"type": "response.output_text.delta", "item_id": "m1", "output_index": 0, "content_index": 0,
                         "delta": piece, "sequence_number": 1, "logprobs": []}  # fmt: skip
    for place, use in enumerate(act.uses if isinstance(act, Call) else ()):
        items.append(
            {"type": "function_call", "id": f"fc_{place}", "call_id": f"call_{place}", "name": use.name,
             "arguments": use.text, "status": "completed"}
        )  # fmt: skip
    cut = getattr(act, "stop", "") == "length"
    usage = {
        "input_tokens": tokens.input + tokens.cached,
        "input_tokens_details": {"cached_tokens": tokens.cached},
        "output_tokens": tokens.output,
        "output_tokens_details": {"reasoning_tokens": 0},
        "total_tokens": tokens.input + tokens.cached + tokens.output,
    }
    response = {
        "id": "resp_1", "object": "response", "created_at": 1, "model": "scripted", "output": items, "usage": usage,
        "status": "incomplete" if cut else "completed", "parallel_tool_calls": True, "tool_choice": "auto", "tools": [],
        "incomplete_details": {"reason": "max_output_tokens"} if cut else None, "error": None, "instructions": None,
        "metadata": {}, "temperature": 1, "top_p": 1,
    }  # fmt: skip
    kind = "response.incomplete" if cut else "response.completed"
    yield None, {"type": kind, "response": response, "sequence_number": 2}


def chat(act: Act) -> Iterator[Event]:
    """Chat Completions."""
    tokens = getattr(act, "tokens", Tokens())
    for text in _texts(act):
        for piece in _pieces(text):
            yield None, _chunk({"refusal" if isinstance(act, Refuse) else "content": piece})
    for place, use in enumerate(act.uses if isinstance(act, Call) else ()):
        head = {"index": place, "id": f"call_{place}", "type": "function"}
        yield None, _chunk({"tool_calls": [{**head, "function": {"name": use.name, "arguments": ""}}]})
        for piece in _pieces(use.text):
            yield None, _chunk({"tool_calls": [{"index": place, "function": {"arguments": piece}}]})
    stop = {"end": "stop", "tools": "tool_calls", "length": "length"}.get(getattr(act, "stop", ""), "stop")
    yield None, _chunk({}, stop)
    usage = {
        "prompt_tokens": tokens.input + tokens.cached,
        "completion_tokens": tokens.output,
        "total_tokens": tokens.input + tokens.cached + tokens.output,
        "prompt_tokens_details": {"cached_tokens": tokens.cached},
    }
    yield None, {**_chunk({}), "choices": [], "usage": usage}
    yield None, "[DONE]"


def _chunk(delta: Mapping[str, Any], stop: str | None = None) -> dict[str, Any]:
    choice = {"index": 0, "delta": dict(delta), "finish_reason": stop}
    return {"id": "c1", "object": "chat.completion.chunk", "created": 1, "model": "scripted", "choices": [choice]}


def _texts(act: Act) -> list[str]:
    return [act.text] if isinstance(act, (Say, Refuse, Call)) and act.text else []


def _pieces(text: str) -> list[str]:
    """As models stream it: in pieces that know nothing of words or JSON."""
    return [text[at : at + 7] for at in range(0, len(text), 7)]


def encoded(event: Event) -> bytes:
    name, data = event
    body = data if isinstance(data, str) else json.dumps(data)
    return (f"event: {name}\n" if name else "").encode() + f"data: {body}\n\n".encode()
