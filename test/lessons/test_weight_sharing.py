"""Shared weights know every place; weights of their own know the places that were taught."""

import pytest

LESSON = "weight_sharing"


@pytest.mark.parametrize("taught", ["nothing", "left half", "everywhere"])
def test_a_convolution_commutes_with_shifts_whatever_it_was_taught(table, taught):
    row = f"convolution, {taught}"
    assert table(LESSON).value(row, "shift error") <= 1e-6
    assert table(LESSON).value(row, "left") == pytest.approx(table(LESSON).value(row, "right"))


@pytest.mark.parametrize("taught", ["nothing", "left half", "everywhere"])
def test_a_locally_connected_layer_does_not(table, taught):
    assert table(LESSON).value(f"locally connected, {taught}", "shift error") > 0.3


def test_what_the_left_half_teaches_holds_at_the_right_end_only_with_shared_weights(table):
    assert table(LESSON).value("convolution, left half", "right") < 0.12
    assert table(LESSON).value("locally connected, left half", "left") < 0.15
    assert table(LESSON).value("locally connected, left half", "right") > 0.8


def test_the_same_contacts_teach_shared_weights_better(table):
    alone = table(LESSON).value("locally connected, everywhere", "right")
    assert alone > 1.3 * table(LESSON).value("convolution, everywhere", "right")


def test_only_weights_of_their_own_grow_with_the_skin(table):
    rows = {cells[0]: cells[-2:] for cells in table(LESSON).rows}
    assert rows["convolution, nothing"] == ("26", "26")
    assert rows["locally connected, nothing"] == (f"{26 * 24**2:,}", f"{26 * 48**2:,}")
