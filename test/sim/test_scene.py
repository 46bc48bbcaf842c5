"""The laws that the whole of the simulator must keep; the shift law above all."""

import time
from dataclasses import replace

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from tactile_equiv_sim.mechanics import Cover
from tactile_equiv_sim.moves import GridMove, Stage
from tactile_equiv_sim.scene import Contact, Pose, Scene, split
from tactile_equiv_sim.sensor import CameraGel, TaxelArray
from tactile_equiv_sim.surface import FAMILIES, Flat, Ridges

from tactile_equiv.architecture import Architecture
from tactile_equiv.contacts import energy_centroid
from tactile_equiv.errors import SettingsError
from tactile_equiv.network import TactileNetwork, pool
from tactile_equiv.symmetry import map_difference

LAW = settings(deadline=None, derandomize=True, max_examples=12)
PLAIN = sorted(set(FAMILIES) - {"height_map"})
COVER = Cover(thickness_mm=1.0)


def array(rows=20, cols=22, pitch=2.0, **values):
    return Scene(TaxelArray(rows=rows, cols=cols, pitch_mm=pitch, **values), COVER)


def contact(family="ridges", x=20.0, y=19.0, angle=0.0, load=5.0, **values):
    return Contact(FAMILIES[family](**values), Pose(x, y, angle, load))


def everywhere(scene, surface, phase=(0.0, 0.0), load=5.0, angle=0.0):
    """Every contained position, border rows included."""
    move = GridMove(object="it", phase_taxels=phase, load_n=load, angle_deg=np.degrees(angle))
    return [one for (one,) in move.contacts(Stage(scene, {"it": surface}))]


def assert_shifted(frames, truths):
    """Every frame is the first one, shifted by the distance of the true centroids, bit for bit."""
    for frame, truth in zip(frames, truths, strict=True):
        down, right = truth.row - truths[0].row, truth.column - truths[0].column
        shift = round(down), round(right)
        assert abs(down - shift[0]) < 1e-9 and abs(right - shift[1]) < 1e-9
        np.testing.assert_array_equal(frame, np.roll(frames[0], shift, axis=(0, 1)))


@LAW
@given(
    family=st.sampled_from(PLAIN),
    phase=st.tuples(st.floats(-0.5, 0.5), st.floats(-0.5, 0.5)),
    pitch=st.floats(1.3, 3.7),
    angle=st.sampled_from([0.0, 0.3, 1.7, -2.4]),
    load=st.floats(0.5, 20),
    aperture=st.floats(0.5, 1.0),
)
def test_a_shift_by_whole_taxels_shifts_the_frame_bit_for_bit(
    family, phase, pitch, angle, load, aperture
):
    scene = array(18, 19, pitch, aperture_mm=aperture * pitch)
    contacts = everywhere(scene, FAMILIES[family](width_mm=5 * pitch), phase, load, angle)
    seen = [scene.frame([one]) for one in contacts]
    truths = [one.truths[0] for one in seen]
    assert all(truth.contained and not truth.clipped for truth in truths)
    assert_shifted([one.values for one in seen], truths)
    assert_shifted([one.mask for one in seen], truths)
    felt = np.any([one.values > 0 for one in seen], axis=0)
    assert felt[0].any() and felt[-1].any() and felt[:, 0].any() and felt[:, -1].any()


def test_gel_frames_shift_bit_for_bit_too():
    scene = Scene(CameraGel(rows=110, cols=100, mm_per_pixel=0.1), Cover(thickness_mm=0.6))
    move = GridMove(object="it", phase_taxels=(0.2, 0.7), step_taxels=9, angle_deg=20, load_n=0.5)
    stage = Stage(scene, {"it": FAMILIES["dots"](width_mm=6.0, pitch_mm=2.0, diameter_mm=1.4)})
    seen = [scene.frame(one) for one in move.contacts(stage)]
    assert len(seen) > 4 and np.ptp(seen[0].values) > 20
    assert_shifted([one.values for one in seen], [one.truths[0] for one in seen])


