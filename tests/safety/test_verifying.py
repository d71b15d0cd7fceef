"""Whoever writes past Puffling is found: each test does what an intruder with the database's password could do."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from io import StringIO
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.db import connection

from accounts.models import User
from alerts.models import Alert
from safety import verifying
from safety.audit import append
from safety.chain import Line, user_chain
from safety.models import AuditChain
from safety.verifying import Verified, verify, verify_recent
from tests.safety.making import NOW

LATER = NOW + timedelta(hours=1)


def write(user: User, count: int) -> None:
    lines = [
        Line(at=NOW, kind="note", subject=f"s{number}", actor="ann", data={"n": number}) for number in range(count)
    ]
    append(user_chain(user.pk), lines)


@pytest.fixture(autouse=True)
def small_batches(monkeypatch: pytest.MonkeyPatch) -> None:
    """Several batches per walk."""
    monkeypatch.setattr(verifying, "BATCH", 4)


@pytest.fixture
def log(ann: User, bob: User) -> int:
    """Ten entries of Ann's, three of Bob's. Returns Ann's chain."""
    write(ann, 10)
    write(bob, 3)
    return AuditChain.objects.get(user=ann).pk


@contextmanager
def intruder() -> Iterator[Any]:
    """The table's owner may switch its triggers off."""
    tables = ("safety_auditentry", "safety_auditchain")
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")  # or PostgreSQL would not alter a table with pending checks
        for table in tables:
            cursor.execute(f"ALTER TABLE {table} DISABLE TRIGGER USER")
        yield cursor.execute
        for table in tables:
            cursor.execute(f"ALTER TABLE {table} ENABLE TRIGGER USER")


def found(user: User, **how: Any) -> Verified:
    return next(one for one in verify(now=NOW, **how) if one.chain == user_chain(user.pk))


def test_nothing_wrong(log: int, ann: User, bob: User) -> None:
    assert [(one.chain, one.checked, one.damage) for one in verify(now=NOW)] == [
        (user_chain(ann.pk), 10, ""),
        (user_chain(bob.pk), 3, ""),
    ]
    chain = AuditChain.objects.get(pk=log)
    assert (chain.verified_seq, chain.verified_hash, chain.verified_at) == (10, chain.hash, NOW)


DAMAGE = [
    (
        "UPDATE safety_auditentry SET data = '{{\"n\": 99}}' WHERE chain_id = {0} AND seq = 6",
        6,
        "(note, s5) was changed",
    ),
    ("UPDATE safety_auditentry SET actor = 'anm' WHERE chain_id = {0} AND seq = 1", 1, "was changed"),
    (
        "UPDATE safety_auditentry SET at = at + interval '1 microsecond' WHERE chain_id = {0} AND seq = 10",
        10,
        "changed",
    ),
    ("UPDATE safety_auditentry SET hash = repeat('a', 64) WHERE chain_id = {0} AND seq = 4", 4, "was changed"),
    ("DELETE FROM safety_auditentry WHERE chain_id = {0} AND seq = 5", 5, "Entry 5 is missing."),
    ("DELETE FROM safety_auditentry WHERE chain_id = {0} AND seq BETWEEN 3 AND 8", 3, "Entries 3 to 8 are missing."),
    ("DELETE FROM safety_auditentry WHERE chain_id = {0} AND seq > 8", 9, "Entries 9 to 10 are missing."),
    ("DELETE FROM safety_auditentry WHERE chain_id = {0}", 1, "Entries 1 to 10 are missing."),
    (
        "UPDATE safety_auditentry SET seq = CASE seq WHEN 5 THEN 106 WHEN 6 THEN 105 END "
        "WHERE chain_id = {0} AND seq IN (5, 6); "
        "UPDATE safety_auditentry SET seq = seq - 100 WHERE chain_id = {0} AND seq > 100",
        5,
        "does not follow entry 4",
    ),
    (
        "INSERT INTO safety_auditentry (chain_id, seq, at, actor, source, kind, subject, data, prev_hash, hash) "
        "SELECT chain_id, 11, at, actor, source, kind, subject, data, hash, repeat('b', 64) FROM safety_auditentry "
        "WHERE chain_id = {0} AND seq = 10",
        11,
        "added past the chain's end",
    ),
    (
        "DELETE FROM safety_auditentry WHERE chain_id = {0} AND seq = 10; UPDATE safety_auditchain SET seq = 9 "
        "WHERE id = {0}",
        9,
        "the end was replaced",
    ),
]


