"""A simulated skin round a finger: contacts wind round it, and the check counts places modulo."""

import math
from dataclasses import replace

import numpy as np
import pytest
from tactile_equiv_sim.check.measurement import measure
from tactile_equiv_sim.check.records import Injected, Perceived, SeenContact, TrueContact
from tactile_equiv_sim.check.thresholds import load_thresholds
from tactile_equiv_sim.check.verdict import exit_code, judge
from tactile_equiv_sim.mechanics import Cover, solve
from tactile_equiv_sim.scene import Contact, Pose, Scene, wound
from tactile_equiv_sim.script import load_script, script_from
from tactile_equiv_sim.sensor import TaxelArray
from tactile_equiv_sim.surface import FAMILIES

from tactile_equiv.errors import SettingsError
from tactile_equiv.model import load_model
from tactile_equiv.model_directory import find_model
from tactile_equiv.percept import perceive
from tactile_equiv.shift_scripts import topology_of
from tactile_equiv.topology import apart

FINGER = {"kind": "taxels", "rows": 24, "cols": 16, "topology": "cylinder_rows"}
LINES, PITCH = 24, 2.0
RIDGES = FAMILIES["ridges"](width_mm=12.0, pitch_mm=5.0, depth_mm=0.4)


def finger_of(topology, rows=LINES, columns=16):
    return Scene(TaxelArray(rows=rows, cols=columns, pitch_mm=PITCH, topology=topology), Cover())


def script_of(*moves):
    objects = {
        "marble": {"family": "ball", "width_mm": 14},
        "rod": {"family": "flat", "width_mm": 6},
    }
    values = {"sensor": FINGER, "objects": objects, "moves": list(moves), "rest_frames": 2}
    return script_from(values, None)


@pytest.mark.parametrize(("length", "first"), [(3, 0), (4, 5), (4, -1), (7, 2), (15, 4)])
def test_a_patch_is_wound_round_and_adds_up_where_it_meets(length, first):
    patch = np.random.default_rng(0).integers(1, 9, (length, 2))
    band = wound(patch, first, 6)
    true = np.zeros((6, 2), int)
    for line in range(length):
        true[(first + line) % 6] += patch[line]
    np.testing.assert_array_equal(band, true)


@pytest.mark.parametrize("axis", [0, 1])
def test_a_contact_that_goes_round_by_whole_taxels_gives_turned_frames(axis):
    topology = ("cylinder_rows", "cylinder_cols")[axis]
    scene = finger_of(topology) if axis == 0 else finger_of(topology, 16, LINES)
    middle = 8 * PITCH + 0.3
    frames = []
    for turn in range(-3, 30):
        place = (middle, turn * PITCH + 0.7) if axis == 0 else (turn * PITCH + 0.7, middle)
        frame = scene.frame([Contact(RIDGES, Pose(*place, 0.4, 8.0))])
        (truth,) = frame.truths
        assert truth.contained and not truth.clipped
        around = (truth.row, truth.column)[axis]
        assert 0 <= around < LINES and 0 <= truth.box[axis] < LINES
        assert abs(apart(around, turn + 0.35, LINES)) < 1
        frames.append((turn, frame))
    first = frames[3][1]
    for turn, frame in frames:
        np.testing.assert_array_equal(frame.values, np.roll(first.values, turn, axis))
        np.testing.assert_array_equal(frame.mask, np.roll(first.mask, turn, axis))
        assert frame.periods == (LINES, math.inf)[:: 1 if axis == 0 else -1]


def test_a_finger_ends_at_its_tip_and_base_alone():
    scene = finger_of("cylinder_rows")
    for row in (0, 5, 23.5):
        for column, margin in ((0, -1), (8, 4), (15, -1)):
            pose = Pose(column * PITCH, row * PITCH, 0.0, 5.0)
            (truth,) = scene.frame([Contact(FAMILIES["flat"](width_mm=8.0), pose)]).truths
            assert truth.clipped == (margin < 0)
            assert truth.margin < 0 or truth.margin >= margin


