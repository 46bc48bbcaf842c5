"""The best cell steps and flickers; the energy centroid glides."""

import pytest

LESSON = "grid_detector"
RMS, STEP = "rms error, taxels", "largest step, taxels"


@pytest.mark.parametrize("stride", [4, 8])
def test_the_best_cell_jumps_by_its_stride(table, stride):
    name = f"best cell, stride {stride}"
    assert table(LESSON).value(name, STEP) == stride
    uniform = stride / 12**0.5  # standard deviation over a cell
    assert table(LESSON).value(name, RMS) == pytest.approx(uniform, rel=0.1)


@pytest.mark.parametrize("name", ["best cell, stride 8", "best cell, stride 4", "best taxel"])
def test_a_still_contact_on_the_edge_of_two_cells_flickers(table, name):
    assert table(LESSON).value(name, "flicker") > 0.2


def test_the_centroid_glides(table):
    assert table(LESSON).value("energy centroid", RMS) < 0.02
    assert table(LESSON).value("energy centroid", STEP) < 0.2  # the contact moves by 0.125
    assert table(LESSON).value("energy centroid", "flicker") == 0


def test_a_learnt_offset_helps_and_stays_behind_the_centroid(table):
    for stride in (4, 8):
        learnt = table(LESSON).value(f"stride {stride}, learnt offset", RMS)
        assert learnt < table(LESSON).value(f"best cell, stride {stride}", RMS) / 2
        assert learnt > 3 * table(LESSON).value("energy centroid", RMS)
