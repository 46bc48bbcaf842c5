"""Scripts: the shipped ones run, the moves go where they say, what is wrong is named."""

import copy
from collections import Counter
from itertools import islice
from pathlib import Path

import cv2
import numpy as np
import pytest
import yaml
from tactile_equiv_sim.moves import MOVES
from tactile_equiv_sim.script import load_script, script_from
from tactile_equiv_sim.sensor import CameraGel
from tactile_equiv_sim.surface import FAMILIES

from tactile_equiv.errors import SettingsError, TactileError
from tactile_equiv.share import share_directory
from tactile_equiv.topology import opening

SHIPPED = sorted(path.stem for path in (share_directory() / "config" / "scripts").glob("*.yaml"))
SMALL = {
    "sensor": {"kind": "taxels", "rows": 16, "cols": 20, "pitch_mm": 2.0},
    "cover": {"thickness_mm": 0.5},
    "rate_hz": 50,
    "rest_frames": 3,
    "gap_frames": 2,
    "objects": {"pad": {"family": "flat", "width_mm": 8}, "bars": {"family": "ridges"}},
    "moves": [{"move": "slide", "object": "pad", "from_mm": [10, 10], "to_mm": [20, 16]}],
}


def small(*moves, **changed):
    values = copy.deepcopy({**SMALL, **changed})
    if moves:
        values["moves"] = list(moves)
    return script_from(values, Path("."))


def track(script, move):
    poses = [step.contacts[0].pose for step in script if step.move == move]
    return np.array([(pose.x_mm, pose.y_mm, pose.angle_rad, pose.load_n) for pose in poses])


@pytest.mark.parametrize("name", SHIPPED)
def test_shipped_scripts_run(name):
    script = load_script(name)
    scene, gel = script.scene(), isinstance(script.sensor, CameraGel)
    scene.prepare(script.contacts())
    for step in islice(script, 0, None, 40 if gel else 9):
        seen = scene.frame(step.contacts)
        rest = script.sensor.brightness if gel else 0
        assert np.isfinite(seen.values).all()
        if not step.contacts:
            assert (seen.values == rest).all()


@pytest.mark.parametrize("name", [name for name in SHIPPED if not name.startswith("practice_")])
def test_objects_of_scripts_for_the_check_are_felt_as_one_contact(name):
    script = load_script(name)
    scene, largest = script.scene(), Counter()
    for step in islice(script, 0, None, 40 if isinstance(script.sensor, CameraGel) else 7):
        seen = scene.frame(step.contacts)
        if not seen.truths or any(truth.clipped for truth in seen.truths):
            continue
        felt = np.abs(seen.values - np.median(seen.values))
        felt = felt if felt.ndim == 2 else felt.sum(axis=2)
        largest[step.move] = max(largest[step.move], felt.max())
        above = (felt > 0.02 * largest[step.move]).astype(np.uint8)
        if script.sensor.axis is not None:  # cut open beside what is pressed
            first, _ = opening(above.any(axis=1 - script.sensor.axis))
            above = np.roll(above, -first, axis=script.sensor.axis)
        count = cv2.connectedComponents(above, connectivity=8)[0] - 1
        assert count <= len(seen.truths), step.move


def test_every_move_is_in_a_shipped_script():
    shipped = (load_script(name) for name in SHIPPED)
    used = {type(move).kind for script in shipped for _, move in script.moves}
    assert used == set(MOVES)


def test_steps_are_timed_named_and_repeatable():
    script = small()
    steps = list(script)
    assert len(steps) == len(script) == 3 + 200 + 2
    assert [step.time_s for step in steps[:3]] == [0, 0.02, 0.04]
    assert Counter(step.move for step in steps) == {"rest": 5, "slide": 200}
    assert steps == list(script)
    assert script.labels == ("flat", "ridges")


def test_moves_of_one_kind_get_different_names():
    slide = SMALL["moves"][0]
    names = {step.move for step in small(slide, slide, {**slide, "name": "rest"})}
    assert names == {"rest", "slide", "slide 2", "rest 3"}


