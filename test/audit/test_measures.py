"""What is measured of functions whose errors are known."""

from fractions import Fraction

import functions
import numpy as np
import pytest
from functions import Functions
from hypothesis import given
from hypothesis import strategies as st

from tactile_equiv.audit import AuditError
from tactile_equiv.audit.grids import cell_errors, measure_grids, moved_map
from tactile_equiv.audit.measurements import contacts_of, measure
from tactile_equiv.audit.probe import Probe
from tactile_equiv.audit.shifts import lattice, whole_shifts
from tactile_equiv.audit.stimuli import Stage, recorded_contact, smooth_contact, steep_contact


def measured(*layers, shape=(1, 32, 32), seeds=1, **stage):
    """The measurement of the last of some functions."""
    probe = Probe(Functions(*layers, shape=shape), Stage(shape, **stage))
    return measure(probe, *contacts_of(probe.stage, seeds, None))[-1]


@pytest.mark.parametrize("shape", [(1, 32, 32), (2, 28, 50), (1, 8, 8), (3, 9, 70)])
def test_what_keeps_every_pixel_is_exact(shape):
    found = measured(functions.identity, shape=shape, seeds=5)
    assert found.shift_error == found.border_error == found.ripple_error == 0
    assert found.lattice == (1, 1)
    assert found.border.depth(found.exact) == 0
    assert found.drift < 1e-6


def test_an_unpadded_layer_is_exact_where_it_answers():
    found = measured(functions.neighbours, functions.neighbours)
    assert found.shift_error == found.border_error == 0
    assert found.drift > 0  # what is cut off at the border is missing from the sum


def test_parts_of_a_pixel_are_exact_for_linear_layers_and_not_for_others():
    assert measured(functions.neighbours).part_error < 1e-3
    assert measured(lambda maps: np.maximum(maps, 0.3)).part_error > 0.01


@pytest.mark.parametrize("steps", [(2, 2), (3, 3), (4, 4), (2, 1), (1, 3)])
def test_the_lattice_of_a_stride(steps):
    found = measured(functions.every(*steps))
    assert found.lattice == steps
    assert found.grid.scale == tuple(Fraction(1, step) for step in steps)
    for axis, step in enumerate(steps):
        wrong = {s for s, e in found.shifts.whole[axis].items() if e > found.exact}
        assert wrong == {shift for shift in whole_shifts(32) if shift % step}


def test_a_stride_hidden_by_upsampling_is_seen():
    found = measured(functions.every(2, 2), lambda m: m.repeat(2, axis=2).repeat(2, axis=3))
    assert found.grid.scale == (1, 1)
    assert found.lattice == (2, 2)


def test_upsampling_alone_is_exact():
    found = measured(lambda maps: maps.repeat(2, axis=2).repeat(2, axis=3))
    assert found.grid.scale == (2, 2)
    assert found.shift_error == 0


def test_a_growing_map_keeps_its_scale():
    probe = Probe(
        Functions(lambda m: np.pad(m, ((0, 0), (0, 0), (8, 8), (8, 8)))), Stage((1, 32, 32))
    )
    assert measure_grids(probe)[0].scale == (1, 1)


def test_what_does_not_follow_the_contact_is_told():
    def piled(maps):
        return np.broadcast_to(maps.sum((2, 3), keepdims=True), maps.shape)

    assert measured(piled).grid.follows == (False, False)


def test_a_gain_of_every_cell_breaks_every_shift():
    found = measured(functions.gained)
    assert found.lattice == (None, None)
    assert found.shift_error > 0.05


def test_a_circular_axis_shows_phantoms_along_itself_only():
    phantoms = measured(functions.wrapped_columns).border.phantoms
    assert phantoms["top"] == phantoms["bottom"] == 0
    assert phantoms["right"] > 0.1 or phantoms["left"] > 0.1


@pytest.mark.parametrize("rim", [1, 3])
def test_the_depth_of_a_dead_rim_and_the_contacts_that_feel_it(rim):
    def dead_rim(maps):
        alive = np.zeros(maps.shape[2:])
        alive[rim:-rim, rim:-rim] = 1
        return maps * alive

    found = measured(dead_rim)
    assert found.border.depth(found.exact) == rim
    assert found.shift_error == 0
    for known in found.border.by_distance.values():
        assert {d for d, error in known.items() if error > 0} == set(range(rim))


def test_ripple_at_the_rim_and_everywhere():
    rim, everywhere = measured(functions.zero_rim), measured(functions.ramp)
    assert rim.ripple.anywhere == pytest.approx(0.3, rel=0.2)
    assert rim.ripple.middle == 0
    assert everywhere.ripple.middle == pytest.approx(0.5, rel=0.2)
    assert everywhere.shift_error < 1e-5


def test_turned_maps():
    assert measured(functions.identity).rotation == 0
    assert measured(functions.neighbours).rotation > 0.1
    assert measured(functions.identity, shape=(1, 32, 40)).rotation is None


def test_a_sum_stays_and_halves_flip():
    steady = measured(functions.identity, functions.total)
    assert steady.drift < 1e-6
    assert steady.slides.steps == 2 * 16
    flipping = measured(functions.identity, functions.where_is_it)
    assert flipping.drift > 0.9
    assert flipping.slides.flips == flipping.slides.half_flips == 1
    assert flipping.slides.half_steps == 2 * 32


def test_a_long_way_is_slid_in_parts():
    found = measured(functions.identity, functions.where_is_it, shape=(1, 16, 96)).slides
    assert set(found.drift_by_position[1]) == {*range(13), *range(38, 51), *range(76, 89)}
    assert found.steps == 8 + 3 * 12
    assert found.half_steps == 2 * found.steps
    assert found.flips == 1


