"""Writing rules out, as JSON or YAML."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable
from typing import Any
from uuid import UUID

import yaml
from django.db.models import Q

from accounts.models import User
from automation.models import Action, ActionStatus
from automation.transfer.shape import FORMAT, VERSION, entry_of, fields_of, goal_name, in_order
from common.errors import InvalidInput

JSON, YAML = "json", "yaml"
FORMATS = (JSON, YAML)
# What is exported when nothing else is asked for: what may still fire.
LIVING = (ActionStatus.ACTIVE, ActionStatus.PAUSED, ActionStatus.FAILED)


def export_rules(
    *,
    user: User,
    format: str = JSON,
    status: str = "",
    symbol: str = "",
    ids: Collection[UUID] | None = None,
    most: int | None = None,
) -> str:
    """The user's rules as a text: those that may still fire, or of one status, of a symbol, or some by id.

    The same rules give the same bytes. Raises InvalidInput naming the parameter, or when there are more than `most`.
    """
    if format not in FORMATS:
        raise InvalidInput({"format_": f"{format!r} is not known: use {' or '.join(FORMATS)}"})
    if status and status not in ActionStatus.values:
        raise InvalidInput({"status": f"{status!r} is not known: use {' or '.join(ActionStatus.values)}"})
    wanted = Q(status=status) if status else Q() if ids is not None else Q(status__in=LIVING)
    if symbol:
        wanted &= Q(instrument_id=symbol.strip().upper())
    if ids is not None:
        wanted &= Q(id__in=ids)
    actions = Action.objects.filter(wanted, user=user).select_related("portfolio", "goal")
    if most is not None and (count := actions.count()) > most:
        raise InvalidInput(
            {"ids": f"{count:,} rules are more than the {most:,} of one answer: choose by status, symbol or ids,"
                    " or use manage.py export_actions"}
        )  # fmt: skip
    document = document_of(actions.iterator(chunk_size=2000))
    return as_yaml(document) if format == YAML else as_json(document)


def document_of(actions: Iterable[Action]) -> dict[str, Any]:
    """The file's content."""
    entries = [entry_of(fields_of(a), portfolio=a.portfolio.name, status=a.status, goal=goal_name(a)) for a in actions]
    return {"format": FORMAT, "version": VERSION, "rules": sorted(entries, key=in_order)}


def as_json(document: dict[str, Any]) -> str:
    return json.dumps(document, indent=2, ensure_ascii=False) + "\n"


class _Dumper(yaml.CSafeDumper):
    """Writes no anchors: they would be refused when read."""

    def ignore_aliases(self, data: Any) -> bool:
        return True


def as_yaml(document: dict[str, Any]) -> str:
    return yaml.dump(
        document, Dumper=_Dumper, sort_keys=False, allow_unicode=True, default_flow_style=False, width=120, indent=2
    )
