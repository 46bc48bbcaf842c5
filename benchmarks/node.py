"""The perception node end to end over DDS, against a bare echo node and the network alone.

    python benchmarks/node.py [--quick] [--json FILE]

Each subject is a process of its own, and so is the client that publishes frames and hears the
answers. They take turns, round by round, and of each figure the quietest round counts, so that what
else the machine does matters little.
Tables:

    latency     p50 and p99 from publish to the last answer, CPU of the node for a frame, frames
                lost; over the echo node and the network run as often: what this package adds
    sustained   highest rate of which no frame is lost
    overload    a rate that nothing can hold: age of the answers against its bound
    busy        with and without real-time priority while other processes keep every core busy
    transport   240x320 and 480x640 with the shipped Fast DDS profile, Fast DDS's own, and UDP alone
"""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from timing import record

from tactile_equiv.errors import SettingsError
from tactile_equiv.frame import level
from tactile_equiv.model import Model, load_model
from tactile_equiv.model_directory import find_model
from tactile_equiv.process_descriptions import NodeDescription
from tactile_equiv.ros_environment import prepare_ros_environment, profile_variable

HERE = Path(__file__).resolve().parent
SMALL, CAMERA, LARGE = (32, 32), (240, 320), (480, 640)
RATES = (30.0, 200.0, 1000.0)
LADDER = (250.0, 500.0, 750.0, 1000.0, 1500.0, 2000.0, 3000.0)
OVERLOAD_HZ = 4000.0
BUSY_HZ = 200.0
CAMERA_HZ = 20.0
PRIORITY = 20
TOLERATED_LOSS = 0.001  # of the frames: a scheduler's hiccup is no limit of the node
ANSWERS = {"echo": ["contact_map"], "node": ["contact_map", "classification"]}
REFERENCE = "echo, events, raw"
SUBJECT = "node, events"
PREFERRED = "node, events, SCHED_FIFO"
UDP_ONLY = """<profiles xmlns="http://www.eprosima.com">
  <transport_descriptors><transport_descriptor>
    <transport_id>udp</transport_id><type>UDPv4</type>
  </transport_descriptor></transport_descriptors>
  <participant profile_name="udp_only" is_default_profile="true"><rtps>
    <userTransports><transport_id>udp</transport_id></userTransports>
    <useBuiltinTransports>false</useBuiltinTransports>
  </rtps></participant>
</profiles>"""
FAST_DDS_OWN = """<profiles xmlns="http://www.eprosima.com">
  <participant profile_name="own" is_default_profile="true"><rtps></rtps></participant>
</profiles>"""


@dataclass(frozen=True)
class Stream:
    """One measured stream.

    Attributes:
        p50_us, p99_us: from publish to the last answer.
        cpu_us: of all threads of the node's process, for a frame that was sent.
        sent, lost: frames.
        rate_hz: at which they left.
    """

    p50_us: float
    p99_us: float
    cpu_us: float
    sent: int
    lost: int
    rate_hz: float


@dataclass
class Row:
    """One subject under one load: its quietest round of each figure, the network beside it."""

    subject: str
    rows: int
    columns: int
    asked_hz: float
    p50_us: float
    p99_us: float
    cpu_us: float
    lost: int
    sent: int
    network_us: float = float("nan")
    ratio: float = float("nan")
    """Latency over the echo node's and the network's, p50; NaN for an echo node."""


@dataclass
class Results:
    """Everything that was measured."""

    model: str
    backend: str
    load_average: tuple[float, float, float]
    latency: list[Row] = field(default_factory=list)
    sustained_hz: dict[str, float] = field(default_factory=dict)
    overload: list[dict[str, Any]] = field(default_factory=list)
    busy: list[Row] = field(default_factory=list)
    transport: dict[str, list[Row]] = field(default_factory=dict)


class Subject:
    """A node in a process of its own, below its own namespace."""

    def __init__(self, name: str, command: list[str], namespace: str, environ: dict[str, str]):
        self.name = name
        self.namespace = namespace
        self.kind = name.partition(",")[0]
        self._process = subprocess.Popen(
            command, env=environ, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )

    def cpu_s(self) -> float:
        """CPU time of all its threads so far."""
        total = 0
        for thread in Path(f"/proc/{self._process.pid}/task").iterdir():
            with contextlib.suppress(FileNotFoundError, ProcessLookupError):
                total += int((thread / "schedstat").read_text().split()[0])
        return total / 1e9

    def close(self) -> None:
        """End it."""
        self._process.terminate()
        try:
            self._process.wait(10)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()


