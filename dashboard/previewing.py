"""The rule on the form, read back before it exists, with what it would get into."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from accounts.models import User
from automation.preflight.reviewing import review
from common.errors import InvalidInput
from dashboard.action_form import ActionForm


def preview_of(user: User, form: ActionForm, *, now: datetime, editing: UUID | None = None) -> dict[str, Any]:
    """The explanation and the findings, or what is missing as (label, texts)."""
    try:
        found = review(user=user, data=form.as_data(), now=now, editing=editing)
    except InvalidInput as error:
        return {"missing": [(form.label_of(path), " ".join(texts)) for path, texts in error.errors.items()]}
    return {"explanation": found.explanation, "findings": found.findings}