def test_a_background_and_an_amplitude_of_another_range():
    found = measured(functions.identity, amplitude=200.0, background=50.0)
    assert found.layer.scale == pytest.approx(200, rel=1e-3)
    assert found.shift_error == 0


def test_rounding_is_told_from_error():
    shifted = measured(lambda maps: maps + 1000)
    assert shifted.layer.noise > 1e-4
    assert shifted.shift_error <= shifted.exact


def test_values_that_are_not_finite_are_refused():
    def spoilt(maps):
        return np.where(maps > 0.9, np.nan, maps)

    with pytest.raises(AuditError, match=r"layer 2 'f2' .* NaN"):
        Probe(Functions(functions.identity, spoilt), Stage((1, 32, 32)))


def test_a_frame_that_depends_on_its_batch_is_refused():
    with pytest.raises(AuditError, match="depend on the others in its batch"):
        Probe(Functions(lambda maps: maps - maps.mean()), Stage((1, 32, 32)))


def test_an_output_that_hears_nothing_is_refused():
    with pytest.raises(AuditError, match="--amplitude"):
        Probe(Functions(lambda maps: np.floor(maps / 100)), Stage((1, 32, 32)))


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"shape": (1, 7, 32)}, "too small"),
        ({"shape": (1, 32, 32), "amplitude": 0.0}, "amplitude"),
        ({"shape": (1, 32, 32), "amplitude": np.nan}, "finite"),
        ({"shape": (1, 32, 32), "background": np.inf}, "finite"),
    ],
)
def test_a_stage_that_shows_nothing_is_refused(values, message):
    with pytest.raises(AuditError, match=message):
        Stage(**values)


@given(step=st.integers(1, 9), worst=st.floats(1e-3, 1))
def test_lattice_is_the_step_of_the_exact_shifts(step, worst):
    errors = {shift: worst if shift % step else 0.0 for shift in range(1, 9)}
    assert lattice(errors, 1e-5) == (step if step <= 8 else None)


def test_nan_belongs_to_no_lattice():
    assert lattice({1: 0.0, 2: float("nan")}, 1e-5) is None
    assert lattice({}, 1e-5) is None


@given(rows=st.integers(-9, 9), columns=st.integers(-9, 9))
def test_a_moved_map_has_no_error_and_another_one_has(rows, columns):
    reference = np.random.default_rng(0).uniform(1, 2, (2, 8, 9))
    seen = np.nan_to_num(
        np.stack([moved_map(p, (Fraction(rows), Fraction(columns))) for p in reference])
    )
    errors, *where = cell_errors(seen, reference, (Fraction(rows), Fraction(columns)))
    assert errors.shape == tuple(span.stop - span.start for span in where)
    assert errors.size == max(8 - abs(rows), 0) * max(9 - abs(columns), 0)
    assert not errors.any()
    assert errors.size == 0 or cell_errors(seen + 1, reference, (rows, columns))[0].min() > 0.99


def test_half_a_cell_is_a_fourier_shift():
    contact = smooth_contact(Stage((1, 32, 32)), 0)
    stage = Stage((1, 32, 32))
    here, there = stage.frame(contact, 8, 8), stage.frame(contact, 8.5, 8)
    errors, *_ = cell_errors(there, here, (Fraction(1, 2), Fraction(0)))
    assert errors.max() < 1e-3
    assert np.abs(there - here).max() > 0.05


def test_contacts_fit_and_differ_by_channel_and_seed():
    stage = Stage((2, 40, 24))
    smooth, steep = smooth_contact(stage, 0), steep_contact(stage, 0)
    assert smooth.shape == (2, 12, 12)
    assert steep.shape == (2, 6, 6)
    assert smooth.max() == steep.max() == 1
    assert (smooth[0] != smooth[1]).any()
    assert (steep != steep_contact(stage, 1)).any()
    assert steep[:, 0].any() and steep[:, :, -1].any()  # touches its own border


def recording(tmp_path, **arrays):
    file = tmp_path / "frames.npz"
    np.savez(file, **arrays)
    return file


def test_a_recorded_contact_is_cut_out(tmp_path):
    frames = np.zeros((3, 20, 30))
    frames[1, 4:9, 6:10] = 40
    found = recorded_contact(recording(tmp_path, frames=frames), Stage((1, 20, 30)), 1)
    assert found.shape == (1, 5, 4)
    assert found.min() == found.max() == 1


@pytest.mark.parametrize(
    ("arrays", "index", "message"),
    [
        ({"labels": np.zeros(3)}, 0, "`frame` or `frames`"),
        ({"frames": np.zeros((2, 20, 30))}, 0, "untouched"),
        ({"frames": np.zeros((2, 20, 30))}, 5, "none numbered 5"),
        ({"frame": np.ones((20, 30))}, 0, "half of the 20x30 sensor"),
        ({"frame": np.ones((20, 30, 3))}, 0, "3 channels"),
        ({"frame": np.ones(4)}, 0, r"\(H, W\)"),
        ({"frame": np.array([["a"]])}, 0, "numbers"),
    ],
)
def test_a_recording_that_does_not_fit_is_refused(tmp_path, arrays, index, message):
    with pytest.raises(AuditError, match=message):
        recorded_contact(recording(tmp_path, **arrays), Stage((1, 20, 30)), index)


def test_a_file_that_is_no_recording_is_refused(tmp_path):
    (tmp_path / "text.npz").write_text("no archive")
    with pytest.raises(AuditError, match=r"no \.npz"):
        recorded_contact(tmp_path / "text.npz", Stage((1, 20, 30)))
