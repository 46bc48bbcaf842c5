"""Data-set files are read, or refused in one line that says what would have been right."""

import hashlib
import pickle
import zipfile

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tactile_equiv.dataset import Dataset, load_dataset, split_at_random, split_by_position
from tactile_equiv.errors import DataError

NAMES = np.array(["felt", "glass"])


def good(count=6, dtype=np.uint8):
    frames = np.arange(count * 12).reshape(count, 3, 4).astype(dtype)
    return {"frames": frames, "labels": np.arange(count) % 2, "class_names": NAMES}


def written(tmp_path, arrays, save=np.savez):
    save(tmp_path / "data.npz", **arrays)
    return tmp_path / "data.npz"


def assert_refused(file, told):
    with pytest.raises(DataError, match=told) as caught:
        load_dataset(file)
    assert str(file) in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("dtype", ["u1", "u2", "i4", "i8", "f2", "f4", "f8", "?", ">u2"])
@pytest.mark.parametrize("save", [np.savez, np.savez_compressed])
def test_frames_of_any_number_are_read_as_recorded(tmp_path, dtype, save):
    file = written(tmp_path, good(dtype=dtype), save)
    data = load_dataset(file)
    np.testing.assert_array_equal(data.frames, good(dtype=dtype)["frames"])
    assert data.frames.dtype == np.dtype(dtype)
    assert data.labels.dtype == np.int64 and len(data) == 6
    assert data.class_names == ("felt", "glass")
    assert data.source == "data.npz"
    assert data.sha256 == hashlib.sha256(file.read_bytes()).hexdigest()


def test_more_keys_and_channels_do_no_harm(tmp_path):
    arrays = {**good(), "frames": np.zeros((6, 3, 4, 3)), "press": np.arange(6)}
    assert load_dataset(written(tmp_path, arrays)).frames.shape == (6, 3, 4, 3)


def test_names_in_bytes_are_read_as_utf8(tmp_path):
    names = np.array(["Stoff grün".encode(), b"glass"])
    data = load_dataset(written(tmp_path, {**good(), "class_names": names}))
    assert data.class_names == ("Stoff grün", "glass")


def test_names_in_other_bytes_are_refused(tmp_path):
    names = np.array([b"\xff\xfe", b"glass"])
    assert_refused(written(tmp_path, {**good(), "class_names": names}), "class_names.*UTF-8")


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"frames": np.zeros((6, 12))}, r"frames has shape \(6, 12\)"),
        ({"frames": np.zeros((0, 3, 4)), "labels": np.zeros(0, int)}, "N > 0"),
        ({"frames": np.zeros((6, 0, 4))}, "N > 0"),
        ({"frames": np.zeros((6, 3, 4), complex)}, "complex"),
        ({"frames": np.full((6, 3, 4), "a")}, "integers or real"),
        ({"labels": np.zeros(5, int)}, r"labels has shape \(5,\)"),
        ({"labels": np.zeros((6, 1), int)}, "one integer for each of the 6"),
        ({"labels": np.arange(6) % 2 / 1.0}, "float64"),
        ({"labels": np.arange(6) % 2 == 0}, "bool"),
        ({"labels": np.array([0, 1, 2, 0, 1, 2])}, r"from 0 to 2 .* 0 \.\. 1"),
        ({"labels": np.array([0, 1, -1, 0, 1, 1])}, "from -1 to 1"),
        ({"labels": np.full(6, 2**64 - 1, np.uint64)}, "must lie in"),
        ({"labels": np.zeros(6, int)}, "no frame of class glass"),
        ({"class_names": np.array(["felt"])}, "1 class_names"),
        ({"class_names": np.array(["felt", "felt"])}, "different texts"),
        ({"class_names": np.array([1, 2])}, "different texts"),
        ({"class_names": np.array([["felt"], ["glass"]])}, "different texts"),
        ({"class_names": np.array("felt")}, "different texts"),
        ({"class_names": np.array([], "U4")}, "0 class_names"),
    ],
)
def test_wrong_arrays_are_refused(tmp_path, change, told):
    assert_refused(written(tmp_path, {**good(), **change}), told)


@pytest.mark.parametrize("key", ["frames", "labels", "class_names"])
def test_a_missing_key_is_named_beside_those_that_are_there(tmp_path, key):
    arrays = good()
    arrays[f"the_{key}"] = arrays.pop(key)
    assert_refused(written(tmp_path, arrays), f"lacks {key} and has .*the_{key}")


