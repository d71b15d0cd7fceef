"""What somebody whose session ended gets: a sign-in for a page, 401 for a part, the way back for a form."""

from __future__ import annotations

from urllib.parse import parse_qs, urlsplit

import pytest
from django.test import Client

pytestmark = pytest.mark.django_db


def test_a_page_leads_to_the_sign_in_and_back() -> None:
    assert Client().get("/orders/?state=open").headers["Location"] == "/login/?next=/orders/%3Fstate%3Dopen"


def test_a_part_is_not_filled_with_a_form() -> None:
    answer = Client(headers={"HX-Request": "true"}).get("/parts/worth/")
    assert answer.status_code == 401
    assert b"<form" not in answer.content


@pytest.mark.parametrize(
    ("referer", "back"), [("http://testserver/safety/", "/safety/"), ("http://elsewhere/x/", "/"), ("", "/")]
)
def test_a_form_sent_too_late_leads_back_to_its_page(referer: str, back: str) -> None:
    answer = Client(headers={"Referer": referer}).post("/safety/state/", {"trading_state": "halted"})
    query = parse_qs(urlsplit(answer.headers["Location"]).query)
    assert (query["next"], query["ended"]) == ([back], ["1"])
    assert b"Your session had ended" in Client().get(answer.headers["Location"]).content
