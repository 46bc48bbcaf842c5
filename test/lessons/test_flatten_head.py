"""A pooled head knows every place from one; a flattened head knows the place it was taught."""

import pytest

from tactile_equiv.lessons.position_training import FLATTENED, GROWING, STRIDED

LESSON = "flatten_head"


def test_global_pooling_taught_at_one_place_knows_every_place(table):
    right = [table(LESSON).value(GROWING, f"d={distance}") for distance in range(5)]
    assert right == pytest.approx(5 * right[:1]) and right[0] > 0.9
    assert table(LESSON).value(GROWING, "flips") == 0


@pytest.mark.parametrize("network", [FLATTENED, STRIDED])
def test_a_flattened_head_knows_only_the_place_it_was_taught(table, network):
    assert table(LESSON).value(network, "d=0") > 0.85
    assert table(LESSON).value(network, "d=4") < 0.55
    assert table(LESSON).value(network, "flips") > 0.05


def test_only_the_pooled_head_is_the_same_on_a_larger_skin(table):
    by_name = {row[0]: row[-2:] for row in table(LESSON).rows}
    assert by_name[GROWING] == ("51", "51")
    assert by_name[FLATTENED] == (f"{3 * (8 * 20**2 + 1):,}", f"{3 * (8 * 52**2 + 1):,}")
