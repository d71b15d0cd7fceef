"""No secret reaches the log, by whatever way it tries."""

from __future__ import annotations

import io
import json
import logging
import logging.config

import pytest
import structlog

from accounts.secrets import new_secret
from puffling_site.logs import configure

CANARY = "canary7Zq3pXw9Lk2VbN5rT8yU1oM4"
WAYS = [
    {"password": CANARY},
    {"api_key": CANARY, "nested": {"refresh_token": CANARY}},
    {"headers": {"Authorization": f"Bearer {CANARY}"}},
    {"text": f"Authorization: Bearer {CANARY}"},
    {"text": f"Authorization: Token pfl_{CANARY}"},
    {"text": f"sent pfl_{CANARY} to the wrong place"},
    {"text": f"key sk-{CANARY}"},
    {"url": f"postgresql://puffling:{CANARY}@db/puffling"},
    {"url": f"redis://:{CANARY}@cache:6379/0"},
    {"request": f"GET /login/link/{CANARY}/"},
    {"rows": [{"secret": CANARY}, f"Bearer {CANARY}"]},
    {"text": f'{{"password": "{CANARY}"}}'},
    {"text": f"password={CANARY}&next=/"},
]


@pytest.fixture
def written(capsys: pytest.CaptureFixture[str]) -> io.StringIO:
    configure(json=True, level="INFO")
    stream = io.StringIO()
    handler = logging.getLogger().handlers[0]
    assert isinstance(handler, logging.StreamHandler)
    handler.setStream(stream)
    yield stream
    configure(json=False, level="WARNING")


@pytest.mark.parametrize("fields", WAYS)
def test_structured_fields_are_redacted(written: io.StringIO, fields: dict[str, object]) -> None:
    structlog.get_logger("test").warning("something happened", **fields)
    assert "something happened" in written.getvalue()
    assert CANARY not in written.getvalue()


@pytest.mark.parametrize("fields", WAYS)
def test_plain_log_lines_are_redacted(written: io.StringIO, fields: dict[str, object]) -> None:
    logging.getLogger("test").warning("got %s", next(iter(fields.values())) if "text" in fields else fields)
    assert CANARY not in written.getvalue()


def test_tracebacks_are_redacted(written: io.StringIO) -> None:
    try:
        raise ValueError(f"refused: Bearer {CANARY}")
    except ValueError:
        logging.getLogger("test").exception("failed")
    assert json.loads(written.getvalue())["event"] == "failed"
    assert CANARY not in written.getvalue()


def test_our_own_secrets_have_a_shape_that_is_redacted(written: io.StringIO) -> None:
    secret = new_secret("pfl_")
    logging.getLogger("test").warning("token %s was refused", secret)
    assert secret not in written.getvalue()


def test_not_ready_yet_is_an_answer_and_no_error(written: io.StringIO, rf):
    """Asked every second while Puffling starts; any other 503 is still an error in the log."""
    log = logging.getLogger("django.request")
    for path in ("/readyz", "/api/orders/"):
        said = {"status_code": 503, "request": rf.get(path)}
        log.error("%s: %s", "Service Unavailable", path, extra=said)
        structlog.get_logger("django_structlog").error("request_finished", code=503, request=f"GET {path}")
    lines = written.getvalue().splitlines()
    assert len(lines) == 2
    assert all("/api/orders/" in line for line in lines)
