"""Opens rosbag2 recordings, also those that were cut off: what they hold is read."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

from tactile_equiv.cut_recordings import CutRecording
from tactile_equiv.errors import DataError, TactileError
from tactile_equiv.mcap_writer import MAGIC

BAG_SUFFIXES = (".mcap", ".db3")


class CutConnection(NamedTuple):
    """A topic of a recording that was cut off, as rosbags describes those of others."""

    id: int
    topic: str
    msgtype: str
    msgdef: str


class CutBag:
    """A recording that was cut off; attributes and methods are those of rosbags' AnyReader.

    Raises:
        DataError: if the file is no .mcap file.
    """

    def __init__(self, file: Path) -> None:
        from rosbags.typesys import Stores, get_types_from_msg, get_typestore

        self.recording = CutRecording(file)
        self.connections = [
            CutConnection(number, *channel)
            for number, channel in sorted(self.recording.channels.items())
        ]
        self._types = get_typestore(Stores.LATEST)
        for connection in self.connections:
            if connection.msgdef:
                own = get_types_from_msg(connection.msgdef, connection.msgtype)
                known = self._types.fielddefs
                self._types.register({k: v for k, v in own.items() if k not in known})

    @property
    def notice(self) -> str:
        """What is there and what is lost."""
        recording = self.recording
        damaged = f" and {recording.damaged} damaged chunks" if recording.damaged else ""
        return (
            f"ends in the middle: {len(recording)} messages are there, "
            f"{recording.lost} bytes behind them{damaged} are lost"
        )

    def messages(
        self, connections: Collection[CutConnection] = ()
    ) -> Iterator[tuple[CutConnection, int, bytes]]:
        """Connection, log time in nanoseconds and serialised message, in order of log time."""
        wanted = {connection.id: connection for connection in connections or self.connections}
        for channel, log_time, data in self.recording.messages(wanted):
            yield wanted[channel], log_time, data

    def deserialize(self, raw: bytes, message_type: str) -> Any:
        """The message."""
        return self._types.deserialize_cdr(raw, message_type)


class GuardedBag:
    """A reader of rosbags whose errors are all of one kind; attributes and methods are its own.

    Of a damaged file rosbags lets pass whatever Python raises: struct.error, KeyError and more.

    Args:
        reader: an AnyReader or a `CutBag`.
        path: of the recording, for messages.

    Raises:
        DataError: from every method, if the file is damaged.
    """

    def __init__(self, reader: Any, path: Path) -> None:
        self._reader = reader
        self._path = path
        self.connections = reader.connections

    def messages(self, connections: Collection[Any] = ()) -> Iterator[tuple[Any, int, bytes]]:
        """Connection, log time in nanoseconds and serialised message, in order of log time."""
        try:
            yield from self._reader.messages(connections=connections)
        except TactileError:
            raise
        except Exception as error:
            raise unreadable(self._path, error) from error

    def deserialize(self, raw: bytes, message_type: str) -> Any:
        """The message."""
        try:
            return self._reader.deserialize(raw, message_type)
        except Exception as error:
            raise DataError(
                f"{self._path} holds {len(raw)} bytes that are no {message_type} ({_said(error)}): "
                "record again, or copy the file again"
            ) from error


def unreadable(path: Path, error: Exception) -> DataError:
    """That a recording cannot be read, and why."""
    return DataError(f"{path} cannot be read as a rosbag2 recording ({_said(error)})")


def _said(error: Exception) -> str:
    return f"{type(error).__name__}: {' '.join(str(error).split()):.300}"


@contextmanager
def open_bag(path: Path, tell: Callable[[str], None]) -> Iterator[Any]:
    """A reader of a folder, .mcap or .db3 file, also of one that was cut off.

    Args:
        path: the recording.
        tell: hears what is lost where it was cut off.

    Raises:
        DataError: if it cannot be read.
    """
    try:
        from rosbags.highlevel import AnyReader
        from rosbags.typesys import Stores, get_typestore
    except ImportError as error:
        raise DataError(f"reading {path} needs the package rosbags: pip install rosbags") from error
    source = _without_metadata(path)
    try:
        reader: Any = AnyReader([source], default_typestore=get_typestore(Stores.LATEST))
        reader.open()
    except Exception as error:
        yield _cut_bag(path, source, error, tell)
        return
    try:
        yield GuardedBag(reader, path)
    finally:
        reader.close()


def _cut_bag(path: Path, source: Path, error: Exception, tell: Callable[[str], None]) -> GuardedBag:
    """What is left of a recording that could not be opened because of `error`."""
    cut = _cut_file(source)
    if cut is None:
        raise unreadable(path, error) from error
    try:
        bag = CutBag(cut)
    except TactileError:
        raise
    except Exception as damage:
        raise unreadable(path, damage) from damage
    tell(f"{cut} {bag.notice}")
    return GuardedBag(bag, path)


def _without_metadata(path: Path) -> Path:
    """The only .mcap file of a folder whose recorder could not write metadata.yaml, else `path`."""
    files = sorted(path.glob("*.mcap")) if path.is_dir() else []
    return files[0] if len(files) == 1 and not (path / "metadata.yaml").exists() else path


def _cut_file(path: Path) -> Path | None:
    """The .mcap file of a recording, where there is one that begins as such."""
    files = sorted(path.glob("*.mcap")) if path.is_dir() else [path]
    if len(files) != 1:
        return None
    try:
        with files[0].open("rb") as file:
            return files[0] if file.read(len(MAGIC)) == MAGIC else None
    except OSError:
        return None
