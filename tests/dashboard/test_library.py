"""Files and templates on the pages."""

from __future__ import annotations

from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from automation.blueprints.registry import BLUEPRINTS
from automation.models import Action
from automation.transfer.writing import export_rules
from common.clock import now
from portfolios.ledger import open_position
from portfolios.opening import open_portfolio
from tests.dashboard.making import rule
from tests.orders.making import D, Desk

FILE = "/actions/file/"


def exported(desk: Desk, **changes) -> str:
    action = rule(desk, **changes)
    text = export_rules(user=desk.user, format="yaml")
    Action.objects.filter(pk=action.pk).delete()
    return text


def test_the_page_links_the_exports(site: Client, desk: Desk) -> None:
    page = site.get(FILE).content.decode()
    for format in ("yaml", "json"):
        assert f"/api/actions/export/?format_={format}" in page
        assert site.get(f"/api/actions/export/?format_={format}").status_code == 200
    assert FILE in site.get("/actions/").content.decode()


def test_a_file_is_shown_first_and_made_after(site: Client, desk: Desk) -> None:
    text = exported(desk, notes="two\nlines & <more>", name="imported")
    shown = site.post(FILE, {"file": SimpleUploadedFile("rules.yaml", text.encode())})
    assert shown.status_code == 200
    assert "1 rule would be made" in shown.content.decode()
    assert not Action.objects.exists()
    assert shown.context["text"] == text
    answer = site.post(FILE, {"text": text.replace("\n", "\r\n"), "confirm": "1"}, follow=True)
    assert answer.redirect_chain == [("/actions/", 302)]
    assert "1 rule imported" in answer.content.decode()
    assert Action.objects.get().notes == "two\nlines & <more>"


def test_doubles_can_be_left_out(site: Client, desk: Desk) -> None:
    rule(desk)
    text = export_rules(user=desk.user)
    left_out = site.post(FILE, {"text": text, "skip_existing": "on"})
    assert "0 rules would be made" in left_out.content.decode()
    assert "disabled" in left_out.content.decode()
    told = site.post(FILE, {"text": text}).content.decode()
    assert "The same as your rule" in told


def test_every_mistake_is_on_the_page_and_nothing_is_made(site: Client, desk: Desk) -> None:
    text = exported(desk).replace("quantity: '10'", "quantity: none").replace("threshold: '90'", "treshold: '90'")
    answer = site.post(FILE, {"text": text, "confirm": "1"})
    page = answer.content.decode()
    assert answer.status_code == 422
    assert "Nothing was imported" in page
    assert "trigger_params.treshold" in page
    assert "is not a number" in page
    for bad in ({"text": "a: &b"}, {"text": ""}, {"file": SimpleUploadedFile("r.yaml", b"\xff")}, {}):
        assert site.post(FILE, bad).status_code == 422
    assert not Action.objects.exists()


def test_the_gallery_and_every_form(site: Client, desk: Desk) -> None:
    gallery = site.get("/actions/templates/").content.decode()
    for name, blueprint in BLUEPRINTS.items():
        assert blueprint.title in gallery
        page = site.get(f"/actions/templates/{name}/").content.decode()
        for field in blueprint.fields:
            assert f'name="{field.name}"' in page
    assert site.get("/actions/templates/nothing/").status_code == 404


def test_a_template_is_shown_first_and_made_after(site: Client, desk: Desk) -> None:
    open_position(portfolio=desk.portfolio, symbol="AAPL", quantity=D(10), price=D(100), at=now(), now=now())
    path, typed = "/actions/templates/bracket/", {"symbol": "aapl", "target_percent": "20", "mode": "monitor"}
    shown = site.post(path, typed).content.decode()
    assert "at or above $120" in shown
    assert "Make 2 rules" in shown
    assert not Action.objects.exists()
    answer = site.post(path, {**typed, "confirm": "1"}, follow=True)
    assert answer.redirect_chain == [("/actions/", 302)]
    assert set(Action.objects.values_list("mode", "instrument_id")) == {("monitor", "AAPL")}


def test_a_refusal_lands_on_its_field(site: Client, desk: Desk) -> None:
    answer = site.post("/actions/templates/stop_loss/", {"symbol": "MSFT", "confirm": "1"})
    assert answer.status_code == 422
    assert "is not held" in answer.context["form"].errors["symbol"][0]
    wrong = site.post("/actions/templates/stop_loss/", {"symbol": "MSFT", "mode": "yolo"})
    assert wrong.status_code == 422
    assert not Action.objects.exists()


def test_the_portfolio_is_asked_for_when_there_are_more(site: Client, desk: Desk) -> None:
    assert 'name="portfolio"' not in site.get("/actions/templates/dca_weekly/").content.decode()
    second = open_portfolio(user=desk.user, name="Second", cash=D(5), now=now())
    assert "Second" in site.get("/actions/templates/dca_weekly/").content.decode()
    typed = {"symbol": "AAPL", "amount_usd": "5", "portfolio": str(second.pk), "mode": "auto", "confirm": "1"}
    site.post("/actions/templates/dca_weekly/", typed)
    assert Action.objects.get().portfolio == second
