"""Recordings become training data: tared, in presses, thinned, split so that no press is shared."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tactile_equiv.dataset import load_dataset
from tactile_equiv.errors import DataError
from tactile_equiv.gathering import DatasetSettings, gather
from tactile_equiv.recorded_dataset import split_by_press
from tactile_equiv.recordings import RecordedFrame

REST = np.random.default_rng(3).integers(20, 30, (6, 8)).astype(np.uint16)
STEP = 0.04


def pressed(load: float) -> Any:
    frame = REST.copy()
    frame[2:4, 3:5] += np.uint16(load)
    return frame


def recording(*parts: tuple[str, list[float]]) -> list[RecordedFrame]:
    """Frames 40 ms apart: ten untouched ones, then label and loads of each part."""
    loads = [("", 0.0)] * 10 + [(label, load) for label, row in parts for load in row]
    return [
        RecordedFrame(pressed(load), index * STEP, label)
        for index, (label, load) in enumerate(loads)
    ]


TWO_PRESSES = [0.0, 50, 90, 70, 0, 0, 0, 40, 60, 0, 0, 0]
BLINKING = [50.0, 0, 60]  # one frame without contact is no new press
FIRST = recording(("ridges", TWO_PRESSES), ("", [80, 80]), ("ring", [30, 0, 0, 0, 90]))
SECOND = recording(("ring", BLINKING), ("ridges", [55.0]))
BOTH = [("first", FIRST), ("second", SECOND)]


def test_labelled_frames_in_contact_are_kept_and_tared() -> None:
    dataset = gather(BOTH, DatasetSettings())
    assert dataset.class_names == ("ridges", "ring")
    assert dataset.recordings == ("first", "second")
    loads = dataset.frames.max(axis=(1, 2)).tolist()
    assert loads == pytest.approx([50, 90, 70, 40, 60, 30, 90, 50, 60, 55])
    assert dataset.labels.tolist() == [0, 0, 0, 0, 0, 1, 1, 1, 1, 0]
    assert dataset.recording.tolist() == [0] * 7 + [1] * 3
    assert np.all(dataset.frames[:, 0] == 0)
    assert dataset.t[0] == pytest.approx(11 * STEP)


def test_a_press_ends_after_the_gap_or_with_its_label() -> None:
    dataset = gather(BOTH, DatasetSettings())
    assert dataset.press.tolist() == [0, 0, 0, 1, 1, 0, 1, 2, 2, 2]
    longer = gather(BOTH, DatasetSettings(gap=1.0))
    assert longer.press.tolist() == [0, 0, 0, 0, 0, 0, 0, 1, 1, 1]


def test_the_strongest_frames_of_a_press_are_kept() -> None:
    dataset = gather(BOTH, DatasetSettings(frames_of_press=1))
    loads = dataset.frames.max(axis=(1, 2)).tolist()
    assert loads == pytest.approx([90, 60, 30, 90, 60, 55])


def test_frames_without_contact_are_kept_on_request() -> None:
    dataset = gather(BOTH, DatasetSettings(contact_only=False))
    assert len(dataset) == 12 + 5 + 3 + 1


def test_a_taxel_without_a_number_takes_its_neighbours() -> None:
    frames = [one.frame.astype(np.float32) for one in FIRST]
    for frame in frames:
        frame[3, 4] = np.nan
    broken = [RecordedFrame(f, r.time, r.label) for f, r in zip(frames, FIRST, strict=True)]
    assert np.isfinite(gather([("broken", broken)], DatasetSettings()).frames).all()


def test_no_press_is_in_both_parts_of_a_split() -> None:
    dataset = gather(BOTH, DatasetSettings())
    for seed in range(5):
        train, test = split_by_press(dataset, 0.3, seed)
        learned, kept = (
            {(label, press) for label, press in zip(part.labels, part.press, strict=True)}
            for part in (train, test)
        )
        assert not learned & kept and len(learned | kept) == 6
        assert set(test.labels) == set(train.labels) == {0, 1}


def test_the_file_trains(tmp_path: Path) -> None:
    file = tmp_path / "data.npz"
    dataset = gather(BOTH, DatasetSettings())
    dataset.save(file)
    loaded = load_dataset(file)
    assert loaded.class_names == dataset.class_names
    assert np.array_equal(loaded.frames, dataset.frames)
    with np.load(file) as content:
        assert np.array_equal(content["press"], dataset.press)
        assert content["recordings"].tolist() == ["first", "second"]


OTHER_SIZE = [RecordedFrame(one.frame[:5], one.time, one.label) for one in FIRST]


@pytest.mark.parametrize(
    ("recordings", "settings", "message"),
    [
        ([("first", FIRST), ("small", OTHER_SIZE)], {}, "different sizes.*6x8.*5x8"),
        ([("mixed", FIRST + OTHER_SIZE)], {}, "frames of the sizes"),
        ([("empty", [])], {}, "holds no frames"),
        ([("bare", recording(("", [50.0])))], {}, "has a label"),
        ([("first", FIRST)], {"tare_frames": 11}, "begins with 10 frames without a label"),
        (BOTH, {"min_presses": 4}, "class ridges has 3 presses, 4 are needed"),
        (BOTH, {"dead_zone": 500.0}, "class ridges has 0 presses"),
    ],
)
def test_what_cannot_be_learned_from_is_refused(
    recordings: Any, settings: dict[str, Any], message: str
) -> None:
    with pytest.raises(DataError, match=message):
        gather(recordings, DatasetSettings(**settings))


def test_a_split_needs_two_presses_of_each_class() -> None:
    with pytest.raises(DataError, match="needs 2"):
        split_by_press(gather([("second", SECOND)], DatasetSettings()), 0.5, 0)
