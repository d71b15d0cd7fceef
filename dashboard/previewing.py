"""The rule on the form, read back before it exists."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from accounts.models import User
from automation.explaining import preview
from common.errors import InvalidInput
from dashboard.action_form import ActionForm


def preview_of(user: User, form: ActionForm, *, now: datetime) -> dict[str, Any]:
    """The explanation, or what is missing as (label, texts)."""
    try:
        return {"explanation": preview(user=user, data=form.as_data(), now=now)}
    except InvalidInput as error:
        return {"missing": [(form.label_of(path), " ".join(texts)) for path, texts in error.errors.items()]}
