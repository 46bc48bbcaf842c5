import numpy as np
import pytest

from tactile_equiv.errors import DataError
from tactile_equiv.sequence_dataset import holds_sequences, last_of_each_class, load_sequences


def of_one_length(**changed):
    values = {
        "sequences": np.arange(4 * 2 * 3 * 5, dtype=np.float32).reshape(4, 2, 3, 5),
        "labels": np.array([0, 1, 0, 1], np.int16),
    }
    return {**values, **changed}


def of_any_length(**changed):
    values = {
        "frames": np.arange(9 * 2 * 3, dtype=np.uint16).reshape(9, 2, 3),
        "length": np.array([2, 4, 3]),
        "labels": np.array([0, 1, 1]),
        "class_names": np.array(["cup", "pen"]),
    }
    return {**values, **changed}


def saved(folder, values):
    file = folder / "data.npz"
    np.savez(file, **values)
    return file


def test_recordings_of_one_length(tmp_path):
    file = saved(tmp_path, of_one_length(fold=np.array([0, 0, 1, 1], np.int8)))
    dataset = load_sequences(file)
    assert holds_sequences(file)
    assert dataset.shape == (2, 3, 1) and dataset.class_names == ("0", "1")
    assert [len(sequence) for sequence in dataset.sequences] == [5] * 4
    np.testing.assert_array_equal(dataset.sequences[1][3, :, :, 0], [[33, 38, 43], [48, 53, 58]])
    kept = dataset.subset(dataset.fold == 1)
    assert kept.labels.tolist() == [0, 1] and kept.fold.tolist() == [1, 1]
    assert kept.sequences[0] is dataset.sequences[2]


def test_recordings_of_any_length(tmp_path):
    file = saved(tmp_path, of_any_length())
    dataset = load_sequences(file)
    assert holds_sequences(file) and dataset.class_names == ("cup", "pen")
    assert [sequence.shape for sequence in dataset.sequences] == [
        (2, 2, 3, 1),
        (4, 2, 3, 1),
        (3, 2, 3, 1),
    ]
    np.testing.assert_array_equal(dataset.sequences[1][0, 0, :, 0], [12, 13, 14])


def test_skins_of_several_fingers_are_channels(tmp_path):
    values = of_any_length()
    frames = values.pop("frames")
    file = saved(tmp_path, {**values, "left": frames, "right": frames + 1})
    dataset = load_sequences(file)
    assert dataset.shape == (2, 3, 2) and dataset.skins == 2
    assert load_sequences(file, ("right",)).skins == 1
    difference = dataset.sequences[0][..., 1] - dataset.sequences[0][..., 0]
    np.testing.assert_array_equal(difference, 1)


@pytest.mark.parametrize(
    ("values", "reason"),
    [
        (of_one_length(sequences=np.zeros((4, 2, 3), np.float32)), "sequences has shape"),
        (of_one_length(labels=np.zeros(3, int)), "labels has shape"),
        (of_one_length(labels=np.array([0, 2, 0, 2])), "no recording of class 1"),
        (of_one_length(labels=np.array([0, -1, 0, 0])), "labels run from -1"),
        (of_one_length(fold=np.zeros(3, int)), "fold has shape"),
        (of_one_length(fold=np.zeros(4)), "fold has shape"),
        (of_one_length(class_names=np.array(["a", "a"])), "class_names"),
        (of_any_length(length=np.array([2, 4, 4])), "adds up to 10"),
        (of_any_length(length=np.array([0, 5, 4])), "whole numbers from 1"),
        (of_any_length(frames=np.zeros((9, 2), int)), "frames have shape"),
        ({"frames": np.zeros((9, 2, 3)), "labels": np.zeros(3, int)}, "lacks length"),
        ({"length": np.array([9]), "labels": np.zeros(1, int)}, "lacks frames"),
    ],
)
def test_files_that_do_not_fit_are_refused_with_the_reason(tmp_path, values, reason):
    with pytest.raises(DataError, match=reason):
        load_sequences(saved(tmp_path, values))


def test_skins_of_other_sizes_are_refused(tmp_path):
    file = saved(tmp_path, {**of_any_length(), "other": np.zeros((9, 2, 4))})
    with pytest.raises(DataError, match="must be alike"):
        load_sequences(file, ("frames", "other"))


def test_files_that_are_none_are_refused(tmp_path):
    file = tmp_path / "notes.npz"
    file.write_text("no zip")
    assert not holds_sequences(file) and not holds_sequences(tmp_path / "absent.npz")
    for path in (file, tmp_path / "absent.npz"):
        with pytest.raises(DataError, match="cannot be read"):
            load_sequences(path)


def test_the_last_of_each_class_are_in_the_order_of_the_file():
    labels = np.array([0, 0, 1, 0, 0, 1, 0, 1])
    assert np.flatnonzero(last_of_each_class(labels, 0.4)).tolist() == [4, 6, 7]
    assert not last_of_each_class(labels, 0.0).any()
