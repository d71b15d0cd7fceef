"""Tell the person something now."""

from __future__ import annotations

from datetime import timedelta
from typing import Annotated, Literal

from pydantic import Field

from agent.tools.base import Answer, Arguments, Context, Reach, Text
from alerts.models import Alert
from alerts.raising import raise_alert
from common.errors import Conflict
from common.ids import new_id

MOST_PER_RUN = 3
MOST_PER_HOUR = 10
KEY = "agent:"


class Message(Arguments):
    title: Annotated[Text, Field(min_length=1, max_length=120)]
    text: Annotated[Text, Field(max_length=1000)] = ""
    severity: Literal["info", "warning"] = "info"


class Notify:
    """Marked as the agent's words; a few per run."""

    name = "notify"
    description = f"Tells the person something now, as an alert. At most {MOST_PER_RUN} per run: for what cannot wait."
    arguments = Message
    reach = Reach.PROPOSE

    def run(self, arguments: Message, context: Context) -> Answer:
        prefix = f"{KEY}{context.run_id or ''}:"
        mine = Alert.objects.filter(user=context.user, dedupe_key__startswith=KEY)
        if context.run_id and mine.filter(dedupe_key__startswith=prefix).count() >= MOST_PER_RUN:
            raise Conflict(f"The run has told {MOST_PER_RUN} things: put the rest into the report.")
        if mine.filter(triggered_at__gt=context.now - timedelta(hours=1)).count() >= MOST_PER_HOUR:
            raise Conflict(f"The agent has told {MOST_PER_HOUR} things within an hour: put it into the report.")
        alert = raise_alert(
            user_id=context.user.pk,
            kind=Alert.Kind.NOTE,
            title=f"Agent: {arguments.title}",
            body=arguments.text,
            severity=arguments.severity,
            data={"agent_run": str(context.run_id)} if context.run_id else {},
            trace_id=context.trace_id,
            dedupe_key=f"{prefix}{new_id()}",
            now=context.now,
        )
        told = str(alert.pk) if alert is not None else ""
        return Answer(content={"told": told}, done=({"kind": "alert", "id": told},))


NOTIFY = Notify()
