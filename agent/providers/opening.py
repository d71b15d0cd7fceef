"""From a run to the provider it thinks with."""

from __future__ import annotations

from django.conf import settings

from accounts import credentials
from agent.models import Provider as Kind
from agent.providers.anthropic import AnthropicProvider
from agent.providers.base import Provider
from agent.providers.compatible import CompatibleProvider
from agent.providers.openai import OpenAIProvider
from common.errors import Conflict


def open_provider(*, user_id: int, kind: str) -> Provider | None:
    """The provider with the user's key; None for the offline analyst. Raises NotFound, Conflict, Unreadable."""
    config = settings.CONFIG
    if kind == Kind.ANTHROPIC:
        key = credentials.reveal(user_id=user_id, kind=kind)
        return AnthropicProvider(key=key, base_url=config.anthropic_base_url or None)
    if kind == Kind.OPENAI:
        key = credentials.reveal(user_id=user_id, kind=kind)
        return OpenAIProvider(key=key, base_url=config.openai_base_url or None)
    if kind == Kind.COMPATIBLE:
        if not config.llm_base_url:
            raise Conflict("No model server is set up here: the operator sets PUFFLING_LLM_BASE_URL.")
        key = credentials.reveal(user_id=user_id, kind=kind) if credentials.has(user_id=user_id, kind=kind) else ""
        return CompatibleProvider(key=key, base_url=config.llm_base_url)
    return None