class Bench:
    """A client process and the subjects that it talks to, in one ROS domain."""

    def __init__(
        self,
        subjects: list[str],
        model: str,
        domain: int,
        profile: Path | None = None,
        priority: int = 0,
    ):
        environ = os.environ | {"ROS_DOMAIN_ID": str(domain), "OMP_NUM_THREADS": "1"}
        if profile is not None:
            environ[profile_variable()] = str(profile)
        self.subjects = [
            Subject(name, _command(name, f"/subject{number}", model), f"/subject{number}", environ)
            for number, name in enumerate(subjects)
        ]
        self._client = subprocess.Popen(
            [sys.executable, str(HERE / "stream_client.py"), "--priority", str(priority)],
            env=environ,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def stream(self, subject: Subject, size: tuple[int, int], rate_hz: float, count: int) -> Stream:
        """Send frames to one subject and collect its answers."""
        request = {
            "namespace": subject.namespace,
            "answers": ANSWERS[subject.kind],
            "rows": size[0],
            "columns": size[1],
            "rate_hz": rate_hz,
            "frames": count,
        }
        begun = subject.cpu_s()
        assert self._client.stdin and self._client.stdout
        self._client.stdin.write(json.dumps(request) + "\n")
        self._client.stdin.flush()
        line = self._client.stdout.readline()
        if not line:
            raise RuntimeError(f"{subject.name} gave no answer: run it alone to see why")
        answers = json.loads(line)
        latencies = answers["latency_us"] or [float("nan")]
        p50, p99 = np.percentile(latencies, [50, 99]).tolist()
        sent = answers["sent"]
        cpu_us = 1e6 * (subject.cpu_s() - begun) / sent
        lost = sent - len(answers["latency_us"])
        return Stream(p50, p99, cpu_us, sent, lost, answers["rate_hz"])

    def close(self) -> None:
        """End all processes."""
        assert self._client.stdin
        self._client.stdin.close()
        self._client.wait()
        for subject in self.subjects:
            subject.close()


def _command(name: str, namespace: str, model: str) -> list[str]:
    kind, executor, *more = name.split(", ")
    if kind == "node":
        priority = PRIORITY if more else 0
        parameters = {"model_path": model, "executor": executor, "realtime_priority": priority}
        return NodeDescription(
            executable="perception_node",
            module="tactile_equiv.perception_node",
            name="tactile_perception",
            namespace=namespace,
            parameters=parameters,
        ).command()
    options = ["--executor", executor, *(["--raw"] if more else [])]
    ros = ["--ros-args", "-r", f"__ns:={namespace}"]
    return [sys.executable, str(HERE / "echo_node.py"), *options, *ros]


@contextlib.contextmanager
def running(*arguments: Any, **options: Any) -> Iterator[Bench]:
    """A bench whose processes end with the block."""
    bench = Bench(*arguments, **options)
    try:
        for subject in bench.subjects:  # each has answered once before anything is measured
            bench.stream(subject, SMALL, 50.0, 20)
        yield bench
    finally:
        bench.close()


def pressed(model: Model, size: tuple[int, int]) -> Any:
    """The network's input for a frame like those of the client, (C, H, W)."""
    frame = np.zeros(size, np.float32)
    frame[12:20, 12:20] = np.random.default_rng(0).uniform(60, 200, (8, 8))
    return level(frame, model.card.normalisation).network_input


def network_us(model: Model, size: tuple[int, int], rate_hz: float, count: int) -> float:
    """Median time of the network alone on the whole frame, called at the rate of the stream."""
    frame, times = pressed(model, size), []
    due = time.perf_counter()
    for _ in range(count):
        due = max(due + 1 / rate_hz, time.perf_counter())
        while (left := due - time.perf_counter()) > 0:
            time.sleep(left)
        begun = time.perf_counter()
        model.backend.run(frame)
        times.append(time.perf_counter() - begun)
    return 1e6 * statistics.median(times)


def measure_latency(
    bench: Bench,
    model: Model,
    size: tuple[int, int],
    rates: tuple[float, ...],
    rounds: int,
    seconds: float,
) -> list[Row]:
    """Every subject at every rate, in turns."""
    made = []
    for rate in rates:
        count = int(max(30, rate * seconds))
        streams: dict[str, list[Stream]] = {one.name: [] for one in bench.subjects}
        network = []
        for _ in range(rounds):
            for subject in bench.subjects:
                streams[subject.name].append(bench.stream(subject, size, rate, count))
            network.append(network_us(model, size, rate, min(count, 100)))
        made += _rows(streams, size, rate, min(network))
    return made


def _rows(
    streams: dict[str, list[Stream]], size: tuple[int, int], rate: float, network: float
) -> list[Row]:
    rows = [
        Row(
            name,
            *size,
            rate,
            min(one.p50_us for one in several),
            min(one.p99_us for one in several),
            min(one.cpu_us for one in several),
            min(one.lost for one in several),
            several[0].sent,
            network,
        )
        for name, several in streams.items()
    ]
    echo = next((row.p50_us for row in rows if row.subject == REFERENCE), float("nan"))
    for row in rows:
        if row.subject.startswith("node"):
            row.ratio = row.p50_us / (echo + network)
    return rows


def measure_sustained(bench: Bench, rounds: int, seconds: float) -> dict[str, float]:
    """The highest rate of the ladder that each subject holds; 0 = not even the first."""
    held = {}
    for subject in bench.subjects:
        held[subject.name] = 0.0
        for rate in LADDER:
            best = min(
                (bench.stream(subject, SMALL, rate, int(rate * seconds)) for _ in range(rounds)),
                key=lambda stream: stream.lost,
            )
            if best.lost > TOLERATED_LOSS * best.sent or best.rate_hz < 0.97 * rate:
                break
            held[subject.name] = rate
    return held


def measure_overload(bench: Bench, rounds: int, seconds: float) -> list[dict[str, Any]]:
    """Age of the answers where frames come faster than they can be answered.

    The bound: two periods of the sensor and one processing time, here the time between two answers.
    """
    made = []
    for subject in bench.subjects:
        if subject.kind == "node":
            count = int(OVERLOAD_HZ * seconds)
            one = min(
                (bench.stream(subject, SMALL, OVERLOAD_HZ, count) for _ in range(rounds)),
                key=lambda stream: stream.p99_us,
            )
            period = 1e6 / one.rate_hz
            processing = one.sent * period / max(one.sent - one.lost, 1)
            made.append(
                {
                    "subject": subject.name,
                    "rate_hz": one.rate_hz,
                    "answered_hz": 1e6 / processing,
                    "age_p50_us": one.p50_us,
                    "age_p99_us": one.p99_us,
                    "bound_us": 2 * period + processing,
                }
            )
    return made


@contextlib.contextmanager
def busy_cores() -> Iterator[None]:
    """Every core has a process that never waits."""
    command = [sys.executable, "-c", "while True: pass"]
    started = [subprocess.Popen(command) for _ in range(os.cpu_count() or 1)]
    try:
        yield
    finally:
        for process in started:
            process.kill()
            process.wait()


def measure_busy(model: str, domain: int, rounds: int, seconds: float) -> list[Row]:
    """The node with and without SCHED_FIFO; the client has it, so that only the node differs.

    Raises:
        SettingsError: if it is not permitted here.
    """
    use_fifo_in_a_child()
    with running([SUBJECT, PREFERRED], model, domain, priority=PRIORITY + 1) as bench, busy_cores():
        streams: dict[str, list[Stream]] = {one.name: [] for one in bench.subjects}
        for _ in range(rounds):
            for one in bench.subjects:
                count = int(BUSY_HZ * seconds)
                streams[one.name].append(bench.stream(one, SMALL, BUSY_HZ, count))
    return _rows(streams, SMALL, BUSY_HZ, float("nan"))


def use_fifo_in_a_child() -> None:
    """Find out whether SCHED_FIFO is permitted, in a process that ends with it.

    Raises:
        SettingsError: if not.
    """
    code = f"from tactile_equiv.realtime import use_fifo; use_fifo({PRIORITY})"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    if done.returncode:
        raise SettingsError(done.stderr.strip().rpartition("\n")[2])


def profiles(folder: Path) -> dict[str, Path | None]:
    """Name to Fast DDS profile; None = the shipped one."""
    (folder / "udp.xml").write_text(UDP_ONLY)
    (folder / "own.xml").write_text(FAST_DDS_OWN)
    return {
        "shipped (16 MiB shared memory)": None,
        "Fast DDS's own": folder / "own.xml",
        "UDP alone": folder / "udp.xml",
    }


def measure_transport(
    model: Model, name: str, domain: int, rounds: int, count: int
) -> dict[str, list[Row]]:
    """Camera frames over each transport; all processes run at once and take turns."""
    names = [REFERENCE, SUBJECT]
    with tempfile.TemporaryDirectory() as folder, contextlib.ExitStack() as stack:
        benches = {
            transport: stack.enter_context(running(names, name, domain + k, profile=profile))
            for k, (transport, profile) in enumerate(profiles(Path(folder)).items())
        }
        made: dict[str, list[Row]] = {transport: [] for transport in benches}
        for size in (CAMERA, LARGE):
            streams: dict[str, dict[str, list[Stream]]] = {
                transport: {name: [] for name in names} for transport in benches
            }
            for _ in range(rounds):
                for transport, bench in benches.items():
                    for one in bench.subjects:
                        stream = bench.stream(one, size, CAMERA_HZ, count)
                        streams[transport][one.name].append(stream)
            network = network_us(model, size, CAMERA_HZ, 5)
            for transport, several in streams.items():
                made[transport] += _rows(several, size, CAMERA_HZ, network)
    return made


def table(rows: list[Row]) -> str:
    """Lines of a table."""
    head = (
        f"{'subject':26}{'size':>9}{'Hz':>6}{'p50 us':>9}{'p99 us':>9}{'CPU us':>8}{'lost':>12}"
        f"{'network us':>12}{'/(echo+net)':>12}"
    )
    lines = [
        f"{row.subject:26}{f'{row.rows}x{row.columns}':>9}{row.asked_hz:6.0f}{row.p50_us:9.0f}"
        f"{row.p99_us:9.0f}{row.cpu_us:8.0f}{f'{row.lost}/{row.sent}':>12}{row.network_us:12.0f}"
        + (f"{row.ratio:12.2f}" if row.ratio == row.ratio else "")
        for row in rows
    ]
    return "\n".join([head, *lines])


def measure(options: argparse.Namespace) -> Results:
    """Everything, printed as it comes."""
    model = load_model(find_model(options.model))
    results = Results(model.card.name, model.backend.name, os.getloadavg())
    quick = options.quick
    seconds, rounds = (0.3, 1) if quick else (1.0, 5)
    names = [
        *(f"echo, {executor}{raw}" for executor in ("single_threaded", "events")
          for raw in ("", ", raw")),
        *(() if quick else ("echo, multi_threaded",)),
        "node, single_threaded",
        SUBJECT,
    ]  # fmt: skip
    print(f"model {model.card.name!r} on {model.backend.name}; load {os.getloadavg()[0]:.2f}")
    with running(names, options.model, options.domain) as bench:
        results.latency = measure_latency(bench, model, SMALL, RATES, rounds, seconds)
        print(table(results.latency), flush=True)
        results.overload = measure_overload(bench, rounds, seconds)
        for line in results.overload:
            print(
                f"overload: {line['subject']} at {line['rate_hz']:.0f} Hz answers "
                f"{line['answered_hz']:.0f} Hz, age p50 {line['age_p50_us']:.0f} us, p99 "
                f"{line['age_p99_us']:.0f} us, bound {line['bound_us']:.0f} us"
            )
        results.sustained_hz = measure_sustained(bench, min(rounds, 3), seconds)
        for name, rate in results.sustained_hz.items():
            print(f"sustained without loss: {name:26} {rate:6.0f} Hz", flush=True)
    try:
        results.busy = measure_busy(options.model, options.domain + 1, 1 if quick else 3, seconds)
        print(f"busy cores\n{table(results.busy)}", flush=True)
    except SettingsError as error:
        print(f"busy cores: not measured, {error}", flush=True)
    results.transport = measure_transport(
        model, options.model, options.domain + 2, 1 if quick else 3, 10 if quick else 40
    )
    for transport, rows in results.transport.items():
        print(f"transport: {transport}\n{table(rows)}", flush=True)
    return results


def main() -> int:
    """Print the tables; with --json also write them."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--model", default="simulated_textures", help="name or directory")
    parser.add_argument("--domain", type=int, default=95, help="first of five ROS domains to use")
    parser.add_argument("--quick", action="store_true", help="one short round of everything")
    parser.add_argument("--json", type=Path, help="also write the numbers to this file")
    options = parser.parse_args()
    prepare_ros_environment()
    results = measure(options)
    record(options.json, asdict(results))
    return 0


if __name__ == "__main__":
    sys.exit(main())
