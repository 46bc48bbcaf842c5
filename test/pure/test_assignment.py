"""The pairs of least total cost."""

from itertools import permutations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tactile_equiv.assignment import EXACT, assigned


def total(pairs, costs, lefts, alone):
    return sum(costs[pair] for pair in pairs.items()) + alone * (lefts - len(pairs))


def least(costs, side, alone):
    """By trying everything: rights beyond `side` stand for none."""
    return min(
        sum(costs.get((left, right), alone) for left, right in enumerate(order[:side]))
        for order in permutations(range(2 * side), side)
    )


@given(
    st.dictionaries(
        st.tuples(st.integers(0, 3), st.integers(0, 3)), st.integers(0, 8).map(float), max_size=16
    )
)
def test_no_other_pairs_cost_less(costs):
    found = assigned(costs, 8.0)
    assert len(set(found.values())) == len(found)
    assert set(found.items()) <= set(costs)
    assert total(found, costs, 4, 8.0) == least(costs, 4, 8.0)


def test_two_near_pairs_go_before_a_nearest_one():
    assert assigned({(0, 0): 0.2, (0, 1): 0.9, (1, 0): 0.1, (1, 1): 0.3}, 2.0) == {0: 0, 1: 1}


def test_a_left_stays_alone_rather_than_move_another_far_away():
    assert assigned({(0, 0): 0.0, (0, 1): 1.2, (1, 0): 1.2}, 2.0) == {0: 0}


@pytest.mark.parametrize("side", [7, 40])
def test_large_groups_are_paired_from_the_cheapest_on(side):
    costs = {(a, b): abs(a - b) / side for a in range(side) for b in range(side)}
    assert len(costs) > EXACT
    assert assigned(costs, 2.0) == {k: k for k in range(side)}


def test_nothing_is_paired_with_nothing():
    assert assigned({}, 1.0) == {}
