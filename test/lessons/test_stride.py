"""A stride is exact on its lattice and nowhere else; no stride is exact everywhere."""

import pytest

from tactile_equiv.lessons.stride import SHIFTS, TRUNKS

LESSON = "stride"
STRIDED = [name for name in TRUNKS if not name.startswith("no stride")]


@pytest.mark.parametrize("trunk", [name for name in TRUNKS if name not in STRIDED])
def test_without_a_stride_every_shift_is_exact(table, trunk):
    for column in (*map(str, SHIFTS), "pooled"):
        assert table(LESSON).value(trunk, column) < 1e-6, column


@pytest.mark.parametrize("trunk", STRIDED)
def test_a_stride_is_exact_on_its_lattice_only(table, trunk):
    stride = TRUNKS[trunk]().stride
    for shift in SHIFTS:
        error = table(LESSON).value(trunk, str(shift))
        assert error < 1e-6 if shift % stride == 0 else error > 0.03, (shift, error)


@pytest.mark.parametrize("trunk", STRIDED)
def test_global_pooling_does_not_take_all_of_it_away(table, trunk):
    assert table(LESSON).value(trunk, "pooled") > 0.001
