"""A pooled grown canvas does not tell where the contact is; a cropped one does."""

import pytest
import torch

from tactile_equiv.lessons.global_pooling import POOLINGS

LESSON = "global_pooling"


@pytest.mark.parametrize("pooling", POOLINGS)
def test_pooling_the_grown_canvas_forgets_the_place(table, pooling):
    assert table(LESSON).value(pooling, "grown") <= 1e-6


@pytest.mark.parametrize(
    "pooling", ["max", "average", "sum", "root sum of squares", "correlations"]
)
def test_pooling_the_cropped_map_drifts_at_the_border(table, pooling):
    assert table(LESSON).value(pooling, "cropped") > 0.01


def test_sums_stay_between_taxels_and_a_maximum_does_not(table):
    parts = "parts of a taxel"
    for pooling in ("sum", "root sum of squares"):
        assert table(LESSON).value(pooling, parts) < 0.005
    assert table(LESSON).value("max", parts) > 3 * table(LESSON).value("correlations", parts)
    assert table(LESSON).value("max", parts) > 5 * table(LESSON).value("sum", parts)


def test_only_an_average_and_log_sum_exp_depend_on_the_size_of_the_skin(table):
    for pooling in ("max", "sum", "root sum of squares", "correlations"):
        assert table(LESSON).value(pooling, "twice the skin") == pytest.approx(1, abs=1e-6)
    canvas, wide = 42 * 42, 42 * 78
    assert table(LESSON).value("average", "twice the skin") == pytest.approx(canvas / wide)
    assert table(LESSON).value("log-sum-exp", "twice the skin") > 1.02


def test_a_sum_counts_contacts_and_a_maximum_does_not(table):
    two = "two contacts"
    assert table(LESSON).value("sum", two) == pytest.approx(2)
    assert table(LESSON).value("root sum of squares", two) == pytest.approx(2**0.5)
    assert table(LESSON).value("max", two) == 1
    assert table(LESSON).value("correlations", two) == pytest.approx(1, abs=1e-6)


def test_every_pooling_forgets_the_order_of_the_cells():
    features = torch.rand(3, 50, dtype=torch.float64)
    for pooling in POOLINGS.values():
        assert torch.allclose(pooling(features), pooling(features.flip(1)))


def test_correlations_tell_what_lies_together_and_sums_do_not():
    together, apart = torch.zeros(2, 8), torch.zeros(2, 8)
    together[:, 3] = apart[0, 3] = apart[1, 6] = 1.0
    for pooling in ("max", "sum", "root sum of squares"):
        assert torch.equal(POOLINGS[pooling](together), POOLINGS[pooling](apart))
    assert float(POOLINGS["correlations"](together)) == 1.0
    assert float(POOLINGS["correlations"](apart)) == 0.0


def test_a_sum_is_blind_to_edges_and_a_root_sum_of_squares_is_not():
    contact = torch.rand(9, 9, dtype=torch.float64)
    edges = torch.nn.functional.pad(contact, (1, 1)).diff(dim=1).reshape(1, -1)  # (1, 9 * 10)
    assert abs(float(POOLINGS["sum"](edges))) < 1e-12
    assert float(POOLINGS["root sum of squares"](edges)) > 1
