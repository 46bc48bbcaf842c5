"""Recorded frames: data-set files (.npz) and rosbag2 recordings (.mcap, .db3), read without ROS."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from numpy.typing import NDArray

from tactile_equiv.dataset import KEYS, load_arrays
from tactile_equiv.decoding import COMPRESSED, IMAGE, MULTI_ARRAYS, full_type
from tactile_equiv.errors import DataError
from tactile_equiv.frame_decoder import FrameDecoder
from tactile_equiv.settings import Settings

BAG_SUFFIXES = (".mcap", ".db3")


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
    path: Path | str, topic: str = "", settings: Settings | None = None
) -> Iterator[RecordedFrame]:
    """Frames of an .npz file or a rosbag2 recording (folder, .mcap, .db3), in order of recording.

    Args:
        path: the recording.
        topic: which topic of a bag; needed only where several carry frames.
        settings: parameters of the node; those of the input say how a message is read.
            `input_type` counts together with `input_field` only: images and arrays are known.

    Raises:
        DataError: if the file is unreadable, or has no frames (on that topic).
        FrameError: if a message cannot be read as a frame.
        SettingsError: if parameters of the input contradict each other.
    """
    file = Path(path)
    if not file.exists():
        raise DataError(f"{file} does not exist: name an .npz file or a rosbag2 recording")
    if file.is_dir() or file.suffix in BAG_SUFFIXES:
        return _bag_frames(file, topic, settings or Settings())
    return _npz_frames(file)


def _npz_frames(file: Path) -> Iterator[RecordedFrame]:
    arrays = load_arrays(file, KEYS)
    frames, labels, names = (arrays[key] for key in KEYS)
    if frames.ndim not in (3, 4) or labels.shape != (len(frames),):
        raise DataError(
            f"{file}: frames has shape {frames.shape} and labels {labels.shape}: "
            "they must be (N, rows, columns[, channels]) and (N,)"
        )
    for frame, label in zip(frames, labels, strict=True):
        yield RecordedFrame(frame, None, str(names[label]) if 0 <= label < len(names) else "")


def _bag_frames(path: Path, topic: str, settings: Settings) -> Iterator[RecordedFrame]:
    with _opened(path) as reader:
        connection = _frame_connection(path, reader, topic, settings)
        decode = FrameDecoder(settings.changed({"input_type": connection.msgtype}))
        begun = None
        for _, time, raw in reader.messages(connections=[connection]):
            begun = time if begun is None else begun
            message = reader.deserialize(raw, connection.msgtype)
            yield RecordedFrame(decode(message).values, (time - begun) / 1e9, "")


@contextmanager
def _opened(path: Path) -> Iterator[Any]:
    try:
        from rosbags.highlevel import AnyReader, AnyReaderError
        from rosbags.typesys import Stores, get_typestore
    except ImportError as error:
        raise DataError(f"reading {path} needs the package rosbags: pip install rosbags") from error
    try:
        with AnyReader([path], default_typestore=get_typestore(Stores.LATEST)) as reader:
            yield reader
    except (AnyReaderError, OSError) as error:
        raise DataError(f"{path} cannot be read as a rosbag2 recording ({error})") from error


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
