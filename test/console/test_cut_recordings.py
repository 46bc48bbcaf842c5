"""What stands in a file whole comes back, wherever the file ends."""

import io
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tactile_equiv.cut_recordings import CutRecording
from tactile_equiv.errors import DataError
from tactile_equiv.mcap_writer import MAGIC, McapWriter

DEFINITION = "string data\n"
MESSAGES = [
    (1 + index % 2, 1_000_000_000 + 10_000_000 * index, b"<%d>" % index + bytes(index))
    for index in range(40)
]
"""Channel, log time, content."""


def write_messages(file: Any, messages: Any = MESSAGES, every: int = 7) -> McapWriter:
    """Two channels and the messages, a chunk for `every` seven; not closed."""
    writer = McapWriter(file)
    for topic in ("/left", "/right"):
        writer.add_channel(topic, "std_msgs/msg/String", DEFINITION, {"offered_qos_profiles": ""})
    for index, (channel, time, data) in enumerate(messages):
        writer.write(channel, time, time - 5, data)
        if index % every == every - 1:
            writer.flush()
    return writer


def whole_file() -> bytes:
    """A recording that was closed."""

    class Kept(io.BytesIO):
        def close(self) -> None:
            """Keeps the content."""

    file = Kept()
    write_messages(file).close({})
    return file.getvalue()


WHOLE = whole_file()


def read(path: Path) -> list[tuple[int, int, bytes]]:
    recording = CutRecording(path)
    return list(recording.messages(list(recording.channels)))


def places(content: bytes) -> list[int]:
    """Where each message ends in the file."""
    found, at = [], 0
    for _, _, data in MESSAGES:
        at = content.index(data, at) + len(data)
        found.append(at)
    return found


@given(st.integers(0, len(WHOLE)))
def test_every_whole_message_before_the_cut_comes_back_and_none_else(
    tmp_path_factory: pytest.TempPathFactory, cut: int
) -> None:
    file = tmp_path_factory.getbasetemp() / "cut.mcap"
    file.write_bytes(WHOLE[:cut])
    if cut < len(MAGIC):
        with pytest.raises(DataError):
            CutRecording(file)
        return
    complete = sum(end <= cut for end in places(WHOLE))
    assert read(file) == MESSAGES[:complete]


@given(st.integers(len(MAGIC), len(WHOLE) - 1), st.integers(1, 255))
def test_a_changed_byte_never_gives_a_wrong_message(
    tmp_path_factory: pytest.TempPathFactory, at: int, change: int
) -> None:
    content = bytearray(WHOLE)
    content[at] ^= change
    file = tmp_path_factory.getbasetemp() / "changed.mcap"
    file.write_bytes(content)
    assert {data for _, _, data in read(file)} <= {data for _, _, data in MESSAGES}


def test_a_cut_recording_says_what_is_lost(tmp_path: Path) -> None:
    file = tmp_path / "cut.mcap"
    end = places(WHOLE)[30]
    file.write_bytes(WHOLE[: end + 20])
    recording = CutRecording(file)
    assert (len(recording), recording.lost, recording.damaged) == (31, 20, 0)
    assert recording.channels[1][:2] == ("/left", "std_msgs/msg/String")
    file.write_bytes(WHOLE)
    assert CutRecording(file).lost == 0


def test_messages_come_in_order_of_time_across_chunks(tmp_path: Path) -> None:
    file = tmp_path / "unordered.mcap"
    with file.open("xb", buffering=0) as output:
        write_messages(output, MESSAGES[::-1]).flush()
    assert read(file) == MESSAGES


@pytest.mark.parametrize("compression", ["lz4", "zstd"])
def test_compressed_chunks_of_other_writers_are_read(tmp_path: Path, compression: str) -> None:
    frame = pytest.importorskip("lz4.frame")
    storage = pytest.importorskip("rosbags.rosbag2.storage_mcap")
    compress = frame.compress if compression == "lz4" else storage.zstd.compress
    file = tmp_path / "compressed.mcap"
    file.write_bytes(compressed(WHOLE, compression, compress)[:-100])
    assert read(file) == MESSAGES


def compressed(content: bytes, name: str, compress: Any) -> bytes:
    """The records of a recording with every chunk packed."""
    parts, at = [MAGIC], len(MAGIC)
    while at < len(content) - len(MAGIC):
        stop = at + 9 + int.from_bytes(content[at + 1 : at + 9], "little")
        record = content[at:stop]
        if record[0] == 6:
            packed = compress(record[9 + 28 + 4 + 8 :])
            body = record[9 : 9 + 28] + len(name).to_bytes(4, "little") + name.encode()
            body += len(packed).to_bytes(8, "little") + packed
            record = b"\6" + len(body).to_bytes(8, "little") + body
        parts.append(record)
        at = stop
    return b"".join(parts)


def test_a_damaged_chunk_is_left_out_and_counted(tmp_path: Path) -> None:
    file = tmp_path / "damaged.mcap"
    content = bytearray(WHOLE)
    content[places(WHOLE)[10] - 1] ^= 1
    file.write_bytes(content)
    assert read(file) == MESSAGES[:7] + MESSAGES[14:]
    assert CutRecording(file).damaged == 1


def test_a_full_disk_leaves_what_was_written_readable(files_up_to: Any, tmp_path: Path) -> None:
    file = tmp_path / "full.mcap"
    size = places(WHOLE)[20]
    with files_up_to(size), file.open("xb", buffering=0) as output, pytest.raises(OSError):
        write_messages(output)
    recording = CutRecording(file)
    assert (len(recording), recording.lost) == (14, 0)


def test_a_writer_that_failed_counts_what_is_in_the_file(tmp_path: Path) -> None:
    class Small(io.BytesIO):
        def write(self, data: Any) -> int:
            if self.tell() > 1000:
                raise OSError(28, "No space left on device")
            return super().write(data[:100])

    small = Small()
    writer = McapWriter(small)
    channel = writer.add_channel("/skin", "std_msgs/msg/String", DEFINITION, {})
    with pytest.raises(OSError, match="No space"):
        for index in range(100):
            writer.write(channel, index, index, bytes(20))
            writer.flush()
    file = tmp_path / "small.mcap"
    file.write_bytes(small.getvalue())
    assert 0 < writer.counts[channel] == len(CutRecording(file)) < 100
    assert CutRecording(file).lost == 0
