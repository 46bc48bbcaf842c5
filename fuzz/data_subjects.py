"""Data sets and recordings that are damaged, or hold what nobody would record."""

from __future__ import annotations

import io
import json
import struct
import tempfile
import zipfile
from collections.abc import Sequence
from functools import partial
from itertools import islice
from pathlib import Path
from random import Random
from types import SimpleNamespace
from typing import Any

import numpy as np
from numpy.typing import NDArray
from tactile_equiv_sim.frame_sources import RecordingSource

from fuzz import message_seeds
from fuzz.cdr_fields import hostile, serialised, text
from fuzz.file_subject import Files, FileSubject
from fuzz.law import ViolationError
from fuzz.mutations import changed, pick
from tactile_equiv.audit.stimuli import Stage, recorded_contact
from tactile_equiv.cdr import write_image
from tactile_equiv.dataset import load_dataset
from tactile_equiv.evaluation import evaluate
from tactile_equiv.gathering import DatasetSettings, gather
from tactile_equiv.mcap_writer import McapWriter
from tactile_equiv.message_definitions import definition_of
from tactile_equiv.model import load_model
from tactile_equiv.model_directory import find_model
from tactile_equiv.recordings import read_recording
from tactile_equiv.sequence_dataset import holds_sequences, load_sequences

MOST_FRAMES = 500
"""Frames of a recording that are read."""
SECOND = 1_000_000_000
IMAGE, LABEL = "sensor_msgs/msg/Image", "std_msgs/msg/String"
LABELLED = range(8, 12)
"""Numbers of the frames of a recording that have a label."""
KINDS = ("f4", "f8", "u1", "i2", ">u2", "f2", "?", "c8", "U3", "S2", "M8[s]", "V4")


def data_subjects() -> list[FileSubject]:
    """Data sets of frames and of recordings, recordings of each format."""
    bag = recording(frames())
    return [
        FileSubject("dataset", partial(hostile_npz, _dataset_arrays), _dataset),
        FileSubject("sequences", partial(hostile_npz, _sequence_arrays), _sequences),
        FileSubject("recorded_npz", partial(hostile_npz, _recorded_arrays), _recording),
        FileSubject("contact_npz", partial(hostile_npz, _contact_arrays), _contact),
        FileSubject("mcap", partial(_hostile_bag, bag), _recording),
        FileSubject("mcap_contents", _bag_of_hostile_messages, _recording),
        FileSubject("db3", partial(_hostile_file, "given.db3", database()), _recording),
        FileSubject("bag_folder", partial(_hostile_folder, bag), _recorded_folder),
    ]


def _dataset_arrays(random: Random) -> dict[str, Any]:
    """A press in the middle for each label."""
    count = random.randrange(3, 9)
    draws = np.random.default_rng(random.getrandbits(32))
    frames = np.zeros((count, 12, 14), np.float32)
    frames[:, 4:8, 5:10] = draws.uniform(60, 200, (count, 4, 5))
    names = GREY.card.classes[:3]
    return {
        "frames": frames.astype(pick(random, ("f4", "u1", "i4", "f8"))),
        "labels": np.arange(count) % len(names),
        "class_names": np.array(names),
    }


def _sequence_arrays(random: Random) -> dict[str, Any]:
    frames = message_seeds.press(random, 4, 5, 12, "f4")
    arrays: dict[str, Any] = {"labels": np.array([0, 1]), "fold": np.array([0, 1])}
    if random.randrange(2):
        return {**arrays, "sequences": np.stack([frames, frames])}
    return {**arrays, "frames": frames.transpose(2, 0, 1), "length": np.array([5, 7])}


def _recorded_arrays(random: Random) -> dict[str, Any]:
    """Two untouched frames without a label before the presses."""
    arrays = _dataset_arrays(random)
    untouched = np.zeros_like(arrays["frames"][:2])
    labels = np.concatenate([[-1, -1], arrays["labels"]])
    frames = np.concatenate([untouched, arrays["frames"]])
    return {**arrays, "frames": frames, "labels": labels, "t_ms": np.arange(len(frames)) * 10.0}


def _contact_arrays(random: Random) -> dict[str, Any]:
    return {"frame": _dataset_arrays(random)["frames"][0]}


