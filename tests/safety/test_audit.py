"""The audit log: sealed as it is written, refused to everybody who would change it."""

from __future__ import annotations

import itertools
from concurrent.futures import ThreadPoolExecutor

import pytest
from django.db import IntegrityError, connection, transaction

from accounts.models import User
from portfolios.models import Portfolio
from safety import switch
from safety.audit import append, chains_of
from safety.chain import GENESIS, Line, digest, portfolio_chain, user_chain
from safety.models import AuditChain, AuditEntry
from safety.policies import update_policy
from tests.safety.making import NOW


def line(subject: str = "x", **data: object) -> Line:
    return Line(at=NOW, kind="note", subject=subject, actor="ann", data=data)


def test_entries_follow_each_other(ann: User) -> None:
    append(user_chain(ann.pk), [line("a"), line("b")])
    append(user_chain(ann.pk), [line("c", n=1)])
    entries = list(AuditEntry.objects.order_by("seq"))
    assert [(entry.seq, entry.subject) for entry in entries] == [(1, "a"), (2, "b"), (3, "c")]
    assert [entry.prev_hash for entry in entries] == [GENESIS, entries[0].hash, entries[1].hash]
    assert entries[2].hash == digest(f"user:{ann.pk}", 3, line("c", n=1), entries[1].hash)
    head = AuditChain.objects.get()
    assert (head.key, head.user, head.seq, head.hash) == (f"user:{ann.pk}", ann, 3, entries[2].hash)


def test_each_chain_has_its_owner(ann: User, bob: User, portfolio: Portfolio) -> None:
    for chain in (user_chain(bob.pk), portfolio_chain(portfolio.pk), user_chain(None)):
        append(chain, [line()])
    assert dict(AuditChain.objects.values_list("key", "user")) == {
        f"user:{bob.pk}": bob.pk,
        f"portfolio:{portfolio.pk}": ann.pk,
        "global": None,
    }
    assert {chain.key for chain in chains_of(ann)} == {f"portfolio:{portfolio.pk}", "global"}


def test_three_statements_however_many_lines(ann: User, django_assert_num_queries) -> None:
    append(user_chain(ann.pk), [line()])
    with django_assert_num_queries(3):
        append(user_chain(ann.pk), [line(str(number)) for number in range(200)])
    assert AuditChain.objects.get().seq == 201


def test_nothing_is_no_entry(ann: User, django_assert_num_queries) -> None:
    with django_assert_num_queries(0):
        append(user_chain(ann.pk), [])


def test_it_is_undone_with_what_it_tells(ann: User) -> None:
    with pytest.raises(RuntimeError), transaction.atomic():
        append(user_chain(ann.pk), [line()])
        raise RuntimeError
    assert not AuditChain.objects.exists()
    assert not AuditEntry.objects.exists()


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE safety_auditentry SET actor = 'eve'",
        "DELETE FROM safety_auditentry",
        "TRUNCATE safety_auditentry",
        "DELETE FROM safety_auditchain",
        "UPDATE safety_auditchain SET seq = 0",
        "UPDATE safety_auditchain SET key = 'global'",
    ],
)
def test_the_database_refuses(ann: User, statement: str) -> None:
    append(user_chain(ann.pk), [line()])
    with pytest.raises(IntegrityError, match="audit"), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(statement)
    assert AuditEntry.objects.get().actor == "ann"


def test_switches_and_limits_are_in_it(ann: User, portfolio: Portfolio) -> None:
    update_policy(user=ann, changes={"max_daily_trades": 3}, actor="ann", now=NOW)
    update_policy(user=ann, changes={"max_daily_trades": 2}, actor="ann", now=NOW, portfolio=portfolio)
    where = {"scope": "portfolio", "scope_id": str(portfolio.pk), "user": ann, "actor": "ann", "now": NOW}
    switch.kill(**where, reason="strange")
    switch.resume(**where, word="RESUME")
    switch.set_trading_state(**where, state="halted")
    entries = AuditEntry.objects.order_by("seq")
    reach = f"portfolio:{portfolio.pk}"
    assert [(entry.kind, entry.subject, entry.actor) for entry in entries] == [
        ("policy", "policy", "ann"),
        ("policy", f"policy:{portfolio.pk}", "ann"),
        ("kill", reach, "ann"),
        ("resume", reach, "ann"),
        ("trading_state", reach, "ann"),
    ]
    assert entries[2].data["note"] == "strange"
    assert entries[4].data["after"]["trading_state"] == "halted"


@pytest.mark.django_db(transaction=True)
def test_writers_at_the_same_time_make_one_chain(ann: User) -> None:
    def write(number: int) -> None:
        try:
            for _ in range(10):
                append(user_chain(ann.pk), [line(str(number))])
        finally:
            connection.close()

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(write, range(4)))
    assert list(AuditEntry.objects.order_by("seq").values_list("seq", flat=True)) == list(range(1, 41))
    hashes = list(AuditEntry.objects.order_by("seq").values_list("prev_hash", "hash"))
    assert all(after[0] == before[1] for before, after in itertools.pairwise(hashes))
