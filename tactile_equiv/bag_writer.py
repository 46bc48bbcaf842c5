"""Writes a rosbag2 recording: a folder with metadata.yaml, or one .mcap file."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from tactile_equiv.errors import DataError
from tactile_equiv.mcap_writer import McapWriter
from tactile_equiv.text_files import write_whole

VERSION = 9
"""Of rosbag2's metadata, as from ROS 2 Jazzy on."""


@dataclass(frozen=True)
class RecordedTopic:
    """What a recording says of a topic.

    Attributes:
        name: full name.
        message_type: "package/msg/Type".
        definition: of the type and all within (`message_definitions`).
        type_hash: RIHS01 text (REP 2016).
        offered_qos: of each publisher, as rosbag2 writes it.
    """

    name: str
    message_type: str
    definition: str
    type_hash: str = ""
    offered_qos: Sequence[Mapping[str, Any]] = ()


class BagWriter:
    """A recording that is written to disk at every `flush`, and complete after `close`.

    Args:
        path: new folder, or new file that ends in .mcap.

    Raises:
        DataError: from every method, if the recording cannot be written; what was written before
            stays readable.
    """

    def __init__(self, path: Path) -> None:
        self._folder = None if path.suffix == ".mcap" else path
        self.file = path if self._folder is None else path / f"{path.name}_0.mcap"
        self._topics: dict[int, RecordedTopic] = {}
        try:
            self.file.parent.mkdir(parents=True, exist_ok=self._folder is None)
            self._writer = McapWriter(self.file.open("xb", buffering=0))
        except FileExistsError as error:
            raise DataError(f"{path} exists already: name a new recording") from error
        except OSError as error:
            raise DataError(
                f"{path} cannot be written ({error.strerror}): name another place"
            ) from error

    @property
    def messages(self) -> int:
        """Messages of all topics."""
        return self._writer.counts.total()

    @property
    def seconds(self) -> float:
        """Between the first and the last message in the file."""
        return self._writer.duration / 1e9

    def add_topic(self, topic: RecordedTopic) -> int:
        """A number for a topic, to write its messages with."""
        metadata = {
            "offered_qos_profiles": _yaml(list(topic.offered_qos)),
            "topic_type_hash": topic.type_hash,
        }
        with self._writing():
            number = self._writer.add_channel(
                topic.name, topic.message_type, topic.definition, metadata
            )
        self._topics[number] = topic
        return number

    def count(self, topic: int) -> int:
        """Messages of one topic."""
        return self._writer.counts[topic]

    def write(self, topic: int, log_time: int, publish_time: int, data: bytes) -> None:
        """Add a serialised message; times in nanoseconds since 1970."""
        with self._writing():
            self._writer.write(topic, log_time, publish_time, data)

    def flush(self) -> None:
        """Write everything to the file."""
        with self._writing():
            self._writer.flush()

    def close(self) -> None:
        """Write the rest, the index and metadata.yaml."""
        with self._writing():
            self._writer.flush()
            information = self._information()
            stored = {"serialized_metadata": _yaml(information)}
            self._writer.close(stored)
            if self._folder is not None:
                text = _yaml({"rosbag2_bagfile_information": information})
                write_whole(self._folder / "metadata.yaml", text.encode())

    def _information(self) -> dict[str, Any]:
        whole = {
            "starting_time": {"nanoseconds_since_epoch": self._writer.start},
            "duration": {"nanoseconds": self._writer.duration},
            "message_count": self.messages,
        }
        return {
            "version": VERSION,
            "storage_identifier": "mcap",
            "relative_file_paths": [self.file.name],
            **whole,
            "topics_with_message_count": [
                {"topic_metadata": _described(topic), "message_count": self.count(number)}
                for number, topic in self._topics.items()
            ],
            "compression_format": "",
            "compression_mode": "",
            "files": [{"path": self.file.name, **whole}],
            "custom_data": None,
            "ros_distro": os.environ.get("ROS_DISTRO", ""),
        }

    @contextmanager
    def _writing(self) -> Iterator[None]:
        try:
            yield
        except OSError as error:
            raise DataError(
                f"{self.file} cannot be written any more ({error.strerror}): the recording ends "
                f"with {self.messages} messages, which stay readable; make room and record anew"
            ) from error


class _Plain(yaml.SafeDumper):
    """Writes equal values twice, where YAML would refer from the second to the first."""

    def ignore_aliases(self, data: Any) -> bool:
        """Whatever the data."""
        return True


def _yaml(values: Any) -> str:
    return yaml.dump(values, Dumper=_Plain, sort_keys=False)


def _described(topic: RecordedTopic) -> dict[str, Any]:
    return {
        "name": topic.name,
        "type": topic.message_type,
        "serialization_format": "cdr",
        "offered_qos_profiles": [dict(profile) for profile in topic.offered_qos],
        "type_description_hash": topic.type_hash,
    }