def hostile_npz(arrays: Any, random: Random) -> Files:
    """An .npz whose arrays, headers or bytes are wrong."""
    given: dict[str, Any] = arrays(random)
    way = random.randrange(10)
    if way < 6:
        for _ in range(1 + random.randrange(2)):
            key = pick(random, list(given))
            given[key] = _odd_array(random, np.asarray(given[key]))
        if random.randrange(6) == 0:
            given.pop(pick(random, list(given)))
    parts = {f"{name}.npy": _npy(values) for name, values in given.items()}
    if way in (6, 7) and parts:
        name = pick(random, list(parts))
        parts[name] = changed(random, parts[name])
    packed = _zip(parts, pick(random, (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)))
    return {"given.npz": changed(random, packed) if way > 7 else packed}


def _odd_array(random: Random, values: NDArray[Any]) -> NDArray[Any]:
    way = random.randrange(7)
    if way == 0:
        return np.zeros([random.randrange(4) for _ in range(random.randrange(6))])
    if way == 1:
        return values.reshape(pick(random, ((-1,), (1, *values.shape), (*values.shape, 1))))
    if way == 2:
        return np.resize(np.array([3, -1, 2**62, 0]), values.shape)
    if way == 3:
        return np.full(values.shape, pick(random, (np.nan, np.inf, -1e300, 1e-320)))
    if way == 4:
        return values[: random.randrange(len(values) + 1)] if values.ndim else values
    if way == 5:
        return np.array(pick(random, (["a", "a"], ["", "b\0c"], [1.5], [[1], [2]], 7)))
    return np.zeros(values.shape, pick(random, KINDS))


def _npy(values: NDArray[Any]) -> bytes:
    file = io.BytesIO()
    np.save(file, values, allow_pickle=True)
    return file.getvalue()


def _zip(parts: dict[str, bytes], compression: int) -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", compression) as archive:
        for name, content in parts.items():
            archive.writestr(name, content)
    return file.getvalue()


class _Kept(io.BytesIO):
    def close(self) -> None:
        """Keeps the content."""


def frames() -> list[bytes]:
    """Serialised images: untouched, then pressed."""
    pressed = np.zeros((9, 11), np.uint8)
    pressed[3:6, 4:8] = 120
    stamp = SimpleNamespace(sec=7, nanosec=5)
    return [
        write_image(stamp, "palm", "mono8", pressed * np.uint8(number >= LABELLED.start))
        for number in range(14)
    ]


def recording(images: Sequence[bytes]) -> bytes:
    """An .mcap of an image topic with a label."""
    file = _Kept()
    writer = McapWriter(file)
    channels = [
        writer.add_channel(topic, kind, definition_of(kind), {"offered_qos_profiles": ""})
        for topic, kind in (("/image", IMAGE), ("/tactile_label", LABEL))
    ]
    for number, message in enumerate(images):
        now = SECOND + number * SECOND // 100
        if number in (LABELLED.start, LABELLED.stop):
            label = serialised([text("stripes" if number in LABELLED else "")])
            writer.write(channels[1], now - 1, now - 1, label)
        writer.write(channels[0], now, now, message)
        if number % 4 == 3:
            writer.flush()
    writer.close({"ROS_DISTRO": "kilted"})
    return file.getvalue()


def database() -> bytes:
    """A .db3 with an image topic."""
    from rosbags.rosbag2 import StoragePlugin, Writer
    from rosbags.typesys import Stores, get_typestore

    with tempfile.TemporaryDirectory() as folder:
        bag = Path(folder) / "bag"
        with Writer(bag, version=9, storage_plugin=StoragePlugin.SQLITE3) as writer:
            store = get_typestore(Stores.LATEST)
            connection = writer.add_connection("/image", IMAGE, typestore=store)
            label = writer.add_connection("/tactile_label", LABEL, typestore=store)
            for number, message in enumerate(frames()):
                if number == LABELLED.start:
                    writer.write(label, SECOND + number, serialised([text("stripes")]))
                writer.write(connection, SECOND + number, message)
        return next(bag.glob("*.db3")).read_bytes()


def _hostile_file(name: str, seed: bytes, random: Random) -> Files:
    return {name: changed(random, seed)}


