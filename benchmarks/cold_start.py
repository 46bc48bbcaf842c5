"""From the start of a node's process to its first answer, for each engine of the network.

    python benchmarks/cold_start.py --runs 5 --json cold_start.json

Frames are already being published when the process starts. A bare node that echoes images shows
what Python, rclpy and discovery take alone. Engines take turns; files are in the page cache.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import rclpy
from rclpy.node import Node
from rclpy.qos import QoSProfile
from sensor_msgs.msg import Image
from timing import record, table

from tactile_equiv.backends import BACKENDS
from tactile_equiv.process_descriptions import perception_description
from tactile_equiv.ros_environment import prepare_ros_environment

ECHO = "echo node"
ECHO_FILE = Path(__file__).with_name("echo_node.py")
DOMAIN = "101"  # the tests use those below
PERIOD_S = 0.005  # between two frames
LIMIT_S = 60.0
TICKS_PER_SECOND = os.sysconf("SC_CLK_TCK")


@dataclass(frozen=True)
class ColdStart:
    """One start.

    Attributes:
        wall_s: from the start of the process to its first contact map, s.
        cpu_s: processor time until then, which a busy machine changes less, s.
        peak_mb: largest resident memory until then, MB.
    """

    wall_s: float
    cpu_s: float
    peak_mb: float


def command(subject: str, namespace: str, model: str) -> list[str]:
    """Command line of the echo node, or of the perception node on one engine."""
    if subject == ECHO:
        return [sys.executable, str(ECHO_FILE), "--ros-args", "-r", f"__ns:={namespace}"]
    parameters = {"backend": subject, "device": "cpu", "model_path": model}
    return perception_description(namespace, parameters).command()


def measure(node: Node, subject: str, namespace: str, model: str) -> ColdStart:
    """Start one process, wait for its first answer and end it.

    Raises:
        TimeoutError: if no answer comes.
    """
    answers: list[float] = []
    publisher = node.create_publisher(Image, f"{namespace}/image", QoSProfile(depth=1))
    subscription = node.create_subscription(
        Image,
        f"{namespace}/tactile_perception/contact_map",
        lambda message: answers.append(time.perf_counter()),
        QoSProfile(depth=10),
        raw=True,
    )
    begun = time.perf_counter()
    process = subprocess.Popen(
        command(subject, namespace, model), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    try:
        image = _press()
        while not answers:
            if process.poll() is not None or time.perf_counter() - begun > LIMIT_S:
                raise TimeoutError(f"no answer of {subject}: start it alone to see why")
            publisher.publish(image)
            rclpy.spin_once(node, timeout_sec=PERIOD_S)
        return ColdStart(answers[0] - begun, *_resources(process.pid))
    finally:
        process.terminate()
        process.wait()
        node.destroy_publisher(publisher)
        node.destroy_subscription(subscription)


def _press() -> Image:
    values = np.zeros((32, 32), np.uint8)
    values[10:20, 12:22] = 200
    return Image(height=32, width=32, encoding="mono8", step=32, data=values.tobytes())


def _resources(pid: int) -> tuple[float, float]:
    """Processor time in s and peak resident memory in MB of a process."""
    after_name = Path(f"/proc/{pid}/stat").read_text("utf-8").rpartition(")")[2].split()
    user, system = int(after_name[11]), int(after_name[12])
    status = Path(f"/proc/{pid}/status").read_text("utf-8")
    peak_kib = next(int(line.split()[1]) for line in status.splitlines() if "VmHWM" in line)
    return (user + system) / TICKS_PER_SECOND, peak_kib * 1024 / 1e6


def measure_all(runs: int, model: str) -> dict[str, dict[str, float]]:
    """Medians over the runs, by subject; `wall_min_s` is the fastest."""
    subjects = [ECHO, *(name for name in BACKENDS if name != "auto")]
    found: dict[str, list[ColdStart]] = {subject: [] for subject in subjects}
    with rclpy.init(args=[]):
        node = rclpy.create_node("cold_start")
        for run in range(runs):
            for number, subject in enumerate(subjects):
                found[subject].append(measure(node, subject, f"/cold_{run}_{number}", model))
    return {subject: _summary(starts) for subject, starts in found.items()}


def _summary(starts: list[ColdStart]) -> dict[str, float]:
    def over_runs(reduce: Callable[[Any], Any], name: str) -> float:
        return float(reduce([asdict(start)[name] for start in starts]))

    medians = {name: over_runs(np.median, name) for name in asdict(starts[0])}
    return {**medians, "wall_min_s": over_runs(min, "wall_s")}


def main() -> int:
    """Print a table, write the figures where asked."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--model", default="tekscan_objects")
    parser.add_argument("--json", type=Path)
    options = parser.parse_args()
    prepare_ros_environment()
    os.environ["ROS_DOMAIN_ID"] = DOMAIN
    found = measure_all(options.runs, options.model)
    columns = list(next(iter(found.values())))
    rows = [[subject, *(values[name] for name in columns)] for subject, values in found.items()]
    print(table([f"median of {options.runs}", *columns], rows))
    record(options.json, found)
    return 0


if __name__ == "__main__":
    sys.exit(main())
