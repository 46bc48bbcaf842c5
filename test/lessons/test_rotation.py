"""A group network turns with the skin; a plain one only learns to bear turns."""

import pytest

EXACT = ("the same, four passes averaged", "C4", "D4")


@pytest.mark.parametrize("network", EXACT)
def test_a_quarter_turn_turns_the_map_and_leaves_the_rest(table, network):
    figures = table("rotation")
    assert figures.value(network, "90: map") <= 1e-5
    assert figures.value(network, "90: pooled") <= 1e-5
    assert figures.value(network, "90: class changes") == 0


def test_a_plain_network_does_not_turn_whatever_it_was_fitted_to(table):
    for network in ("plain", "fitted to turns"):
        assert table("rotation").value(network, "90: map") > 0.3
        assert table("rotation").value(network, "90: pooled") > 0.05
        assert table("rotation").value(network, "90: class changes") > 0.01
    assert table("rotation").value("plain", "right at 90") < 0.6


def test_only_d4_does_not_mind_a_mirror(table):
    assert table("rotation").value("D4", "mirror: pooled") <= 1e-5
    assert table("rotation").value("C4", "mirror: pooled") > 0.01


def test_45_degrees_is_not_covered(table):
    for network in EXACT:
        assert table("rotation").value(network, "right at 90") > 0.85
        assert table("rotation").value(network, "right at 45") < 0.8
