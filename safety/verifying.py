"""Walk the audit chains and say where one is damaged. Memory is bounded by a batch, however long a chain is."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from django.db import transaction
from django.db.models import Exists, F, OuterRef, Q

from accounts.models import User
from alerts.models import Alert
from alerts.raising import NewAlert, raise_alerts
from safety.chain import GENESIS, Line, digest
from safety.models import AuditChain, AuditEntry

BATCH = 2000
PER_RUN = 20_000  # entries the sweeper verifies at once: well below a second, stops must not wait for it
COLUMNS = ("seq", "at", "actor", "source", "kind", "subject", "data", "prev_hash", "hash")


@dataclass(frozen=True, kw_only=True, slots=True)
class Verified:
    """What a walk along one chain found. `damage` is empty when all is well; `seq` is the entry it is about.

    `head_seq` and `head_hash` end the chain: kept elsewhere, they prove later that not even all of it was replaced.
    """

    chain: str
    checked: int
    head_seq: int
    head_hash: str
    seq: int | None = None
    damage: str = ""


@dataclass(frozen=True, slots=True)
class _Place:
    """How far a chain was walked."""

    seq: int
    hash: str


def verify(*, now: datetime, since_last: bool = False, limit: int | None = None) -> Iterator[Verified]:
    """Verify every chain, each from its beginning, or from where the last verification stopped.

    `limit`: stop after about so many entries; the rest is left for the next time. Damage raises a critical alert,
    once per place.
    """
    left = limit
    chains = AuditChain.objects.order_by(F("verified_at").asc(nulls_first=True), "pk")
    if since_last:
        start = AuditEntry.objects.filter(chain=OuterRef("pk"), seq=OuterRef("verified_seq"))
        intact = Exists(start.filter(hash=OuterRef("verified_hash")))
        chains = chains.filter(Q(seq__gt=F("verified_seq")) | Q(~intact, verified_seq__gt=0))
    for pk in list(chains.values_list("pk", flat=True)):
        if left is not None and left <= 0:
            return
        found = verify_one(AuditChain.objects.get(pk=pk), now=now, since_last=since_last, limit=left)
        if left is not None:
            left -= found.checked
        yield found
    if not since_last:
        yield from _strays()


def verify_recent(now: datetime) -> int:
    """What the sweeper does: verify what was added since the last time. Returns how many chains are damaged."""
    return sum(1 for found in verify(now=now, since_last=True, limit=PER_RUN) if found.damage)


def verify_one(chain: AuditChain, *, now: datetime, since_last: bool, limit: int | None = None) -> Verified:
    """Verify one chain as it was when `chain` was read, and remember how far it got."""
    start = _Place(chain.verified_seq, chain.verified_hash) if since_last else _Place(0, GENESIS)
    end = chain.seq if limit is None else min(chain.seq, start.seq + max(limit, 1))
    place, wrong = start, _moved_start(chain, start)
    if wrong is None:
        place, wrong = _walk(chain, start, end)
    if wrong is None and place.seq == chain.seq:
        wrong = _wrong_end(chain, place)
    seq, damage = wrong or (None, "")
    _remember(chain, place, damage, now, whole=not since_last)
    if damage:
        _tell(chain, seq, damage, now)
    return Verified(
        chain=chain.key,
        checked=place.seq - start.seq,
        head_seq=chain.seq,
        head_hash=chain.hash,
        seq=seq,
        damage=damage,
    )


Wrong = tuple[int, str]  # the entry and what is wrong with it


def _moved_start(chain: AuditChain, start: _Place) -> Wrong | None:
    """Whether the last verified entry is still what it was."""
    if start.seq == 0:
        return None
    found = AuditEntry.objects.filter(chain=chain, seq=start.seq).values_list("hash", flat=True).first()
    if found is None:
        return start.seq, f"Entry {start.seq} is missing: it was there at the last verification."
    if found != start.hash:
        return start.seq, f"Entry {start.seq} was replaced since the last verification."
    return None


def _walk(chain: AuditChain, start: _Place, end: int) -> tuple[_Place, Wrong | None]:
    """Follow the chain up to entry `end`; stops at the first entry that does not fit."""
    place = start
    while place.seq < end:
        rows = AuditEntry.objects.filter(chain=chain, seq__gt=place.seq, seq__lte=end).order_by("seq")
        batch = list(rows.values_list(*COLUMNS)[:BATCH])
        if not batch:
            return place, _gap(place.seq + 1, end)
        for seq, at, actor, source, kind, subject, data, prev_hash, own_hash in batch:
            if seq != place.seq + 1:
                return place, _gap(place.seq + 1, seq - 1)
            if prev_hash != place.hash:
                return place, (
                    seq,
                    f"Entry {seq} does not follow entry {seq - 1}: it was moved, or one of the two was replaced.",
                )
            line = Line(at=at, kind=kind, subject=subject, actor=actor, source=source, data=data)
            if digest(chain.key, seq, line, prev_hash) != own_hash:
                return place, (seq, f"Entry {seq} ({kind}, {subject}) was changed after it was written.")
            place = _Place(seq, own_hash)
    return place, None


def _gap(first: int, last: int) -> Wrong:
    return first, f"Entry {first} is missing." if first == last else f"Entries {first} to {last} are missing."


def _wrong_end(chain: AuditChain, place: _Place) -> Wrong | None:
    """Whether the chain ends where its head says."""
    if place.hash != chain.hash:
        return place.seq, f"Entry {place.seq} is not the one the chain ended with: the end was replaced."
    # One statement sees entries and head at one moment, also while somebody writes.
    beyond = AuditEntry.objects.filter(chain=chain, seq__gt=F("chain__seq")).order_by("seq")
    seq = beyond.values_list("seq", flat=True).first()
    return None if seq is None else (seq, f"Entry {seq} was added past the chain's end.")


def _strays() -> Iterator[Verified]:
    """Entries whose chain was removed."""
    stray = AuditEntry.objects.filter(~Exists(AuditChain.objects.filter(pk=OuterRef("chain_id")))).order_by("pk")
    found = stray.values_list("chain_id", "seq").first()
    if found is not None:
        yield Verified(
            chain=f"#{found[0]}",
            checked=0,
            head_seq=0,
            head_hash="",
            seq=found[1],
            damage=f"Entry {found[1]} is there, its chain is not: the chain's head was deleted.",
        )


def _remember(chain: AuditChain, place: _Place, damage: str, now: datetime, *, whole: bool) -> None:
    """Only forwards: another verification may have got further meanwhile. Only a whole walk takes damage back."""
    row = AuditChain.objects.filter(pk=chain.pk)
    if damage or whole:
        row.update(damage=damage, verified_at=now)
    else:
        row.update(verified_at=now)
    row.filter(verified_seq__lt=place.seq).update(verified_seq=place.seq, verified_hash=place.hash)


def _tell(chain: AuditChain, seq: int | None, damage: str, now: datetime) -> None:
    """The owner and every administrator hear of it, once per place."""
    told = User.objects.filter(Q(pk=chain.user_id) | Q(is_superuser=True), is_active=True)
    alerts = [
        NewAlert(
            user_id=user.pk,
            kind=Alert.Kind.SAFETY,
            severity=Alert.Severity.CRITICAL,
            title="The audit log is damaged",
            body=(
                f"{damage} (Chain {chain.key}.) Somebody wrote to the database past Puffling. Stop trading with the "
                "kill switch, keep a copy of the database, and find out who."
            ),
            data={"chain": chain.key, "seq": seq},
            dedupe_key=f"audit:{chain.key}:{seq}:{damage[:40]}",
        )
        for user in told
    ]
    with transaction.atomic():
        raise_alerts(alerts, now)