def _hostile_bag(seed: bytes, random: Random) -> Files:
    """Bytes changed, or lengths of records and texts, near the start, the end or anywhere."""
    if random.randrange(2):
        return {"given.mcap": changed(random, seed)}
    data = bytearray(seed)
    for _ in range(1 + random.randrange(3)):
        at = pick(random, (random.randrange(len(data)), random.randrange(400), len(data) - 400))
        at = min(at + random.randrange(380), len(data) - 8)
        width = pick(random, ("<H", "<I", "<Q"))
        struct.pack_into(width, data, at, random.getrandbits(pick(random, (3, 9, 16))))
    return {"given.mcap": bytes(data)}


def _bag_of_hostile_messages(random: Random) -> Files:
    images = frames()
    images[random.randrange(len(images))] = hostile(random, message_seeds.image(random))
    return {"given.mcap": recording(images)}


def _hostile_folder(bag: bytes, random: Random) -> Files:
    """A folder with metadata.yaml, as rosbag2 writes it, or nearly."""
    topic: dict[str, Any] = {"name": "/image", "type": IMAGE, "serialization_format": "cdr"}
    topic |= {"offered_qos_profiles": [], "type_description_hash": ""}
    information = {
        "version": 9,
        "storage_identifier": "mcap",
        "relative_file_paths": [pick(random, ("bag.mcap", "../bag.mcap", "/etc/passwd", ""))],
        "duration": {"nanoseconds": 1},
        "starting_time": {"nanoseconds_since_epoch": 0},
        "message_count": 14,
        "topics_with_message_count": [{"topic_metadata": topic, "message_count": 14}],
        "compression_format": "",
        "compression_mode": "",
        "files": [],
    }
    metadata = json.dumps({"rosbag2_bagfile_information": information}).encode()
    return {"bag/metadata.yaml": changed(random, metadata), "bag/bag.mcap": bag}


def _dataset(file: Path) -> None:
    dataset = load_dataset(file)
    if len(dataset.frames) != len(dataset.labels) or not len(dataset):
        raise ViolationError(f"{len(dataset.frames)} frames and {len(dataset.labels)} labels")
    for row in islice(RecordingSource(file), MOST_FRAMES):
        if row.frame.values.shape != dataset.frames.shape[1:3]:
            raise ViolationError("a recorded press has another size than its sensor")
        places = [(truth.row, truth.column, truth.load) for truth in row.frame.truths]
        if not np.isfinite(places).all():
            raise ViolationError(f"a press is said to be at {places}")
    result = evaluate(GREY, dataset)
    if result.per_class.sum() != len(dataset):
        raise ViolationError(f"{result.per_class.sum()} of {len(dataset)} frames were counted")


def _sequences(file: Path) -> None:
    if not holds_sequences(file):
        load_dataset(file)
        return
    dataset = load_sequences(file)
    if len(dataset.sequences) != len(dataset.labels):
        raise ViolationError(
            f"{len(dataset.sequences)} recordings and {len(dataset.labels)} labels"
        )
    if any(one.ndim != 4 or one.shape[1:] != dataset.shape for one in dataset.sequences):
        raise ViolationError("recordings of other sizes than the first")


def _recording(file: Path) -> None:
    frames = list(islice(read_recording(file), MOST_FRAMES))
    for one in frames:
        if one.frame.ndim not in (2, 3) or 0 in one.frame.shape:
            raise ViolationError(f"a frame of {one.frame.shape}")
    dataset = gather([(file.name, frames)], DatasetSettings(tare_frames=2))
    if len(dataset.frames) != len(dataset.labels) or not np.isfinite(dataset.frames).all():
        raise ViolationError("training data that are no numbers, or without labels")


def _recorded_folder(file: Path) -> None:
    _recording(file.parent)


def _contact(file: Path) -> None:
    contact = recorded_contact(file, Stage((1, 32, 32), 1.0, 0.0, None), 0)
    if contact.ndim != 3 or not np.isfinite(contact).all():
        raise ViolationError(f"a contact of {contact.shape}")


GREY = load_model(find_model("simulated_textures"))
"""Its classes are among those of the data sets."""
