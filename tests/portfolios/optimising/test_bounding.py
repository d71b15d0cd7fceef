"""Weights within bounds and as decimals."""

from __future__ import annotations

from decimal import Decimal

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from portfolios.optimising.bounding import rounded, within

D = Decimal


def test_what_a_bound_takes_the_others_share_in_proportion() -> None:
    found = within(np.array([0.6, 0.3, 0.1]), np.zeros(3), np.array([0.4, 1.0, 1.0]))
    assert found.tolist() == pytest.approx([0.4, 0.45, 0.15])


def test_thirds_are_rounded_to_sum_to_one() -> None:
    assert rounded(np.full(3, 1 / 3), [D(0)] * 3, [D(1)] * 3) == [D("0.3334"), D("0.3333"), D("0.3333")]


@settings(max_examples=1000, deadline=None)
@given(
    seed=st.integers(min_value=0, max_value=2**32),
    size=st.integers(min_value=2, max_value=30),
    low=st.integers(min_value=0, max_value=300),
    spread=st.integers(min_value=0, max_value=5000),
)
def test_they_sum_to_exactly_one_within_the_bounds(seed: int, size: int, low: int, spread: int) -> None:
    parts = np.random.default_rng(seed).uniform(0.001, 1, size)
    least, most = D(low) / 10_000, min(D(-(-10_000 // size) + spread) / 10_000, D(1))
    bounds = [least] * size, [most] * size
    weights = rounded(within(parts, np.full(size, float(least)), np.full(size, float(most))), *bounds)
    assert sum(weights) == 1
    assert all(least <= weight <= most for weight in weights)
