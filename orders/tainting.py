"""Which runs of the agent had read text nobody vouches for. The agent's room, above this one, says it.

Fails closed: as long as nobody can say it, every run is tainted.
"""

from __future__ import annotations

from collections.abc import Callable, Collection

Reader = Callable[[Collection[str]], frozenset[str]]


def _nobody_knows(run_ids: Collection[str]) -> frozenset[str]:
    return frozenset(run_ids)


class _Socket:
    reader: Reader = staticmethod(_nobody_knows)


def use_taint(reader: Reader) -> None:
    """`reader` gives those of some runs (`source_id` of orders) that are tainted or not known. Called by the wiring."""
    _Socket.reader = staticmethod(reader)


def tainted(run_ids: Collection[str]) -> frozenset[str]:
    """Those of the runs whose orders must not be sent without a person."""
    return _Socket.reader(run_ids)