@LAW
@given(
    family=st.sampled_from(PLAIN),
    row=st.integers(-12, 12),
    column=st.integers(-12, 12),
    angle=st.sampled_from([0.0, 1.1]),
)
def test_a_contact_beyond_the_border_is_the_cut_contact(family, row, column, angle):
    scene, wide = array(16, 16), array(60, 60)
    here = contact(family, 15.3, 14.9, angle)
    moved = replace(here, pose=replace(here.pose, x_mm=15.3 + 2 * column, y_mm=14.9 + 2 * row))
    far = replace(
        here, pose=replace(here.pose, x_mm=15.3 + 2 * (column + 22), y_mm=14.9 + 2 * (row + 22))
    )
    seen, whole = scene.frame([moved]), wide.frame([far])
    np.testing.assert_array_equal(seen.values, whole.values[22:38, 22:38])
    np.testing.assert_array_equal(seen.mask, whole.mask[22:38, 22:38])
    truth, uncut = seen.truths[0], whole.truths[0]
    assert truth.clipped == (seen.mask.sum() < whole.mask.sum())
    assert truth.contained == (np.count_nonzero(seen.values) == np.count_nonzero(whole.values))
    assert (uncut.row - truth.row, uncut.column - truth.column) == pytest.approx((22, 22))


def test_the_margin_counts_taxels_to_the_border():
    scene = array()
    truth = scene.frame([contact()]).truths[0]
    rows, columns = np.nonzero(truth.mask)
    assert truth.box == (rows.min(), columns.min(), rows.max() + 1, columns.max() + 1)
    assert truth.margin == min(rows.min(), columns.min(), 19 - rows.max(), 21 - columns.max())
    at_border = scene.frame([contact(y=19.0 - 2.0 * truth.margin)]).truths[0]
    beyond = scene.frame([contact(y=19.0 - 2.0 * (truth.margin + 1))]).truths[0]
    assert (at_border.margin, at_border.clipped) == (0, False)
    assert (beyond.margin, beyond.clipped) == (-1, True)


def slide_error(scene, surface, angle=0.0):
    """Rms of frame centroid - true centroid over a slide across two taxels, taxels."""
    errors = []
    for off in np.linspace(0, 4.0, 41):
        seen = scene.frame([Contact(surface, Pose(19.0 + off, 18.0 + off / 3, angle, 5.0))])
        row, column = energy_centroid(seen.values, (0, 0, *seen.values.shape))
        errors.append((row - seen.truths[0].row, column - seen.truths[0].column))
    return float(np.sqrt(np.square(errors).mean()))


@pytest.mark.parametrize("family", PLAIN)
def test_the_centroid_follows_a_sub_taxel_slide(family):
    surface = FAMILIES[family](width_mm=14.0)
    assert slide_error(array(), surface) < 0.02
    assert slide_error(array(), surface, angle=0.4) < 0.01


def test_gaps_between_taxels_cost_little_accuracy():
    assert slide_error(array(aperture_mm=1.6), Flat(width_mm=14.0)) < 0.02


@LAW
@given(
    family=st.sampled_from(PLAIN),
    load=st.floats(0.01, 50),
    angle=st.floats(-7, 7),
    x=st.floats(17, 23),
    y=st.floats(16, 22),
)
def test_the_taxels_carry_the_load(family, load, angle, x, y):
    seen = array().frame([contact(family, x, y, angle, load, width_mm=10.0)])
    assert seen.truths[0].contained
    assert seen.values.sum(dtype=np.float64) == pytest.approx(load, rel=1e-5)


def test_contacts_add_and_each_keeps_its_truth():
    scene = array(30, 40)
    one, other = contact(x=15.0), contact("ring", x=58.0, y=37.0, load=3.0)
    both = scene.frame([one, other])
    alone = [scene.frame([each]) for each in (one, other)]
    np.testing.assert_array_equal(both.values, alone[0].values + alone[1].values)
    np.testing.assert_array_equal(both.mask, alone[0].mask | alone[1].mask)
    assert [truth.label for truth in both.truths] == ["ridges", "ring"]


