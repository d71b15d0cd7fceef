"""Write the audit log: append-only, and each entry sealed by the hash of the one before it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from uuid import UUID

from django.db import connection, transaction
from django.db.models import Q, QuerySet

from accounts.models import User
from common.bulk import insert_columns
from portfolios.models import Portfolio
from safety.chain import GENESIS, GLOBAL, Line, digest
from safety.models import AuditChain, AuditEntry

ACTOR, SOURCE, SUBJECT = 80, 100, 80  # what the columns hold
# By hand: every step of every order comes by here, and building these two anew would cost more than running them.
LOCK_HEAD = "SELECT id, seq, hash FROM safety_auditchain WHERE key = %s FOR NO KEY UPDATE"
MOVE_HEAD = "UPDATE safety_auditchain SET seq = %s, hash = %s WHERE id = %s"


def append(chain: str, lines: Sequence[Line]) -> None:
    """Keep `lines`, in this order, with the transaction of what they tell.

    Three statements however many lines. The chain's head stays locked until the transaction ends: append what belongs
    together at once. Use `safety.chain.user_chain` or `portfolio_chain` for the name; hold the portfolio's lock for
    the latter.
    """
    if not lines:
        return
    with transaction.atomic(savepoint=False):
        chain_id, before, last_hash = _head(chain)
        kept = [_fitted(line) for line in lines]
        hashes = [last_hash]
        for seq, line in enumerate(kept, before + 1):
            hashes.append(digest(chain, seq, line, hashes[-1]))
        count = len(kept)
        insert_columns(
            AuditEntry,
            {
                "chain_id": [chain_id] * count,
                "seq": range(before + 1, before + 1 + count),
                "at": [line.at for line in kept],
                "actor": [line.actor for line in kept],
                "source": [line.source for line in kept],
                "kind": [line.kind for line in kept],
                "subject": [line.subject for line in kept],
                "data": [line.data for line in kept],
                "prev_hash": hashes[:-1],
                "hash": hashes[1:],
            },
        )
        with connection.cursor() as cursor:
            cursor.execute(MOVE_HEAD, [before + count, hashes[-1], chain_id])


def chains_of(user: User) -> QuerySet[AuditChain]:
    """The chains a user may read: their own, and the one of everybody's switch."""
    return AuditChain.objects.filter(Q(user=user) | Q(user=None))


def _head(chain: str) -> tuple[int, int, str]:
    """(id, seq, hash) of a chain whose head is locked from now on; made if this is its first entry."""
    with connection.cursor() as cursor:
        cursor.execute(LOCK_HEAD, [chain])
        found = cursor.fetchone()
        if found is None:
            made = AuditChain(key=chain, user_id=_owner(chain), hash=GENESIS, verified_hash=GENESIS)
            AuditChain.objects.bulk_create([made], ignore_conflicts=True)
            cursor.execute(LOCK_HEAD, [chain])
            found = cursor.fetchone()
    chain_id, seq, last_hash = found
    return chain_id, seq, last_hash


def _owner(chain: str) -> int | None:
    """Whose chain it is; nobody's for the switch of everything."""
    if chain == GLOBAL:
        return None
    kind, _, name = chain.partition(":")
    if kind == "user":
        return int(name)
    return Portfolio.objects.values_list("user_id", flat=True).get(pk=UUID(name))


def _fitted(line: Line) -> Line:
    if len(line.actor) <= ACTOR and len(line.source) <= SOURCE and len(line.subject) <= SUBJECT:
        return line
    return replace(line, actor=line.actor[:ACTOR], source=line.source[:SOURCE], subject=line.subject[:SUBJECT])
