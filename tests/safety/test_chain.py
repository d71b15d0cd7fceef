"""The bytes an audit entry is sealed by."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta, timezone
from typing import Any

import pytest

from safety.chain import GENESIS, Line, canonical, digest, portfolio_chain, user_chain
from tests.safety.making import NOW

LINE = Line(
    at=NOW, kind="policy", subject="policy", actor="ann", source="api", data={"b": 1, "a": ["ä", None, True, "1.5"]}
)


def test_the_bytes_do_not_depend_on_how_it_was_stored() -> None:
    elsewhere = NOW.astimezone(timezone(timedelta(hours=9)))
    turned = replace(LINE, at=elsewhere, data=dict(reversed(list(LINE.data.items()))))
    assert canonical("user:1", 1, turned, GENESIS) == canonical("user:1", 1, LINE, GENESIS)
    assert (
        canonical("user:1", 1, LINE, GENESIS)
        == (
            '["user:1",1,"2026-11-20T15:00:00.000000+00:00","ann","api","policy","policy",'
            f'{{"a":["ä",null,true,"1.5"],"b":1}},"{GENESIS}"]'
        ).encode()
    )


@pytest.mark.parametrize(
    "other",
    [
        {"at": datetime.fromisoformat("2026-11-20T15:00:00.000001+00:00")},
        {"kind": "polic"},
        {"subject": "policy "},
        {"actor": "bob"},
        {"source": ""},
        {"data": {"b": 2, "a": ["ä", None, True, "1.5"]}},
    ],
)
def test_every_field_counts(other: dict[str, Any]) -> None:
    assert digest("user:1", 1, replace(LINE, **other), GENESIS) != digest("user:1", 1, LINE, GENESIS)


def test_so_do_chain_place_and_predecessor() -> None:
    sealed = digest("user:1", 1, LINE, GENESIS)
    others = {digest("user:2", 1, LINE, GENESIS), digest("user:1", 2, LINE, GENESIS), digest("user:1", 1, LINE, sealed)}
    assert len({sealed, *others}) == 4


def test_what_json_cannot_hold_is_refused() -> None:
    with pytest.raises(ValueError, match="not JSON compliant"):
        digest("user:1", 1, replace(LINE, data={"price": float("nan")}), GENESIS)


def test_names() -> None:
    assert (user_chain(7), user_chain(None), portfolio_chain("x")) == ("user:7", "global", "portfolio:x")
