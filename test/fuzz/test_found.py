"""What the fuzzer found, once each; all of it is refused in words of bounded length."""

import json
import struct
import sys
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
from tactile_equiv_sim.recorded_presses import contained_contacts

from tactile_equiv import backends
from tactile_equiv.audit.stimuli import Stage, recorded_contact
from tactile_equiv.backends import OpenCvBackend
from tactile_equiv.compressed_image import packed_size, unpack
from tactile_equiv.dataset import Dataset, load_dataset
from tactile_equiv.decoding import decode_image, decode_multi_array
from tactile_equiv.errors import (
    AuditError,
    DataError,
    FrameError,
    ModelError,
    SettingsError,
    TactileError,
)
from tactile_equiv.limits import checked_limits
from tactile_equiv.mcap_writer import MAGIC
from tactile_equiv.model import load_model
from tactile_equiv.model_directory import find_model
from tactile_equiv.percept import perceive
from tactile_equiv.recordings import read_recording
from tactile_equiv.sequence_dataset import load_sequences
from tactile_equiv.settings import Settings

LONG = "x" * 70_000


def image_called(encoding):
    return SimpleNamespace(height=1, width=1, step=1, encoding=encoding, data=b"0")


@pytest.mark.parametrize(
    "refused",
    [
        lambda: decode_image(image_called(LONG), Settings()),
        lambda: packed_size(b"no picture", LONG),
        lambda: Settings(channel_order=LONG),
        lambda: Settings(rows=LONG),
        lambda: Settings().changed({LONG: 1}),
        lambda: checked_limits({"a": {LONG: 1}}, ["a"], "here"),
    ],
)
def test_a_refusal_does_not_repeat_all_that_came(refused):
    with pytest.raises(TactileError) as refusal:
        refused()
    assert len(str(refusal.value)) < 1000


@pytest.mark.parametrize("package", ["this", "antigravity", "idlelib"])
def test_an_input_type_imports_no_package_that_is_none_of_messages(package):
    pytest.importorskip("rclpy")
    from tactile_equiv.input_kind import input_of

    sys.modules.pop(package, None)
    given = Settings(input_type=f"{package}/msg/Image", input_field="data", rows=1, cols=1)
    with pytest.raises(SettingsError, match=f"package {package} cannot be imported"):
        input_of(given)
    assert package not in sys.modules


def test_channels_whose_sum_is_no_number_are_refused():
    frame = np.zeros((8, 9, 3), np.float32)
    frame[3:6, 3:6] = 3e38
    with pytest.raises(FrameError) as refusal:
        perceive(load_model(find_model("gel")), frame)
    assert refusal.value.reason == "range"


@pytest.mark.skipif(not hasattr(backends.cv2, "dnn"), reason="this OpenCV has no networks")
def test_an_export_of_which_opencv_dies_is_refused(monkeypatch):
    monkeypatch.setattr(backends, "OPENCV", 0)
    monkeypatch.setattr(backends, "TRIAL", "import os; os.abort()")
    with pytest.raises(ModelError, match="SIGABRT"):
        OpenCvBackend(b"", "cpu")


def test_a_part_of_an_archive_that_is_no_array_is_refused(tmp_path):
    import zipfile

    file = tmp_path / "bad.npz"
    with zipfile.ZipFile(file, "w") as archive:
        for name in ("frames", "labels", "class_names"):
            archive.writestr(f"{name}.npy", b"no array")
    with pytest.raises(DataError, match="frames is 8 bytes and no array"):
        load_dataset(file)


@pytest.mark.parametrize("header", [b"{'descr': '<f4', 'shape': (", b"(((((", b"\0", b"'''"])
def test_an_array_whose_header_is_no_literal_is_refused(header, tmp_path):
    import zipfile

    file = tmp_path / "bad.npz"
    content = b"\x93NUMPY\x01\x00" + struct.pack("<H", len(header)) + header
    with zipfile.ZipFile(file, "w") as archive:
        for name in ("frames", "labels", "class_names"):
            archive.writestr(f"{name}.npy", content)
    with pytest.raises(DataError, match=r"bad\.npz"):
        load_dataset(file)
    with pytest.raises(AuditError, match=r"bad\.npz"):
        recorded_contact(file, Stage((1, 32, 32), 1.0, 0.0, None))


@pytest.mark.parametrize(
    "wrong",
    [
        {"class_names": np.array(7)},
        {"class_names": np.array([1.5, 2.5])},
        {"class_names": np.zeros(2, "V4")},
        {"labels": np.array([0.0, np.nan])},
        {"frames": np.zeros((2, 0, 4))},
        {"frames": np.zeros((2, 3, 4), "c8")},
    ],
)
def test_recorded_frames_of_odd_types_are_refused(wrong, tmp_path):
    arrays = {"frames": np.zeros((2, 3, 4)), "labels": np.array([0, 1])}
    np.savez(tmp_path / "odd.npz", **{**arrays, "class_names": np.array(["a", "b"]), **wrong})
    with pytest.raises(DataError, match=r"odd\.npz"):
        list(read_recording(tmp_path / "odd.npz"))


