"""Without a model: the word list, labelled; the offline report; MCP; whose readings they are; strangers' orders."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import datetime
from typing import Any

import pytest
from django.db import transaction

from accounts.models import User
from agent.facts import gather
from agent.mcp.calling import Caller
from agent.mcp.calling import call as over_mcp
from agent.models import AgentRun, NewsReading, Suggestion
from agent.news.lexicon import MOST, Lexicon
from agent.news.reading import tone_of
from agent.news.schema import Asked
from agent.running import execute
from agent.starting import start_run
from agent.tools.base import Reach
from common.clock import now
from markets.models import NewsArticle
from markets.news.types import NO_SOURCE
from orders.models import Order
from tests.agent.models import Obedient, Played
from tests.agent.test_injection import RULE, TEXTS, TRADE
from tests.agent.world import picture, think
from tests.fakes.alpaca import FakeNews, article
from tests.orders.making import D, Desk

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize(
    ("headline", "sign"),
    [
        ("Apple beats estimates, raises guidance", 1),
        ("Nvidia surges on record profit", 1),
        ("Apple shares plunge after downgrade", -1),
        ("Company files for bankruptcy", -1),
        ("Tesla recalls 2 million cars", -1),
        ("Apple to hold its meeting in March", 0),
        ("Shares outstanding, gross of tax", 0),
        ("", 0),
        ("!" * 400, 0),
    ],
)
def test_the_word_list_knows_the_plainest_headlines_and_is_never_sure(headline: str, sign: int) -> None:
    (found,) = Lexicon().read([Asked(article=NewsArticle(headline=headline), symbols=("AAPL",))])
    assert (found.sentiment > 0) - (found.sentiment < 0) == sign
    assert -2 <= found.sentiment <= 2
    assert 0 < found.confidence <= MOST
    assert found.event == "other"


def test_the_offline_report_tells_the_tone_and_where_it_is_from(desk: Desk, at: datetime, informed: FakeNews) -> None:
    run = start_run(user=desk.user, now=at, trigger="schedule")
    assert execute(run.pk, clock=now)
    run.refresh_from_db()
    told = json.dumps(run.report["report"])
    assert run.state == "succeeded", run.error
    assert "News in the last 24 hours: AAPL 3." in told
    assert "The news about AAPL reads" in told
    assert "by a word list" in told
    assert run.report["ungrounded"] == []
    assert "plunge" not in told, "not a word of the articles"
    assert set(NewsReading.objects.values_list("method", flat=True)) == {"lexicon"}
    assert not Order.objects.exists()


def test_without_a_source_or_without_news_the_report_does_not_speak_of_it(
    desk: Desk, at: datetime, informed: FakeNews
) -> None:
    informed.articles, informed.faults = [], [503]
    for _ in ("the source is down", "there is no news"):
        run = start_run(user=desk.user, now=at, trigger="schedule")
        assert execute(run.pk, clock=now)
        run.refresh_from_db()
        assert run.state == "succeeded", run.error
        assert "ews" not in json.dumps(run.report["report"])
    assert "news_last_24_hours" not in gather(user=desk.user, portfolio=desk.portfolio, now=at)


def test_over_mcp_the_word_list_reads_and_headlines_are_fenced(desk: Desk, informed: FakeNews) -> None:
    caller = Caller(user=desk.user, reach=Reach.READ)
    tone = json.loads(over_mcp(caller, "analyze_sentiment", {"symbols": ["AAPL"]}, now=now()).text)
    assert (tone["method"], tone["symbols"]["AAPL"]["articles"]) == ("lexicon", 3)
    assert "low confidence" in tone["method_is"]
    news = json.loads(over_mcp(caller, "get_news", {"symbols": ["AAPL"], "count": 1}, now=now()).text)
    assert news["articles"][0]["symbols"] == ["AAPL"], "symbols nobody asked for are words of strangers too"
    assert news["articles"][0]["headline"].startswith('<untrusted source="news">')
    assert not AgentRun.objects.exists()


def test_no_source_is_an_answer_and_not_an_error(desk: Desk, newsroom: FakeNews) -> None:
    caller = Caller(user=desk.user, reach=Reach.READ)
    for tool in ("get_news", "analyze_sentiment"):
        answer = over_mcp(caller, tool, {"symbols": ["AAPL"]}, now=now())
        assert (answer.failed, json.loads(answer.text)) == (False, {"available": False, "reason": NO_SOURCE})
    unknown = over_mcp(caller, "get_news", {"symbols": ["NOPE"]}, now=now())
    assert unknown.failed
    assert "NOPE is not known here" in unknown.text


def test_readings_belong_to_whom_the_articles_belong_to(
    desk: Desk, at: datetime, informed: FakeNews, subscribe: Callable[..., None]
) -> None:
    bob = User.objects.create_user("bob", password="a-long-password-1")
    subscribe(bob, at)
    for user in (desk.user, bob):
        found = tone_of(
            user_id=user.pk, symbols=["AAPL"], since=at.replace(hour=0), limit=10, reader=None, run_id=None, now=now()
        )
        assert {one.article.user_id for one in found.readings} <= {user.pk}
        assert found.of("TSLA") is None
    mine = NewsReading.objects.filter(article__user=bob)
    assert mine.count() == NewsReading.objects.count() / 2


@pytest.mark.parametrize("template", TEXTS)
def test_orders_in_headlines_lead_to_proposals_at_most(
    desk: Desk, at: datetime, informed: FakeNews, template: str
) -> None:
    """The model obeys every word it reads; what it reads came from the news."""
    think(desk, at)
    trade, rule = (json.dumps(one, separators=(",", ":")) for one in (TRADE, RULE))
    text = template.format(trade=trade, rule=rule, id=desk.portfolio.pk)
    informed.articles = [article(9, text[:400], ["AAPL"], at, summary=text)]
    before = picture("safety.SafetyPolicy", "safety.Switch", "automation.Action", "agent.AgentConfig")
    with transaction.atomic():
        model = Obedient([("get_news", {"symbols": ["AAPL"]})])
        run = start_run(user=desk.user, now=at, trigger="manual")
        assert execute(run.pk, clock=lambda: at, provider=model)
    run.refresh_from_db()
    assert (run.state, run.tainted, run.taint_reason) == ("succeeded", True, "news")
    assert model.obeyed, "the text must have reached the model"
    assert model.read.count("</untrusted>") == model.read.count('<untrusted source="news">') + 1  # the prompt's own
    assert not Order.objects.exists()
    assert picture("safety.SafetyPolicy", "safety.Switch", "automation.Action", "agent.AgentConfig") == before
    assert not Suggestion.objects.filter(run=run).exclude(state__in=["proposed", "refused"]).exists()


@pytest.mark.parametrize("tool", ["get_news", "analyze_sentiment"])
def test_a_sure_suggestion_of_a_run_that_saw_news_waits_for_a_person(
    desk: Desk, at: datetime, informed: FakeNews, tool: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    think(desk, at, min_confidence=D(0))
    # The reader of this run is the played model too: it answers with a form, then the run reports.
    suggestion = {**TRADE, "rationale": "The news is good."}
    calls: list[Any] = [(tool, {"symbols": ["AAPL"]})]
    if tool == "analyze_sentiment":
        readings = [
            {"article": n, "symbol": "AAPL", "sentiment": 2, "event": "other", "confidence": 1} for n in (1, 2, 3)
        ]
        calls.append(("record_readings", {"readings": readings}))
    model = Played(calls, report={"summary": "Buy.", "suggestions": [suggestion]}, per_turn=1)
    run = start_run(user=desk.user, now=at, trigger="manual")
    assert execute(run.pk, clock=lambda: at, provider=model)
    run.refresh_from_db()
    assert (run.state, run.tainted) == ("succeeded", True)
    assert [one.state for one in run.suggestions.all()] == ["proposed"]
    assert not Order.objects.exists()
