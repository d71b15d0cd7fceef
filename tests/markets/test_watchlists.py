from __future__ import annotations

import pytest

from common.errors import Conflict, NotFound
from markets import subscriptions, watchlists


def test_add_list_remove(stocks, user, other_user):
    watchlists.add(user=user, symbol=" spy ")
    watchlists.add(user=user, symbol="AAPL")
    watchlists.add(user=user, symbol="SPY")
    assert [item.instrument_id for item in watchlists.of(user)] == ["SPY", "AAPL"]
    assert not watchlists.of(other_user)
    watchlists.remove(user=user, symbol="spy")
    assert [item.instrument_id for item in watchlists.of(user)] == ["AAPL"]


def test_unknown_symbols_and_other_peoples_lists(stocks, user, other_user):
    with pytest.raises(NotFound):
        watchlists.add(user=user, symbol="NOPE")
    watchlists.add(user=user, symbol="AAPL")
    with pytest.raises(NotFound, match="not on your watchlist"):
        watchlists.remove(user=other_user, symbol="AAPL")


def test_a_list_can_be_full(stocks, user, monkeypatch):
    monkeypatch.setattr(watchlists, "MOST", 1)
    watchlists.add(user=user, symbol="AAPL")
    watchlists.add(user=user, symbol="AAPL")
    with pytest.raises(Conflict, match="remove one"):
        watchlists.add(user=user, symbol="SPY")


def test_feeds_hear_about_everybodys_symbols(stocks, user, other_user):
    watchlists.add(user=user, symbol="AAPL")
    watchlists.add(user=other_user, symbol="AAPL")
    watchlists.add(user=other_user, symbol="SPY")
    assert {"AAPL", "SPY"} <= subscriptions.wanted()


def test_providers_are_joined_and_names_are_taken_once(stocks, monkeypatch):
    monkeypatch.setattr(subscriptions, "_providers", {})

    def rules():
        return {"AAPL"}

    subscriptions.register("rules", rules)
    subscriptions.register("rules", rules)  # the same again, as when a module is imported twice
    subscriptions.register("pages", lambda: {"SPY", "AAPL"})
    assert subscriptions.wanted() == {"AAPL", "SPY"}
    assert subscriptions.names() == ["pages", "rules"]
    with pytest.raises(ValueError, match="'rules' is already registered"):
        subscriptions.register("rules", set)