def test_a_slide_goes_straight_in_equal_steps():
    move = {**SMALL["moves"][0], "steps": 11, "angle_deg": 90, "turn_deg": 90}
    path = track(small(move), "slide")
    np.testing.assert_allclose(path[[0, -1], :2], [[10, 10], [20, 16]])
    np.testing.assert_allclose(np.diff(path[:, 0]), 1.0)
    np.testing.assert_allclose(path[[0, -1], 2], [np.pi / 2, np.pi])


def test_a_grid_reaches_all_four_borders_and_stays_on_the_sensor():
    script = small({"move": "grid", "object": "pad", "step_taxels": 3, "phase_taxels": [0.5, 0]})
    scene = script.scene()
    seen = [scene.frame(step.contacts) for step in script if step.contacts]
    assert all(one.truths[0].contained for one in seen)
    felt = np.any([one.values > 0 for one in seen], axis=0)
    assert felt[0].any() and felt[-1].any() and felt[:, 0].any() and felt[:, -1].any()


def test_a_grid_that_is_not_contained_puts_the_middle_on_every_taxel():
    move = {"move": "grid", "object": "pad", "contained": False}
    path = track(small(move), "grid")
    assert len(path) == 16 * 20 and path[:, :2].max(axis=0).tolist() == [38, 30]


def test_a_circle_is_round_and_a_walk_stays():
    path = track(small({"move": "circle", "object": "pad", "radius_mm": 5}), "circle")
    np.testing.assert_allclose(np.hypot(path[:, 0] - 19, path[:, 1] - 15), 5)
    walk = {"move": "random_walk", "object": "pad", "step_mm": 3.0, "seed": 1}
    path = track(small(walk), "random_walk")
    assert (path[:, 0] >= 3).all() and (path[:, 0] <= 35).all() and np.ptp(path[:, 0]) > 20
    assert (path[:, 1] >= 3).all() and (path[:, 1] <= 27).all()
    np.testing.assert_array_equal(path, track(small(walk), "random_walk"))
    assert not np.array_equal(path, track(small({**walk, "seed": 2}), "random_walk"))


@pytest.mark.parametrize("side", ["left", "right", "top", "bottom"])
def test_across_the_border_begins_whole_and_ends_gone(side):
    script = small({"move": "across_border", "object": "pad", "side": side, "steps": 40})
    scene = script.scene()
    seen = [scene.frame(step.contacts) for step in script if step.contacts]
    assert seen[0].truths[0].contained and not seen[-1].values.any()
    loads = [one.values.sum() for one in seen]
    assert (np.diff(loads) < 1e-3).all()


def test_lift_and_press_begins_and_ends_lifted():
    script = small({"move": "lift_and_press", "object": "pad", "presses": 2, "steps": 20})
    loads = track(script, "lift_and_press")[:, 3]
    assert loads[0] == 0 and loads[-1] == pytest.approx(0, abs=1e-12)
    assert loads.max() == pytest.approx(5) and (loads < 1e-9).sum() == 3


def test_crossing_objects_pass_without_meeting():
    script = small(
        {"move": "crossing", "object": "pad", "other": "bars", "steps": 30},
        sensor={"kind": "taxels", "rows": 30, "cols": 30, "pitch_mm": 2.0},
    )
    scene = script.scene()
    seen = [scene.frame(step.contacts) for step in script if step.contacts]
    ways = np.array([[truth.column for truth in one.truths] for one in seen])
    assert (np.diff(ways[:, 0]) > 0).all() and (np.diff(ways[:, 1]) < 0).all()
    assert not any((one.truths[0].mask & one.truths[1].mask).any() for one in seen)


def test_height_maps_lie_beside_the_script(tmp_path):
    np.save(tmp_path / "map.npy", np.zeros((5, 5)))
    values = copy.deepcopy(SMALL)
    values["objects"]["pad"] = {"family": "height_map", "file": "map.npy"}
    (tmp_path / "script.yaml").write_text(yaml.safe_dump(values))
    assert load_script(tmp_path / "script.yaml").objects["pad"].file == str(tmp_path / "map.npy")


def changed(path, value):
    values = copy.deepcopy(SMALL)
    inner = values
    for key in path[:-1]:
        inner = inner[key]
    inner[path[-1]] = value
    return values