@pytest.mark.parametrize(("statement", "seq", "says"), DAMAGE, ids=[f"{says} {seq}" for _, seq, says in DAMAGE])
def test_damage_is_found_and_named(log: int, ann: User, bob: User, statement: str, seq: int, says: str) -> None:
    with intruder() as execute:
        execute(statement.format(log))
    broken = found(ann)
    assert (broken.seq, broken.damage) == (seq, broken.damage)
    assert says in broken.damage
    assert found(bob).damage == ""
    assert AuditChain.objects.get(pk=log).damage == broken.damage
    alert = Alert.objects.get(user=ann)
    assert (alert.severity, alert.title) == ("critical", "The audit log is damaged")
    assert broken.damage in alert.body
    found(ann)
    assert Alert.objects.count() == 1  # once per place
    assert not Alert.objects.filter(user=bob).exists()


def test_a_removed_chain_leaves_its_entries(log: int, ann: User) -> None:
    with intruder() as execute:
        execute(f"DELETE FROM safety_auditchain WHERE id = {log}")
    assert [one.damage for one in verify(now=NOW) if one.damage] == [
        "Entry 1 is there, its chain is not: the chain's head was deleted."
    ]


def test_the_sweeper_goes_on_where_it_stopped(log: int, ann: User, root: User) -> None:
    assert verify_recent(NOW) == 0
    assert found(ann).checked == 10
    assert list(verify(now=NOW, since_last=True)) == []
    write(ann, 2)
    assert [one.checked for one in verify(now=NOW, since_last=True)] == [2]
    write(ann, 1)
    with intruder() as execute:
        execute(f"UPDATE safety_auditentry SET kind = 'nothing' WHERE chain_id = {log} AND seq = 13")
    assert verify_recent(LATER) == 1
    assert AuditChain.objects.get(pk=log).verified_seq == 12
    assert {alert.user for alert in Alert.objects.all()} == {ann, root}  # and every administrator


@pytest.mark.parametrize(
    ("statement", "says"),
    [
        ("DELETE FROM safety_auditentry WHERE chain_id = {0} AND seq = 10", "Entry 10 is missing"),
        ("UPDATE safety_auditentry SET hash = repeat('a', 64) WHERE chain_id = {0} AND seq = 10", "was replaced"),
    ],
)
def test_the_sweeper_sees_that_the_last_verified_entry_is_gone(log: int, ann: User, statement: str, says: str) -> None:
    verify_recent(NOW)
    with intruder() as execute:
        execute(statement.format(log))
    assert says in found(ann, since_last=True).damage


def test_only_a_whole_walk_takes_damage_back(log: int, ann: User) -> None:
    with intruder() as execute:
        execute(f"UPDATE safety_auditentry SET actor = 'eve' WHERE chain_id = {log} AND seq = 2")
    verify_recent(NOW)
    assert "Entry 2" in AuditChain.objects.get(pk=log).damage
    with intruder() as execute:
        execute(f"UPDATE safety_auditentry SET actor = 'ann' WHERE chain_id = {log} AND seq = 2")
    verify_recent(NOW)
    assert AuditChain.objects.get(pk=log).damage
    assert found(ann).damage == ""
    assert AuditChain.objects.get(pk=log).damage == ""


def test_a_run_may_be_limited(log: int, ann: User) -> None:
    assert [one.checked for one in verify(now=NOW, since_last=True, limit=6)] == [6]
    assert AuditChain.objects.get(pk=log).verified_seq == 6
    assert sum(one.checked for one in verify(now=LATER, since_last=True)) == 7


def run(*arguments: str) -> str:
    out = StringIO()
    call_command("verify_audit", *arguments, stdout=out)
    return out.getvalue()


def test_the_command(log: int, ann: User) -> None:
    assert "13 entries in 2 chains: nothing was changed." in run()
    listed = json.loads(run("--json"))
    assert listed[0]["head_hash"] == AuditChain.objects.get(pk=log).hash
    assert "0 entries" in run("--since-last")


def test_the_command_fails_and_names_the_entry(log: int, ann: User) -> None:
    with intruder() as execute:
        execute(f"UPDATE safety_auditentry SET actor = 'eve' WHERE chain_id = {log} AND seq = 7")
    out = StringIO()
    with pytest.raises(CommandError, match="1 of 2 chains are damaged") as failed:
        call_command("verify_audit", stdout=out)
    assert failed.value.returncode == 1
    assert f"user:{ann.pk}: Entry 7 (note, s6) was changed" in out.getvalue()
    with pytest.raises(CommandError):
        call_command("verify_audit", "--json", stdout=(out := StringIO()))
    assert json.loads(out.getvalue())[0]["seq"] == 7
