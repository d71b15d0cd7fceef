"""A scripted model that speaks the wire of Anthropic's Messages, OpenAI's Responses and Chat Completions."""

from tests.fakes.llm.script import Call, Cut, Drip, Hang, Refuse, Say, Status, Use
from tests.fakes.llm.server import ScriptedModel

__all__ = ["Call", "Cut", "Drip", "Hang", "Refuse", "Say", "ScriptedModel", "Status", "Use"]
