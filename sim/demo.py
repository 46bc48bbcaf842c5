"""Demonstration: presses through a perception node in its own process, a live table, one picture.

Replays real presses where a data-set file is at hand, simulated ones otherwise, then moves one
press over the sensor and measures whether class and contact map did what they should.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import time
from collections.abc import Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import rclpy
from numpy.typing import NDArray
from rclpy.executors import SingleThreadedExecutor
from rclpy.node import Node
from sensor_msgs.msg import Image
from std_msgs.msg import Header
from tactile_equiv_sim.demo_picture import MOVED_ACROSS, Seen, demo_picture
from tactile_equiv_sim.presses import pressed_objects
from tactile_equiv_sim.recorded_presses import DEAD_ZONE, RecordedContact, contained_contacts
from tactile_equiv_sim.script import load_script
from vision_msgs.msg import Classification, Detection2DArray, LabelInfo

from tactile_equiv.dataset import Dataset, load_dataset
from tactile_equiv.decoding import decode_image
from tactile_equiv.errors import TactileError
from tactile_equiv.messages import image_of, nanoseconds
from tactile_equiv.model_directory import find_model, load_card
from tactile_equiv.perception_node import NODE_NAME
from tactile_equiv.quality_of_service import LATCHED_QOS, OUTPUT_QOS
from tactile_equiv.ros_environment import prepare_ros_environment
from tactile_equiv.settings import Settings
from tactile_equiv.share import share_directory
from tactile_equiv.symmetry import map_difference, placed

REAL_MODEL, SIMULATED_MODEL = "tekscan_objects", "simulated_textures"
PRESSES = 24
DISCOVERY_LIMIT = 40.0  # seconds until the node must have been found
ANSWER_LIMIT = 10.0  # seconds until a frame must have been answered
PACE = 0.1  # seconds between two rows of the table


@dataclass(frozen=True)
class Subject:
    """Presses, the model that perceives them, and where they come from."""

    dataset: Dataset
    model: str
    source: str


class DemoClient(Node):
    """Sends one frame at a time and collects what the perception node publishes for it."""

    def __init__(self, namespace: str) -> None:
        super().__init__("demo", namespace=namespace)
        self._frames = self.create_publisher(Image, "image", OUTPUT_QOS)
        self._names: list[str] = []
        self._answers: dict[str, Any] = {}
        self._sent = 0
        self._executor = SingleThreadedExecutor()
        self._executor.add_node(self)
        node = f"{namespace}/{NODE_NAME}"
        self.create_subscription(LabelInfo, f"{node}/label_info", self._on_labels, LATCHED_QOS)
        self._outputs = [
            self.create_subscription(message_class, f"{node}/{name}", self._keep(name), OUTPUT_QOS)
            for name, message_class in {
                "classification": Classification,
                "contact_map": Image,
                "contacts": Detection2DArray,
            }.items()
        ]

    def wait_for_node(self, process: subprocess.Popen[bytes]) -> None:
        """Wait until the perception node listens and is heard.

        Raises:
            TactileError: if it ends or is not found in time.
        """
        self._spin_until(self._connected, DISCOVERY_LIMIT, process, "no perception node was found")

    def perceive(self, frame: NDArray[Any], true: str, process: subprocess.Popen[bytes]) -> Seen:
        """Publish one frame (H, W) and wait for its results.

        Raises:
            TactileError: if they do not come in time.
        """
        stamp = self.get_clock().now().to_msg()
        self._answers, self._sent = {}, nanoseconds(stamp)
        begun = time.perf_counter()
        self._frames.publish(image_of(Header(stamp=stamp, frame_id="demo"), frame))
        self._spin_until(
            lambda: "classification" in self._answers, ANSWER_LIMIT, process, "no answer"
        )
        latency = time.perf_counter() - begun
        self._spin_until(lambda: len(self._answers) == 3, ANSWER_LIMIT, process, "no contact map")
        best = next(iter(self._answers["classification"].results), None)
        return Seen(
            frame=frame,
            contact_map=decode_image(self._answers["contact_map"], Settings()).copy(),
            true=true,
            name=self._names[int(best.class_id)] if best else "",
            score=best.score if best else 0.0,
            contacts=len(self._answers["contacts"].detections),
            latency=latency,
        )

    def pause(self, seconds: float) -> None:
        """Keep spinning for a while."""
        end = time.monotonic() + seconds
        while (left := end - time.monotonic()) > 0:
            self._executor.spin_once(timeout_sec=left)

    def _connected(self) -> bool:
        heard = all(self.count_publishers(output.topic_name) for output in self._outputs)
        return bool(self._names and heard and self._frames.get_subscription_count())

    def _on_labels(self, labels: LabelInfo) -> None:
        self._names = [label.class_name for label in labels.class_map]

    def _keep(self, name: str) -> Any:
        def on_message(message: Any) -> None:
            if nanoseconds(message.header.stamp) == self._sent:
                self._answers[name] = message

        return on_message

    def _spin_until(
        self, reached: Any, limit: float, process: subprocess.Popen[bytes], trouble: str
    ) -> None:
        end = time.monotonic() + limit
        while not reached():
            if process.poll() is not None:
                raise TactileError(
                    f"the perception node ended with code {process.returncode}: see its messages"
                )
            if time.monotonic() > end:
                raise TactileError(f"{trouble} within {limit:.0f} s: is the machine overloaded?")
            self._executor.spin_once(timeout_sec=0.1)


@contextmanager
def perception_process(namespace: str, model: str) -> Any:
    """A perception node in a process of its own, in `namespace`."""
    command = [sys.executable, "-m", "tactile_equiv.perception_node", "--ros-args"]
    command += ["-r", f"__ns:={namespace}", "-p", f"model_path:={model}"]
    process = subprocess.Popen([*command, "--log-level", "warn"])
    try:
        yield process
    finally:
        process.terminate()
        try:
            process.wait(timeout=10)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def choose_subject(data: Path | None, simulated: bool) -> Subject:
    """Presses from `data`, else from the recordings beside the source tree, else simulated ones.

    Args:
        data: data-set file, or None to look for the recordings.
        simulated: take simulated presses, whatever is there.

    Raises:
        DataError: if `data` is given and cannot be read.
    """
    beside = share_directory().parent / "shared" / "data" / "tekscan_objects" / "train.npz"
    file = data or (beside if beside.is_file() else None)
    if simulated or file is None:
        presses = pressed_objects(load_script("closed_loop"), each=5, seed=7)
        return Subject(presses, SIMULATED_MODEL, presses.source)
    return Subject(load_dataset(file), REAL_MODEL, f"real presses from {file.name}")


def chosen_presses(dataset: Dataset) -> NDArray[np.int64]:
    """Indices of up to `PRESSES` presses, all classes in turn."""
    random = np.random.default_rng(1)
    order = random.permutation(len(dataset))
    rank = np.zeros(len(dataset), int)
    for label in np.unique(dataset.labels):
        members = order[dataset.labels[order] == label]
        rank[members] = np.arange(len(members))
    return np.lexsort((dataset.labels, rank))[:PRESSES]


def moved_frames(contact: RecordedContact, rows: int, columns: int) -> list[NDArray[Any]]:
    """The contact at `MOVED_ACROSS` places from corner to corner, border rows included."""
    height, width = contact.values.shape
    free_rows, free_columns = rows - height, columns - width
    ways = np.linspace(0, 1, MOVED_ACROSS)
    places = [(round(free_rows * abs(np.sin(np.pi * w))), round(free_columns * w)) for w in ways]
    return [placed(contact.values, row, column, rows, columns) for row, column in places]


def moved_errors(moved: Sequence[Seen]) -> str:
    """Largest map error and score drift of a moved contact against its first place, in words."""
    first = moved[0]
    origin = np.argwhere(first.frame > 0).min(axis=0)
    map_error = score_drift = 0.0
    for seen in moved:
        shift = np.argwhere(seen.frame > 0).min(axis=0) - origin
        difference = map_difference(
            seen.contact_map, first.contact_map, (int(shift[0]), int(shift[1]))
        )
        map_error = max(map_error, difference / float(first.contact_map.max()))
        score_drift = max(score_drift, abs(seen.score - first.score))
    flips = sum(seen.name != first.name for seen in moved)
    return f"map error {map_error:.1e} relative, score drift {score_drift:.1e}, class flips {flips}"


def run(subject: Subject, picture_file: Path) -> None:
    """Run the demonstration; prints the table and writes the picture.

    Raises:
        TactileError: if the data, the model or the node fail.
    """
    prepare_ros_environment()
    namespace = f"/demo_{os.getpid()}"
    print(f"{subject.source}, model {subject.model}; perception node in its own process")
    print(_seen_before(subject))
    with perception_process(namespace, subject.model) as process, rclpy.init():
        client = DemoClient(namespace)
        client.wait_for_node(process)
        presses = _show_presses(client, subject.dataset, process)
        moved = _show_moved(client, subject.dataset, process)
        client.destroy_node()
    errors = moved_errors(moved)
    print(f"moved over the sensor: {errors}")
    drawn = demo_picture(presses, moved, errors, subject.source)
    if not cv2.imwrite(str(picture_file), drawn):
        raise TactileError(f"{picture_file} cannot be written: name another picture with --out")
    print(f"picture: {picture_file}")


def _seen_before(subject: Subject) -> str:
    """Whether the model was trained on these presses, and what it reached where it was not."""
    card = load_card(find_model(subject.model))
    by_position = card.measured.get("by_position", {}).get("mean_per_class_accuracy")
    held_out = (
        "" if by_position is None else f"; on held-out positions it reached {by_position:.2f}"
    )
    trained = subject.dataset.sha256 == card.training.get("data_sha256")
    return f"the model was trained on {'these' if trained else 'other'} presses{held_out}"


def _show_presses(client: DemoClient, dataset: Dataset, process: Any) -> list[Seen]:
    print(
        f"{'frame':>5}  {'class':14} {'class seen':14} {'score':>6} {'contacts':>8} {'latency':>10}"
    )
    shown = []
    for index in chosen_presses(dataset):
        true = dataset.class_names[dataset.labels[index]]
        shown.append(client.perceive(dataset.frames[index], true, process))
        _print_row(int(index), shown[-1])
        client.pause(PACE)
    return shown


def _show_moved(client: DemoClient, dataset: Dataset, process: Any) -> list[Seen]:
    contact = contained_contacts(dataset, DEAD_ZONE)[0]
    shown = []
    for index, frame in enumerate(moved_frames(contact, *dataset.frames.shape[1:3])):
        shown.append(client.perceive(frame, contact.label, process))
        _print_row(index, shown[-1])
        client.pause(PACE)
    return shown


def _print_row(index: int, seen: Seen) -> None:
    name = seen.name or "(no contact)"
    print(
        f"{index:5d}  {seen.true:14} {name:14} {seen.score:6.3f} {seen.contacts:8d} "
        f"{1000 * seen.latency:7.2f} ms",
        flush=True,
    )


def main() -> int:
    """Command line; 0 done, 1 where something is missing (said in one line)."""
    parser = argparse.ArgumentParser(prog="demo", description=__doc__)
    parser.add_argument("--data", type=Path, help="data-set file of 28x50 presses")
    parser.add_argument("--simulated", action="store_true", help="simulated presses in any case")
    parser.add_argument("--out", type=Path, default=Path("demo.png"), help="picture to write")
    options = parser.parse_args()
    try:
        run(choose_subject(options.data, options.simulated), options.out)
    except TactileError as error:
        print(f"demo: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130
    return 0


if __name__ == "__main__":
    sys.exit(main())
