"""A sum of pooled features counts touches, not sensors."""

import pytest

from tactile_equiv.lessons.many_sensors import CHANGES


@pytest.mark.parametrize("change", CHANGES)
def test_a_sum_does_not_mind(table, change):
    assert table("many_sensors").value("sum", change) <= 1e-6


def test_side_by_side_the_order_counts(table):
    assert table("many_sensors").value("concatenation", "other order") > 0.3
    assert table("many_sensors").value("concatenation", "palm for tip") > 0.3


def test_a_mean_is_diluted_and_a_maximum_does_not_count(table):
    assert table("many_sensors").value("mean", "six idle more") == pytest.approx(0.5)
    assert table("many_sensors").value("maximum", "palm and tip") == pytest.approx(1)
    assert table("many_sensors").value("sum", "palm and tip") == pytest.approx(2)