@pytest.mark.parametrize("key", ["frames", "labels", "class_names"])
def test_objects_are_never_unpickled(tmp_path, key):
    objects = np.empty(6, object)
    objects[:] = Attack()
    assert_refused(written(tmp_path, {**good(), key: objects}), "without objects")


class Attack:
    """Fails the test when it is unpickled."""

    def __reduce__(self):
        return (pytest.fail, ("the file was unpickled",))


@pytest.mark.parametrize(
    "content",
    [b"", b"not a zip", b"PK\x03\x04", pickle.dumps(Attack()), b"\x93NUMPY\x01\x00"],
    ids=["empty", "text", "start of a zip", "pickle", "start of an array"],
)
def test_what_is_no_npz_is_refused(tmp_path, content):
    (tmp_path / "data.npz").write_bytes(content)
    assert_refused(tmp_path / "data.npz", "must be an .npz file")


def test_a_single_array_is_refused(tmp_path):
    with (tmp_path / "data.npz").open("wb") as stream:
        np.save(stream, np.zeros((6, 3, 4)))
    assert_refused(tmp_path / "data.npz", "must be an .npz file")


def test_a_directory_and_a_missing_file_are_refused(tmp_path):
    assert_refused(tmp_path, "cannot be read")
    assert_refused(tmp_path / "nowhere.npz", "cannot be read")


def test_an_array_larger_than_any_memory_is_refused(tmp_path):
    file = written(tmp_path, {key: value for key, value in good().items() if key != "frames"})
    header = {"descr": "<f8", "fortran_order": False, "shape": (10**6, 10**6, 10**4)}
    with zipfile.ZipFile(file, "a") as archive, archive.open("frames.npy", "w") as stream:
        np.lib.format.write_array_header_1_0(stream, header)
    assert_refused(file, "cannot be read")


@pytest.mark.parametrize("save", [np.savez, np.savez_compressed])
def test_any_damage_is_refused_or_harmless(tmp_path, save):
    content = written(tmp_path, good(40), save).read_bytes()

    @settings(suppress_health_check=list(HealthCheck), max_examples=150)
    @given(
        where=st.lists(st.integers(0, len(content) - 1), min_size=1, max_size=4),
        value=st.integers(0, 255),
        keep=st.one_of(st.none(), st.integers(0, len(content))),
    )
    def damage(where, value, keep):
        changed = bytearray(content)
        for place in where:
            changed[place] = value
        (tmp_path / "data.npz").write_bytes(changed[:keep])
        try:
            load_dataset(tmp_path / "data.npz")
        except DataError as error:
            assert "\n" not in str(error)

    damage()


def presses_at(columns, label):
    frames = np.zeros((len(columns), 5, 20), np.uint8)
    for frame, column in zip(frames, columns, strict=True):
        frame[2, column] = 9
    return frames, np.full(len(columns), label)


def test_split_by_position_takes_the_left_part_of_each_class():
    left, zeros = presses_at([1, 9, 5, 7, 3], 0)
    right, ones = presses_at([19, 11, 17, 13, 15], 1)
    data = Dataset(np.concatenate([left, right]), np.concatenate([zeros, ones]), ("a", "b"))
    chosen = split_by_position(data, 0.6)
    np.testing.assert_array_equal(chosen[:5], [True, False, True, False, True])
    np.testing.assert_array_equal(chosen[5:], [False, True, False, True, True])


@given(fraction=st.floats(0, 1), seed=st.integers(0, 99))
def test_splits_take_the_share_of_every_class(fraction, seed):
    random = np.random.default_rng(seed)
    labels = random.permutation(np.repeat([0, 1, 2], [4, 7, 10]))
    data = Dataset(random.random((21, 3, 5)), labels, ("a", "b", "c"))
    for chosen in (split_by_position(data, fraction), split_at_random(data, fraction, seed)):
        for label, count in enumerate((4, 7, 10)):
            assert chosen[labels == label].sum() == round(fraction * count)
    np.testing.assert_array_equal(
        split_at_random(data, fraction, seed), split_at_random(data, fraction, seed)
    )


def test_a_subset_keeps_what_is_known_of_the_file():
    data = Dataset(good()["frames"], good()["labels"], ("a", "b"), "file.npz", "hash")
    part = data.subset(data.labels == 1)
    assert len(part) == 3 and set(part.labels) == {1}
    assert (part.class_names, part.source, part.sha256) == (("a", "b"), "file.npz", "hash")
