"""Opens rosbag2 recordings, also those that were cut off: what they hold is read."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

from tactile_equiv.cut_recordings import CutRecording
from tactile_equiv.errors import DataError
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


@contextmanager
def open_bag(path: Path, tell: Callable[[str], None]) -> Iterator[Any]:
    """A rosbags AnyReader of a folder, .mcap or .db3 file, or a `CutBag`.

    Args:
        path: the recording.
        tell: hears what is lost where it was cut off.

    Raises:
        DataError: if it cannot be read.
    """
    try:
        from rosbags.highlevel import AnyReader, AnyReaderError
        from rosbags.typesys import Stores, get_typestore
    except ImportError as error:
        raise DataError(f"reading {path} needs the package rosbags: pip install rosbags") from error
    source = _without_metadata(path)
    try:
        reader: Any = AnyReader([source], default_typestore=get_typestore(Stores.LATEST))
        reader.open()
    except (AnyReaderError, OSError) as error:
        cut = _cut_file(source)
        if cut is None:
            raise DataError(f"{path} cannot be read as a rosbag2 recording ({error})") from error
        bag = CutBag(cut)
        tell(f"{cut} {bag.notice}")
        yield bag
        return
    try:
        yield reader
    except (AnyReaderError, OSError) as error:
        raise DataError(f"{path} cannot be read as a rosbag2 recording ({error})") from error
    finally:
        reader.close()


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
