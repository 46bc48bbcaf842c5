"""Recorded frames: data-set files (.npz) and rosbag2 recordings (.mcap, .db3), read without ROS."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tactile_equiv.bags import BAG_SUFFIXES, open_bag
from tactile_equiv.dataset import checked_class_names, load_arrays
from tactile_equiv.decoding import COMPRESSED, IMAGE, MULTI_ARRAYS, full_type
from tactile_equiv.errors import DataError
from tactile_equiv.frame_decoder import FrameDecoder
from tactile_equiv.settings import Settings

LABEL_TOPIC, LABEL_TYPE = "tactile_label", "std_msgs/msg/String"


@dataclass(frozen=True)
class RecordedFrame:
    """One frame of a recording.

    Attributes:
        frame: (H, W) or (H, W, C), as recorded.
        time: seconds since the first frame, None where the recording has no times.
        label: class name, empty where unknown.
    """

    frame: NDArray[Any]
    time: float | None
    label: str


def read_recording(
    path: Path | str,
    topic: str = "",
    settings: Settings | None = None,
    label_topic: str = LABEL_TOPIC,
    tell: Callable[[str], None] = lambda notice: None,
) -> Iterator[RecordedFrame]:
    """Frames of an .npz file or a rosbag2 recording (folder, .mcap, .db3), in order of recording.

    An .npz holds `frames`, and may hold `labels` with `class_names`, and `t_ms`, milliseconds.

    Args:
        path: the recording.
        topic: which topic of a bag; needed only where several carry frames.
        settings: parameters of the node; those of the input say how a message is read.
            `input_type` counts together with `input_field` only: images and arrays are known.
        label_topic: std_msgs/String in a bag; a label holds for the frames after it, until the
            next; an empty one ends it.
        tell: hears what is lost of a recording that was cut off.

    Raises:
        DataError: if the file is unreadable, or has no frames (on that topic).
        FrameError: if a message cannot be read as a frame.
        SettingsError: if parameters of the input contradict each other.
    """
    file = Path(path)
    if not file.exists():
        raise DataError(f"{file} does not exist: name an .npz file or a rosbag2 recording")
    if file.is_dir() or file.suffix in BAG_SUFFIXES:
        return _bag_frames(file, topic, settings or Settings(), label_topic, tell)
    return _npz_frames(file)


def _npz_frames(file: Path) -> Iterator[RecordedFrame]:
    arrays = load_arrays(file, ("frames",), ("labels", "class_names", "t_ms"))
    frames = arrays["frames"]
    if frames.ndim == 2:
        frames = frames[:, None]  # values without rows: one row
    if frames.ndim not in (3, 4) or 0 in frames.shape or frames.dtype.kind not in "buif":
        raise DataError(
            f"{file}: frames has shape {frames.shape} and type {frames.dtype}: it must be "
            "(N, rows, columns[, channels]), or (N, values), of integers or real numbers, N > 0"
        )
    labels, times = _npz_labels(file, arrays), _npz_times(file, arrays)
    for index, frame in enumerate(frames):
        yield RecordedFrame(frame, times[index] if times else None, labels[index])


def _npz_labels(file: Path, arrays: dict[str, NDArray[Any]]) -> list[str]:
    """A class name for each frame; all are empty where the file has no labels."""
    count = len(arrays["frames"])
    if "labels" not in arrays:
        return [""] * count
    labels, listed = arrays["labels"], arrays.get("class_names", np.array([], str))
    if labels.shape != (count,) or labels.dtype.kind not in "iu" or "class_names" not in arrays:
        raise DataError(
            f"{file}: labels has shape {labels.shape} and type {labels.dtype}, and there are "
            f"{listed.size} class_names: there must be a label for each of the {count} frames, "
            "a whole number, and a name for each class"
        )
    names = checked_class_names(file, listed)
    return [str(names[label]) if 0 <= label < len(names) else "" for label in labels.tolist()]


def _npz_times(file: Path, arrays: dict[str, NDArray[Any]]) -> list[float]:
    """Seconds since the first frame, where the file tells milliseconds."""
    times = arrays.get("t_ms")
    if times is None:
        return []
    if times.shape != arrays["frames"].shape[:1] or times.dtype.kind not in "iuf":
        raise DataError(
            f"{file}: t_ms has shape {times.shape} and type {times.dtype}: it must hold the "
            f"milliseconds of each of the {len(arrays['frames'])} frames"
        )
    seconds: list[float] = ((times.astype(float) - float(times[0])) / 1e3).tolist()
    return seconds


def _bag_frames(
    path: Path, topic: str, settings: Settings, label_topic: str, tell: Callable[[str], None]
) -> Iterator[RecordedFrame]:
    with open_bag(path, tell) as reader:
        connection = _frame_connection(path, reader, topic, settings)
        labels = [c for c in reader.connections if is_label(c, label_topic)]
        decode = FrameDecoder(settings.changed({"input_type": connection.msgtype}))
        begun, label = None, ""
        for source, time, raw in reader.messages(connections=[connection, *labels]):
            message = reader.deserialize(raw, source.msgtype)
            if source in labels:
                label = message.data.strip()
                continue
            begun = time if begun is None else begun
            yield RecordedFrame(decode(message).values, (time - begun) / 1e9, label)


def is_label(connection: Any, label_topic: str = LABEL_TOPIC) -> bool:
    """True for the topic of labels, in whatever namespace."""
    named = f"/{connection.topic.lstrip('/')}".endswith(f"/{label_topic.lstrip('/')}")
    return named and connection.msgtype == LABEL_TYPE


def _frame_connection(path: Path, reader: Any, topic: str, settings: Settings) -> Any:
    readable: tuple[str, ...] = (IMAGE, COMPRESSED, *MULTI_ARRAYS)
    if settings.input_field:
        readable = (full_type(settings.input_type, settings.input_field),)
    found = [c for c in reader.connections if c.msgtype in readable and topic in ("", c.topic)]
    if len(found) == 1:
        return found[0]
    listed = ", ".join(f"{c.topic} ({c.msgtype})" for c in reader.connections) or "nothing"
    kind = readable[0] if settings.input_field else "images or arrays"
    wanted = f"topic {topic} of {kind}" if topic else f"one topic of {kind}"
    raise DataError(
        f"{path} has {len(found)} times {wanted}; it holds {listed}: name the topic of the frames"
    )