WRONG = [
    ((("raet_hz",), 1), "did you mean 'rate_hz'"),
    ((("rate_hz",), 0), "rate_hz"),
    ((("loop",), "yes please"), "true or false"),
    ((("sensor",), {"kind": "taxel"}), "did you mean 'taxels'"),
    ((("sensor",), None), "lacks 'sensor'"),
    ((("sensor",), {"rows": 3}), "the key 'kind'"),
    ((("sensor", "pitch"), 1.0), "did you mean 'pitch_mm'"),
    ((("sensor", "pitch_mm"), 0), "pitch_mm"),
    ((("sensor",), {"kind": "gel", "rows": 9000, "cols": 9000}), "must be at most 8388608"),
    ((("sensor", "rows"), 10**9), "at most 65535"),
    ((("cover", "thickness_mm"), -1), "thickness_mm"),
    ((("cover",), [1]), "cover"),
    ((("objects",), ["pad"]), "objects"),
    ((("objects", "pad"), "flat"), "the key 'family'"),
    ((("objects", "pad", "family"), "flut"), "did you mean 'flat'"),
    ((("objects", "pad", "width"), 3), "did you mean 'width_mm'"),
    ((("objects", "pad", "width_mm"), "3"), "must be a number"),
    ((("objects", "pad"), {"family": "height_map"}), "lacks the key 'file'"),
    ((("moves",), {}), "lacks 'moves'"),
    ((("moves",), {"move": "slide"}), "must be a list"),
    ((("moves", 0, "move"), "slied"), "did you mean 'slide'"),
    ((("moves", 0, "move"), ["slide"]), "unknown"),
    ((("moves", 0, "object"), "pod"), "did you mean 'pad'"),
    ((("moves", 0, "step"), 3), "did you mean 'steps'"),
    ((("moves", 0, "steps"), 10**9), "at most 100000"),
    ((("moves", 0, "from_mm"), [1, 2, 3]), "2 values"),
    ((("moves", 0, "from_mm"), [1, "x"]), "must be a number"),
    ((("moves", 0, "from_mm"), 3), "2 values"),
    ((("moves", 0, "load_n"), float("nan")), "load_n"),
    ((("moves", 0, "load_n"), 0), "never over the sensor"),
    ((("imperfections",), {"nois": {}}), "did you mean 'noise'"),
]


@pytest.mark.parametrize(("change", "words"), WRONG)
def test_what_is_wrong_is_named_in_one_line(change, words):
    with pytest.raises(SettingsError, match=words) as caught:
        script_from(changed(*change), Path("."))
    assert isinstance(caught.value, TactileError)
    assert "\n" not in str(caught.value) and len(str(caught.value)) < 400


def test_contacts_never_over_the_sensor_are_refused():
    beside = {"move": "slide", "object": "pad", "from_mm": [60, 10], "to_mm": [60, 20]}
    with pytest.raises(SettingsError, match="'slide': pad is never over the sensor"):
        small(beside)
    assert small({**beside, "to_mm": [10, 10]})


def test_an_object_larger_than_the_sensor_cannot_be_contained():
    with pytest.raises(SettingsError, match="take a smaller object"):
        small(
            {"move": "grid", "object": "pad"},
            objects={"pad": {"family": "flat", "width_mm": 60}},
        )


@pytest.mark.parametrize(
    "text", ["", "just words", "- 1\n- 2", "a: [1", "\x00", "rate_hz: " + "9" * 5000]
)
def test_files_that_are_no_script_are_refused(tmp_path, text):
    (tmp_path / "bad.yaml").write_text(text)
    with pytest.raises(SettingsError) as caught:
        load_script(tmp_path / "bad.yaml")
    assert "\n" not in str(caught.value)


def test_missing_scripts_name_those_that_exist(tmp_path):
    for name in ("clsoed_loop", tmp_path / "none.yaml", tmp_path):
        with pytest.raises(SettingsError, match="closed_loop"):
            load_script(name)


def test_every_family_can_be_an_object():
    for family in set(FAMILIES) - {"height_map"}:
        assert small(objects={"pad": {"family": family, "label": "x"}}).labels == ("x",)
