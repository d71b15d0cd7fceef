"""Write the audit log: append-only, and each entry sealed by the hash of the one before it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from uuid import UUID

from django.db import transaction
from django.db.models import Q, QuerySet

from accounts.models import User
from common.bulk import insert_columns
from portfolios.models import Portfolio
from safety.chain import GENESIS, GLOBAL, Line, digest
from safety.models import AuditChain, AuditEntry

ACTOR, SOURCE, SUBJECT = 80, 100, 80  # what the columns hold


def append(chain: str, lines: Sequence[Line]) -> None:
    """Keep `lines`, in this order, with the transaction of what they tell.

    Three statements however many lines. The chain's head stays locked until the transaction ends: append what belongs
    together at once. Use `safety.chain.user_chain` or `portfolio_chain` for the name; hold the portfolio's lock for
    the latter.
    """
    if not lines:
        return
    with transaction.atomic(savepoint=False):
        head = _head(chain)
        kept = [_fitted(line) for line in lines]
        hashes = [head.hash]
        for seq, line in enumerate(kept, head.seq + 1):
            hashes.append(digest(chain, seq, line, hashes[-1]))
        count = len(kept)
        insert_columns(
            AuditEntry,
            {
                "chain_id": [head.pk] * count,
                "seq": range(head.seq + 1, head.seq + 1 + count),
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
        AuditChain.objects.filter(pk=head.pk).update(seq=head.seq + count, hash=hashes[-1])


def chains_of(user: User) -> QuerySet[AuditChain]:
    """The chains a user may read: their own, and the one of everybody's switch."""
    return AuditChain.objects.filter(Q(user=user) | Q(user=None))


def _head(chain: str) -> AuditChain:
    """The locked head of a chain; made if this is its first entry."""
    heads = AuditChain.objects.select_for_update(no_key=True)
    found = heads.filter(key=chain).first()
    if found is None:
        made = AuditChain(key=chain, user_id=_owner(chain), hash=GENESIS, verified_hash=GENESIS)
        AuditChain.objects.bulk_create([made], ignore_conflicts=True)
        found = heads.get(key=chain)
    return found


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
