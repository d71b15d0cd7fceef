"""A setting that cannot be used refuses to start, and says how to write it."""

from __future__ import annotations

import pytest

from puffling_site.config import BadSetting, load


def test_how_long_the_history_of_rules_is_kept() -> None:
    assert (load({}).trace_days, load({}).trace_rows) == (30, 500)
    given = load({"PUFFLING_TRACE_DAYS": "7", "PUFFLING_TRACE_ROWS": "100"})
    assert (given.trace_days, given.trace_rows) == (7, 100)


@pytest.mark.parametrize("value", ["0", "-1", "1.5", "many"])
@pytest.mark.parametrize("name", ["PUFFLING_TRACE_DAYS", "PUFFLING_TRACE_ROWS"])
def test_nonsense_is_refused_with_the_fix(name: str, value: str) -> None:
    with pytest.raises(BadSetting, match=rf"{name} is .*use a whole number"):
        load({name: value})


def test_the_mail_server() -> None:
    assert load({}).smtp_url == ""
    url = "smtps://user:secret@mail.example.com:465"
    assert load({"PUFFLING_SMTP_URL": url}).smtp_url == url
    assert load({"PUFFLING_MAIL_FROM": ""}).mail_from == "Puffling <puffling@localhost>"
    with pytest.raises(BadSetting, match="PUFFLING_SMTP_URL cannot be used") as caught:
        load({"PUFFLING_SMTP_URL": "https://user:secret@mail.example.com"})
    assert "secret" not in str(caught.value)