def test_untouched_skin_is_exactly_zero_and_lifted_objects_leave_no_truth():
    for contacts in ([], [contact(load=0.0)], [contact(load=0.0005)]):
        seen = array().frame(contacts)
        assert not seen.values.any() and not seen.mask.any() and seen.truths == ()


def test_an_object_far_away_is_clipped_and_unseen():
    seen = array().frame([contact(x=500.0)])
    assert not seen.values.any() and not seen.mask.any()
    assert seen.truths[0].clipped and not seen.truths[0].contained


def test_turning_moves_the_centroid_with_the_object():
    scene = array()
    straight, turned = (
        scene.frame([contact("edge", angle=angle)]).truths[0] for angle in (0.0, np.pi / 2)
    )
    off = straight.row - 9.5
    assert off > 0.5 and straight.column == pytest.approx(10, abs=1e-3)
    assert turned.row == pytest.approx(9.5, abs=1e-3)
    assert turned.column == pytest.approx(10 - off, abs=1e-3)


def test_a_whole_turn_changes_nothing():
    scene = array()
    straight, turned = (scene.frame([contact(angle=angle)]).values for angle in (0.0, 2 * np.pi))
    np.testing.assert_array_equal(straight, turned)


def test_frames_do_not_depend_on_the_order_in_which_they_are_made():
    contacts = [contact(family, angle=0.3) for family in ("rough", "weave", "ball")]
    forth = [array().frame([one]).values for one in contacts]
    back = [array().frame([one]).values for one in contacts[::-1]][::-1]
    for one, other in zip(forth, back, strict=True):
        np.testing.assert_array_equal(one, other)


@LAW
@given(whole=st.integers(-1000, 1000), rest=st.integers(-512, 511))
def test_positions_split_into_whole_taxels_and_a_rest(whole, rest):
    assert split(whole + rest / 1024) == (whole, rest / 1024)


def test_a_network_of_this_project_sees_the_shifts_exactly():
    scene = array(18, 18)
    torch.manual_seed(0)
    network = TactileNetwork(Architecture(3, channels=(4, 5), dilations=(1, 2))).eval()
    contacts = everywhere(scene, Ridges(width_mm=8.0, pitch_mm=3.0), (0.3, -0.2), 8.0, 0.5)
    seen = [scene.frame([one]) for one in contacts]
    frames = np.stack([one.values for one in seen])[:, None]
    with torch.inference_mode():
        maps, canvas = network(torch.from_numpy(frames))
        pooled = pool(canvas).numpy()
    truths = [one.truths[0] for one in seen]
    for answer, truth in zip(maps.numpy(), truths, strict=True):
        shift = round(truth.row - truths[0].row), round(truth.column - truths[0].column)
        assert map_difference(answer, maps[0].numpy(), shift) == 0
    assert len({one.tobytes() for one in pooled}) == 1 and len(seen) > 20


@pytest.mark.parametrize(
    ("sensor", "cover", "surface", "limit_ms"),
    [
        (TaxelArray(), COVER, Ridges(width_mm=24.0, pitch_mm=6.0), 10),
        (
            CameraGel(),
            Cover(thickness_mm=2.0, modulus_mpa=0.2),
            Ridges(width_mm=8.0, pitch_mm=1.0, depth_mm=0.3),
            33,
        ),
    ],
)
def test_a_frame_is_made_in_time(sensor, cover, surface, limit_ms):
    scene, times = Scene(sensor, cover), []
    middle = sensor.cols / 2 * sensor.pitch_mm
    contacts = [Contact(surface, Pose(middle + i / 7, middle / 2, i / 5, 4.0)) for i in range(15)]
    scene.prepare(contacts)
    for one in contacts:
        start = time.process_time()
        scene.frame([one])
        times.append(time.process_time() - start)
    assert np.median(times) * 1e3 < limit_ms


@pytest.mark.parametrize(
    "values", [{"x_mm": float("nan")}, {"load_n": -1.0}, {"angle_rad": "right"}, {"y_mm": 1e9}]
)
def test_poses_out_of_range_are_refused(values):
    with pytest.raises(SettingsError):
        Pose(**{"x_mm": 0.0, "y_mm": 0.0, **values})
