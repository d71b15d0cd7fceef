"""Every sentence of the table, and what must never come of any text."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent.parse.grammar import parse
from automation.triggers.registry import TRIGGERS
from tests.agent.parse.sentences import ASKED, DRAFTS, REFUSED
from tests.agent.parse.world import TICKERS, reading


def test_the_table_is_long_enough() -> None:
    assert len(DRAFTS) >= 150
    assert len(ASKED) + len(REFUSED) >= 40


@pytest.mark.parametrize(("sentence", "drafts"), DRAFTS, ids=[sentence for sentence, _ in DRAFTS])
def test_understood(sentence: str, drafts: list[dict[str, Any]]) -> None:
    parsed = parse(sentence, reading())
    assert [dict(draft) for draft in parsed.drafts] == drafts
    assert parsed.complete
    for draft in parsed.drafts:
        kind, params = draft["trigger_type"], draft["trigger_params"]
        if kind in TRIGGERS and not {"goal", "strategy"} & params.keys():
            TRIGGERS[kind].parse(params)  # a trigger takes them as they are


@pytest.mark.parametrize(("sentence", "fields"), ASKED, ids=[sentence for sentence, _ in ASKED])
def test_asked_back(sentence: str, fields: list[str]) -> None:
    parsed = parse(sentence, reading())
    assert sorted(question.field for question in parsed.questions) == fields
    assert not parsed.complete


@pytest.mark.parametrize(("sentence", "code"), REFUSED, ids=[sentence for sentence, _ in REFUSED])
def test_refused(sentence: str, code: str) -> None:
    parsed = parse(sentence, reading())
    assert parsed.refused is not None
    assert (parsed.refused.code, parsed.drafts) == (code, ())


def test_the_two_sentences_of_the_design() -> None:
    sell = parse("Sell 10 AAPL if price drops below 150 by Friday", reading()).drafts[0]
    assert sell["valid_until"] == "2026-11-27T18:00:00+00:00", "13:00 in New York: the day after Thanksgiving"
    buy = parse("Buy $2000 of MSFT when it rises 3% today", reading()).drafts[0]
    assert (buy["amount_usd"], buy["trigger_params"]["window"]) == ("2000", "1d")


def test_times_without_a_zone_are_the_users() -> None:
    parsed = parse("Sell 20 MSFT at 3:55pm", reading(zone="Europe/Berlin"))
    assert parsed.drafts[0]["trigger_params"] == {"time": "15:55", "timezone": "Europe/Berlin"}
    assert "15:55 is in your time zone, Europe/Berlin." in parsed.assumed


def test_by_friday_on_friday_evening_is_the_next_one_and_says_so() -> None:
    evening = datetime(2026, 11, 27, 22, tzinfo=UTC)
    parsed = parse("Sell 10 AAPL if price drops below 150 by Friday", reading(evening))
    assert parsed.drafts[0]["valid_until"] == "2026-12-04T21:00:00+00:00"
    assert any("has passed" in note for note in parsed.assumed)


@given(st.text(max_size=200))
def test_any_text_is_answered(text: str) -> None:
    parsed = parse(text, reading())
    assert parsed.complete or parsed.questions or parsed.refused


WORDS = [*(word for sentence, _ in DRAFTS for word in sentence.split()), "zebra", "don't", "unless", "or", "next"]


@given(st.lists(st.sampled_from(WORDS), min_size=1, max_size=14))
def test_shuffled_words_never_become_more_than_was_said(words: list[str]) -> None:
    """Whatever the order: what is complete has a known symbol, one positive size, and no word was passed over."""
    parsed = parse(" ".join(words), reading())
    if not parsed.complete:
        return
    for draft in parsed.drafts:
        assert draft["action_type"] in {"BUY", "SELL", "NOTIFY", "REBALANCE"}
        assert draft.get("symbol") in {None, *TICKERS}
        sizes = {"quantity", "amount_usd", "percent_of_position", "percent_of_equity"} & draft.keys()
        assert len(sizes) == (1 if draft["action_type"] in ("BUY", "SELL") else 0)
    assert "zebra" not in words or any("zebra" in str(draft.get("message")) for draft in parsed.drafts)
    assert "don't" not in words or any("don't" in str(draft.get("message")) for draft in parsed.drafts)