def test_a_frame_without_taxels_is_no_contact(tmp_path):
    np.savez(tmp_path / "empty.npz", frame=np.zeros((0, 9)))
    with pytest.raises(AuditError, match=r"\(0, 9\)"):
        recorded_contact(tmp_path / "empty.npz", Stage((1, 32, 32), 1.0, 0.0, None))


def test_a_recorded_press_that_is_infinite_is_not_moved():
    frames = np.zeros((2, 12, 12), np.float32)
    frames[:, 4:7, 4:7] = 9
    frames[1, 5, 5] = np.inf
    found = contained_contacts(Dataset(frames, np.array([0, 1]), ("a", "b")), 4.0)
    assert [contact.label for contact in found] == ["a"]


@pytest.mark.parametrize("shape", [(2, 12, 12), (2, 12, 12, 3)])
def test_recorded_presses_that_cannot_be_moved_are_refused_by_name(shape):
    dataset = Dataset(np.full(shape, 9, np.float32), np.array([0, 1]), ("a", "b"), "press.npz")
    with pytest.raises(DataError, match=r"press\.npz"):
        contained_contacts(dataset, 4.0)


@pytest.mark.parametrize("largest", [2, 2**62, 2**64 - 1])
def test_labels_of_recordings_name_no_more_classes_than_there_are_recordings(largest, tmp_path):
    labels = np.array([0, 1, largest], np.uint64)
    np.savez(tmp_path / "many.npz", sequences=np.ones((3, 4, 2, 2)), labels=labels)
    if largest == 2:
        assert load_sequences(tmp_path / "many.npz").class_names == ("0", "1", "2")
    else:
        with pytest.raises(DataError, match=rf"labels run from 0 to {largest}"):
            load_sequences(tmp_path / "many.npz")


@pytest.mark.parametrize("length", [2**63, 2**40, 25, 0])
@pytest.mark.parametrize("place", [1, 5, 9])
def test_a_recording_whose_lengths_lie_is_refused(length, place, tmp_path: Path):
    pytest.importorskip("rosbags")
    file = tmp_path / "lies.mcap"
    records = bytearray(MAGIC + b"\x01" + struct.pack("<QI", 24, 4) + b"ros2" + bytes(60) + MAGIC)
    struct.pack_into("<Q", records, len(MAGIC) + place, length)
    file.write_bytes(records)
    with pytest.raises(DataError, match=r"lies\.mcap"):
        list(read_recording(file))


def test_a_recording_whose_message_types_are_nonsense_is_refused(tmp_path: Path):
    pytest.importorskip("rosbags")
    from tactile_equiv.mcap_writer import McapWriter

    file = tmp_path / "types.mcap"
    writer = McapWriter(file.open("xb", buffering=0))
    channel = writer.add_channel("/image", "a/b", "no definition at all {", {})
    writer.write(channel, 1, 1, b"\0\1\0\0")
    writer.close({})
    with pytest.raises(DataError, match=r"types\.mcap"):
        list(read_recording(file))


def test_a_probe_that_is_cut_off_is_refused_with_its_size(tmp_path: Path):
    import hashlib
    import shutil

    folder = tmp_path / "model"
    shutil.copytree(find_model("simulated_textures"), folder)
    probe = (folder / "parity.safetensors").read_bytes()[:100]
    (folder / "parity.safetensors").write_bytes(probe)
    card = json.loads((folder / "card.json").read_text())
    card["sha256"]["parity.safetensors"] = hashlib.sha256(probe).hexdigest()
    (folder / "card.json").write_text(json.dumps(card))
    with pytest.raises(ModelError, match="100 bytes"):
        load_model(folder)


@pytest.mark.parametrize("message", [b"", b"\0\0", b"\0\0\0\2", b"\0\1\0\3ab", b"\0\7\0\0abcd"])
def test_a_message_shorter_than_its_padding_is_not_given_to_rclpy(message):
    """Fast CDR would read beyond its end: the process dies."""
    pytest.importorskip("rclpy")
    from tactile_equiv.input_kind import input_of

    given = {"input_type": "sensor_msgs/msg/JointState", "input_field": "position"}
    found = input_of(Settings(rows=1, cols=1, **given))
    with pytest.raises(FrameError, match=f"{len(message)} bytes are no serialised JointState"):
        found.read(message)


def test_an_array_of_no_channels_is_refused_before_its_rows_are_believed():
    dimensions = [SimpleNamespace(size=size) for size in (2**31, 2**31, 0)]
    message = SimpleNamespace(layout=SimpleNamespace(dim=dimensions, data_offset=0), data=[])
    with pytest.raises(FrameError, match="at least one channel") as refusal:
        decode_multi_array(message, Settings())
    assert refusal.value.reason == "size"


@pytest.mark.parametrize("place", [33, 60, -5])
def test_a_png_whose_parts_lie_is_refused_before_opencv_takes_what_they_claim(place):
    cv2 = pytest.importorskip("cv2")
    packed = bytearray(cv2.imencode(".png", np.arange(600, dtype=np.uint8).reshape(20, 30))[1])
    assert unpack(bytes(packed), "png").shape == (20, 30)
    packed[place] ^= 0xB3  # 33: the length of the pixels, then 3 GB
    with pytest.raises(FrameError) as refusal:
        unpack(bytes(packed), "png")
    assert refusal.value.reason in ("data", "encoding")