def test_a_thin_finger_presses_a_narrower_line():
    plate = FAMILIES["flat"](width_mm=16.0)
    widths = []
    for rows in (200, 24, 12):
        frame = finger_of("cylinder_rows", rows).frame(
            [Contact(plate, Pose(15.0, 2 * PITCH, 0.0, 8.0))]
        )
        widths.append(int(frame.mask.any(axis=1).sum()))
        assert frame.mask.any(axis=0).sum() >= 8  # as long as the plate
        assert frame.values.sum() == pytest.approx(8.0, rel=1e-3)
    assert widths[0] > widths[1] >= widths[2]


def test_the_bend_follows_the_finger_however_the_object_is_turned():
    """Pressed by a ball, which looks the same from all sides, a turn changes nothing."""
    ball = FAMILIES["ball"](width_mm=12.0)
    scene = finger_of("cylinder_rows")
    frames = [
        scene.frame([Contact(ball, Pose(15.0, 24.0, angle, 8.0))]).values
        for angle in (0.0, 0.7, math.pi / 2)
    ]
    assert frames[0].shape == (24, 16)
    for frame in frames[1:]:
        assert np.abs(frame - frames[0]).max() < 0.03 * frames[0].max()
    along, around = frames[0].sum(axis=0), frames[0].sum(axis=1)
    assert (along > 0.01 * along.max()).sum() > (around > 0.01 * around.max()).sum()


def test_a_flat_skin_is_solved_as_before():
    cover = Cover()
    flat = solve(RIDGES, cover, 0.5, 8.0)
    assert solve(RIDGES, cover, 0.5, 8.0, None).stress.tobytes() == flat.stress.tobytes()


def test_rolling_goes_round_and_along():
    script = script_of(
        {"move": "roll", "object": "marble", "turns": -2, "along_mm": 4, "steps": 97}
    )
    poses = [step.contacts[0].pose for step in script if step.contacts]
    x, y = np.array([(pose.x_mm, pose.y_mm) for pose in poses]).T
    assert len(poses) == 97
    assert (x[0], y[0], x[-1] - x[0], y[-1] - y[0]) == (15.0, 23.0, 4.0, -2 * LINES * PITCH)
    np.testing.assert_allclose(np.diff(y), -1.0)


@pytest.mark.parametrize(
    ("topology", "move", "word"),
    [
        ("plane", {"move": "roll", "object": "marble"}, "a plane does not roll"),
        (
            "cylinder_rows",
            {"move": "across_border", "object": "marble", "side": "top"},
            "no border",
        ),
        ("cylinder_cols", {"move": "across_border", "object": "marble"}, "no border"),
        ("torus", {"move": "grid", "object": "marble"}, "cylinder_rows"),
    ],
)
def test_what_does_not_fit_the_sensor_is_refused(topology, move, word):
    objects = {"marble": {"family": "ball", "width_mm": 10}}
    sensor = {**FINGER, "topology": topology}
    with pytest.raises(SettingsError, match=word):
        script_from({"sensor": sensor, "objects": objects, "moves": [move]}, None)


def test_moves_go_all_the_way_round():
    grid = script_of({"move": "grid", "object": "marble", "step_taxels": 2})
    rows = {step.contacts[0].pose.y_mm / PITCH for step in grid if step.contacts}
    assert rows == {*range(0, LINES, 2), LINES - 1}
    walk = script_of({"move": "random_walk", "object": "rod", "step_mm": 6.0, "steps": 300})
    places = np.array(
        [(s.contacts[0].pose.x_mm, s.contacts[0].pose.y_mm) for s in walk if s.contacts]
    )
    assert np.ptp(places[:, 1]) > 2 * LINES * PITCH and np.ptp(places[:, 0]) <= 16 * PITCH
    assert len(
        script_of({"move": "slide", "object": "rod", "from_mm": [15, 90], "to_mm": [15, 99]})
    )


def test_the_topology_of_a_script_is_told_without_the_simulator(tmp_path):
    assert topology_of("finger_roll") == "cylinder_rows"
    assert topology_of("quick") == topology_of("no such script") == "plane"
    for text in (
        "[]",
        "sensor: 3",
        "sensor: {topology: [torus]}",
        "sensor: {topology: torus}",
        "{",
    ):
        (tmp_path / "script.yaml").write_text(text)
        assert topology_of(tmp_path / "script.yaml") == "plane"


