"""Pointwise operations commute with shifts; what differs from taxel to taxel does not."""

import pytest


@pytest.mark.parametrize("operation", ["GELU", "dead-zone", "log(1 + x)", "x / peak of the frame"])
def test_the_same_function_at_every_taxel_commutes_with_shifts(table, operation):
    assert table("pointwise").value(operation, "shift error") == 0


@pytest.mark.parametrize("operation", ["gain of each taxel", "x + its column"])
def test_a_function_that_differs_between_taxels_does_not(table, operation):
    assert table("pointwise").value(operation, "shift error") > 0.1


def test_a_scale_from_the_frame_forgets_the_load(table):
    load = "peak at half load"
    assert table("pointwise").value("x / peak of the frame", load) == 1
    assert table("pointwise").value("GELU", load) < 0.6
