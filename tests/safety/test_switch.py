"""Switches reach what they should, nobody else's, and a kill is complete when it returns."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from uuid import uuid4

import pytest
from django.db import DatabaseError, connection, transaction

from accounts.models import User
from common.errors import InvalidInput, NotFound
from live.models import Event
from portfolios.models import Portfolio
from portfolios.opening import open_portfolio
from safety import switch
from safety.models import SafetyEvent, Switch
from tests.safety.making import NOW, D

HOW = {"reason": "panic", "actor": "ann", "now": NOW}


def killed(user: User, **reach: object) -> tuple[str, ...]:
    return switch.view(user_id=user.pk, **reach).killed  # type: ignore[arg-type]


def test_everything_is_off_and_active_at_first(ann: User) -> None:
    seen = switch.view(user_id=ann.pk)
    assert (seen.killed, seen.trading_state) == ((), "active")
    switch.ensure_switches(ann)
    switch.ensure_switches(ann)
    assert Switch.objects.count() == 2


def test_each_scope_reaches_its_own(ann: User, bob: User, root: User, portfolio: Portfolio) -> None:
    action = uuid4()
    switch.kill(scope="portfolio", scope_id=str(portfolio.pk), user=ann, **HOW)
    switch.kill(scope="action", scope_id=str(action), user=ann, **HOW)
    switch.kill(scope="agent", user=ann, **HOW)
    assert killed(ann) == ()
    assert killed(ann, portfolio_id=portfolio.pk) == ("portfolio",)
    assert killed(ann, action_id=action) == ("action",)
    assert killed(ann, portfolio_id=portfolio.pk, action_id=action, agent=True) == ("portfolio", "action", "agent")
    assert killed(ann, portfolio_id=uuid4(), action_id=uuid4()) == ()
    switch.kill(scope="user", user=ann, **HOW)
    assert killed(ann) == ("user",)
    assert killed(bob, portfolio_id=portfolio.pk, action_id=action, agent=True) == ()
    switch.kill(scope="global", user=root, **HOW)
    assert killed(bob) == ("global",)
    assert killed(ann, agent=True) == ("global", "user", "agent")


def test_the_command_line_may_kill_everything(ann: User) -> None:
    switch.kill(scope="global", user=None, reason="", actor="cli", now=NOW)
    assert killed(ann) == ("global",)
    assert Event.objects.filter(user=ann, topic="safety", kind="kill").exists()


def test_the_strictest_trading_state_holds(ann: User, portfolio: Portfolio) -> None:
    switch.set_trading_state(scope="user", user=ann, state="reducing", **HOW)
    assert switch.view(user_id=ann.pk, portfolio_id=portfolio.pk).trading_state == "reducing"
    switch.set_trading_state(scope="portfolio", scope_id=str(portfolio.pk), user=ann, state="halted", **HOW)
    assert switch.view(user_id=ann.pk, portfolio_id=portfolio.pk).trading_state == "halted"
    assert switch.view(user_id=ann.pk).trading_state == "reducing"
    with pytest.raises(InvalidInput, match="'asleep' is not a state"):
        switch.set_trading_state(scope="user", user=ann, state="asleep", **HOW)


def test_resuming_needs_the_word(ann: User) -> None:
    switch.kill(scope="user", user=ann, **HOW)
    with pytest.raises(InvalidInput, match="type RESUME"):
        switch.resume(scope="user", user=ann, word="resume", **HOW)
    assert killed(ann) == ("user",)
    switch.resume(scope="user", user=ann, word="RESUME", **HOW)
    assert killed(ann) == ()


def test_every_change_is_logged_and_announced_once(ann: User) -> None:
    first = switch.kill(scope="user", user=ann, **HOW)
    again = switch.kill(scope="user", user=ann, **HOW)
    assert (first.epoch, again.epoch) == (1, 1)
    switch.resume(scope="user", user=ann, word="RESUME", actor="ann", now=NOW)
    assert list(SafetyEvent.objects.order_by("id").values_list("user_id", "kind", "actor", "before", "after")) == [
        (ann.pk, "kill", "ann", before(ann, killed=False), before(ann, killed=True)),
        (ann.pk, "resume", "ann", before(ann, killed=True), before(ann, killed=False)),
    ]
    assert [event.kind for event in Event.objects.filter(user=ann, topic="safety").order_by("id")] == ["kill", "resume"]


def before(user: User, **values: object) -> dict[str, object]:
    return {"scope": "user", "scope_id": str(user.pk), **values}


def test_nobody_switches_what_is_not_theirs(ann: User, bob: User, portfolio: Portfolio) -> None:
    action = uuid4()
    switch.kill(scope="action", scope_id=str(action), user=ann, **HOW)
    for scope, scope_id in (
        ("portfolio", str(portfolio.pk)),
        ("user", str(ann.pk)),
        ("agent", str(ann.pk)),
        ("action", str(action)),
    ):
        with pytest.raises(NotFound):
            switch.resume(scope=scope, scope_id=scope_id, user=bob, word="RESUME", actor="bob", now=NOW)
    with pytest.raises(switch.NotAllowed, match="Only an administrator"):
        switch.kill(scope="global", user=bob, **HOW)
    assert killed(ann, action_id=action) == ("action",)


@pytest.mark.parametrize(("scope", "scope_id"), [("planet", ""), ("portfolio", "x"), ("action", "")])
def test_what_cannot_be_meant_is_refused(ann: User, scope: str, scope_id: str) -> None:
    with pytest.raises(InvalidInput):
        switch.kill(scope=scope, scope_id=scope_id, user=ann, **HOW)
    with pytest.raises(InvalidInput, match="Say whose"):
        switch.kill(scope="user", user=None, **HOW)


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE safety_safetyevent SET actor = 'nobody'",
        "DELETE FROM safety_safetyevent",
        "TRUNCATE safety_safetyevent",
    ],
)
def test_the_database_refuses_to_change_the_log(ann: User, statement: str) -> None:
    switch.kill(scope="user", user=ann, **HOW)
    with pytest.raises(DatabaseError, match="append-only"), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")  # TRUNCATE waits for no deferred foreign keys
        cursor.execute(statement)


def test_the_lock_needs_a_transaction(ann: User) -> None:
    with ThreadPoolExecutor(1) as pool, pytest.raises(RuntimeError, match="open one"):
        pool.submit(switch.share_lock, ann.pk).result()  # another thread: outside the test's transaction


def submit_until(stop: threading.Event, user_id: int, portfolio: Portfolio, sent: list[str]) -> int:
    """A submitter: lock, read, act, commit; over and over without a pause. Returns how often it read "off"."""
    count = 0
    try:
        while not stop.is_set():
            with transaction.atomic():
                switch.share_lock(user_id)
                if not switch.view(user_id=user_id, portfolio_id=portfolio.pk).killed:
                    sent.append("sent")
                    count += 1
                    with connection.cursor() as cursor:
                        cursor.execute("SELECT pg_sleep(0.01)")
                    sent.append("recorded")
    finally:
        connection.close()
    return count


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("scope", ["global", "user", "portfolio"])
def test_after_a_kill_nothing_that_read_off_is_under_way(scope: str) -> None:
    """Six submitters never pause, so that their locks always overlap: the kill must neither starve nor leak."""
    user = User.objects.create_superuser("ann")
    portfolio = open_portfolio(user=user, name="Main", cash=D(1), now=NOW)
    switch.ensure_switches(user)
    scope_id = str(portfolio.pk) if scope == "portfolio" else ""
    for _ in range(3):
        stop, sent = threading.Event(), []
        with ThreadPoolExecutor(6) as pool:
            submitters = [pool.submit(submit_until, stop, user.pk, portfolio, sent) for _ in range(6)]
            while len(sent) < 20:
                assert not any(submitter.done() for submitter in submitters)
            switch.kill(scope=scope, scope_id=scope_id, user=user, **HOW)
            when_killed = list(sent)
            stop.wait(0.1)
            stop.set()
            assert sum(submitter.result() for submitter in submitters) == len(sent) / 2
        assert sent == when_killed
        assert when_killed.count("sent") == when_killed.count("recorded")
        switch.resume(scope=scope, scope_id=scope_id, user=user, word="RESUME", actor="ann", now=NOW)


@pytest.mark.django_db(transaction=True)
def test_one_users_kill_does_not_wait_for_another_user() -> None:
    ann, bob = User.objects.create_user("ann"), User.objects.create_user("bob")
    with transaction.atomic():
        switch.share_lock(ann.pk)
        with ThreadPoolExecutor(1) as pool:

            def kill() -> Switch:
                try:
                    return switch.kill(scope="user", user=bob, **HOW)
                finally:
                    connection.close()

            assert pool.submit(kill).result(timeout=5).killed


@pytest.mark.django_db(transaction=True)
def test_a_submission_that_does_not_end_is_said_and_the_switch_is_on() -> None:
    ann = User.objects.create_user("ann")
    switch.ensure_switches(ann)

    def kill() -> Switch:
        try:
            with connection.cursor() as cursor:
                cursor.execute("SET lock_timeout = '200ms'")
            return switch.kill(scope="user", user=ann, **HOW)
        finally:
            connection.close()

    with transaction.atomic(), ThreadPoolExecutor(1) as pool:
        switch.share_lock(ann.pk)
        with pytest.raises(switch.NotDrained, match="The switch is set"):
            pool.submit(kill).result(timeout=5)
    assert killed(ann) == ("user",)
