"""Blur makes aliasing small, a choice of grid removes it at whole taxels, no stride needs none."""

import pytest

from tactile_equiv.lessons.aliasing import BLURS

LESSON = "aliasing"


@pytest.mark.parametrize("trunk", ["polyphase selection", "no stride", "no stride, ReLU"])
def test_whole_shifts_are_exact_without_a_stride_or_with_a_grid_that_moves_along(table, trunk):
    assert table(LESSON).value(trunk, "map, 1") < 1e-6
    assert table(LESSON).value(trunk, "pooled, 1") < 1e-6


@pytest.mark.parametrize("column", ["map, 1", "pooled, 1", "map, 1/2", "pooled, 1/2"])
def test_every_larger_blur_leaves_less_and_none_leaves_nothing(table, column):
    errors = [table(LESSON).value(f"blur-pool {size}", column) for size in BLURS]
    assert errors == sorted(errors, reverse=True)
    assert errors[0] > 3 * errors[-1] > 1e-4


def test_at_half_a_taxel_a_choice_of_grid_is_no_cure(table):
    chosen = table(LESSON).value("polyphase selection", "map, 1/2")
    assert chosen > 0.5 * table(LESSON).value("blur-pool 1", "map, 1/2")
    assert chosen > 3 * table(LESSON).value("no stride", "map, 1/2")


@pytest.mark.parametrize(("smooth", "kinked"), [
    ("blur-pool 7", "blur-pool 7, ReLU"), ("no stride", "no stride, ReLU"),
])  # fmt: skip
def test_a_smooth_activation_leaves_less(table, smooth, kinked):
    for column in ("map, 1/2", "pooled, 1/2"):
        assert table(LESSON).value(kinked, column) > 1.5 * table(LESSON).value(smooth, column)