@pytest.fixture(scope="module")
def rolled():
    """The shipped script, every third frame of it, as the check hears of it."""
    pytest.importorskip("rclpy")
    from std_msgs.msg import Header
    from tactile_equiv_sim import truth_messages

    script, frames = load_script("finger_roll"), []
    scene = script.scene()
    for number, step in enumerate(script):
        if step.move.startswith(("rolling", "grid", "over", "off")) and number % 2:
            frame, header = scene.frame(step.contacts), Header()
            header.stamp.nanosec = number
            told = truth_messages.injected_of(
                truth_messages.contacts_message(header, frame, step.move),
                truth_messages.injection_message(header, frame, step.move, 0.0, False),
            )
            frames.append(replace(told, frame=frame.values))
    return frames


@pytest.fixture(scope="module")
def model():
    return load_model(find_model("simulated_textures"), "auto", "cpu")


def answered(model, injected, topology, **options):
    for one in injected:
        seen = perceive(model, one.frame, topology=topology, **options)
        contacts = tuple(SeenContact(c.row, c.column, c.clipped) for c in seen.contacts)
        names = seen.texture.names if seen.texture else ()
        scores = dict(zip(names, seen.texture.scores, strict=True)) if names else {}
        label = seen.texture.name if seen.texture else None
        yield Perceived(one.stamp_ns, one.stamp_ns + 1, seen.contact_map, label, scores, contacts)


@pytest.mark.parametrize("whole_frame", [False, True])
def test_the_shipped_script_is_passed_on_the_finger(rolled, model, whole_frame):
    answers = list(answered(model, rolled, "cylinder_rows", whole_frame=whole_frame))
    measured = measure(rolled, answers)
    findings = judge(measured, load_thresholds(None))
    assert [finding.sentence for finding in findings if not finding.passed] == []
    assert measured.shifts.asked > 30 and measured.border.clipped > 10
    assert exit_code(findings) == 0


def test_the_shipped_script_fails_a_node_that_takes_the_finger_for_a_plane(rolled, model):
    findings = judge(measure(rolled, list(answered(model, rolled, "plane"))), load_thresholds(None))
    failed = {finding.name: finding for finding in findings if finding.outcome == "failed"}
    assert {"map_shift_error", "score_drift", "clipped_false", "contacts_extra"} <= set(failed)
    assert "seam round the finger" in failed["map_shift_error"].cause


def ringed(row, frames=60):
    """A hand-made finger (10, 8) whose bump goes round by whole taxels, and exact answers."""
    bump = np.outer([1, 2, 1], [1, 3, 1]).astype(np.float32)
    injected, perceived = [], []
    for step in range(frames):
        frame = np.zeros((10, 8), np.float32)
        frame[:3, 2:5] = bump
        frame = np.roll(frame, step, axis=0)
        place = (1 + step) % 10, 3.0
        true = TrueContact(*place, 0.0, 1.0, "bump", margin=2.0)
        injected.append(Injected(step, "round", (true,), frame, periods=(10, math.inf)))
        seen = SeenContact((place[0] + row) % 10, 3.0)
        perceived.append(Perceived(step, step, frame, "bump", {"bump": 1.0}, (seen,)))
    return injected, perceived


@pytest.mark.parametrize("off", [0.0, 0.3, -0.3])
def test_places_are_compared_the_shorter_way_round(off):
    measured = measure(*ringed(off))
    assert measured.shifts.asked == len(measured.shifts.compared) == 59
    assert measured.shifts.map_error == measured.shifts.phantom == 0
    assert max(abs(error.shift[0]) for error in measured.shifts.compared) == 5
    assert measured.tracks.offset == pytest.approx(abs(off), abs=1e-9)
    assert measured.tracks.centroid_rms == pytest.approx(0, abs=1e-9)


def test_the_same_stream_fails_where_its_places_do_not_repeat():
    injected, perceived = ringed(-0.3)
    flat = [replace(one, periods=(math.inf, math.inf)) for one in injected]
    assert measure(flat, perceived).tracks.centroid_rms > 1


def test_the_centroid_error_of_the_sensor_does_not_jump_at_the_seam():
    injected, perceived = ringed(0.0)
    uneven = 1 + 0.1 * np.random.default_rng(0).random((10, 8)).astype(np.float32)
    imperfect = [replace(one, frame=one.frame * uneven, ideal=one.frame) for one in injected]
    assert 0 < measure(imperfect, perceived).sensor.sensor_centroid_rms < 0.1
