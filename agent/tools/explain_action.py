"""Why a rule has or has not traded."""

from __future__ import annotations

from uuid import UUID

from agent.fencing import Words
from agent.showing import rule_as_json, written_in
from agent.tools.base import Answer, Arguments, Context, Reach
from automation.explaining import explain
from automation.models import Action
from automation.situations import situation_of
from automation.why import answer
from common.errors import NotFound


class Which(Arguments):
    id: UUID


class ExplainAction:
    """What stands in its way, what it needs. What brokers and people said in it is fenced."""

    name = "explain_action"
    description = "One rule by its id: where it stands, why it has not traded, and what would have to happen."
    arguments = Which
    reach = Reach.READ

    def run(self, arguments: Which, context: Context) -> Answer:
        words = Words()
        rules = Action.objects.filter(user=context.user, portfolio=context.portfolio, pk=arguments.id)
        rule = rules.select_related("instrument", "goal", "portfolio").first()
        if rule is None:
            raise NotFound(f"There is no rule {arguments.id} in this portfolio.")
        explained = explain(rule, now=context.now)
        situation = situation_of(rule, now=context.now, explanation=explained)
        told = answer(situation)
        written = [*written_in(rule), rule.status_reason]
        quotes_others = situation.last_stop is not None or bool(explained.warnings)
        return Answer(
            content={
                **rule_as_json(rule, explained, words),
                "code": told.code,
                "answer": _said(words, told.answer, written, untrusted=situation.last_stop is not None),
                "needed": _said(words, told.needed, written, untrusted=situation.last_stop is not None),
                "more": [_said(words, line, written, untrusted=quotes_others) for line in told.more[:10]],
                "message": words.of(rule.message, "a rule's message"),
                "notes": words.of(rule.notes, "a rule's notes"),
            },
            taint=words.taint,
        )


def _said(words: Words, text: str, written: list[str], *, untrusted: bool) -> str:
    """Fenced if it may quote a broker or a person."""
    if untrusted:
        return words.of(text, "what stopped a rule") or ""
    return words.within(text, written, "a rule's history")


EXPLAIN_ACTION = ExplainAction()
