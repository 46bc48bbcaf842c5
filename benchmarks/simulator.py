"""How long the simulator takes for a frame, against the time that real time leaves it, one core.

Runs shift scripts from beginning to end without ROS: what is pressed, the ideal frame and its
truth, then the imperfections. The mechanics are solved before real time begins and are timed apart.
"""

from __future__ import annotations

import argparse
import os
import sys
import time
from dataclasses import asdict, dataclass
from pathlib import Path

import cv2
import numpy as np
from tactile_equiv_sim.imperfections import ImperfectSensor
from tactile_equiv_sim.script import Script, load_script
from timing import record

from tactile_equiv.errors import TactileError

SCRIPTS = ("closed_loop", "imperfect", "gel")


@dataclass(frozen=True)
class Timing:
    """Frame times of one script.

    Attributes:
        script: its name.
        rows, columns: of the sensor.
        rate_hz: frames per second that it asks for.
        frames: number of frames.
        prepare_s: time before the first frame, s.
        median_ms, p99_ms, worst_ms: time of a frame.
        median_load, p99_load: time of a frame over the period; below 1 keeps up.
        busy: time of all frames over the duration of the script.
    """

    script: str
    rows: int
    columns: int
    rate_hz: float
    frames: int
    prepare_s: float
    median_ms: float
    p99_ms: float
    worst_ms: float
    median_load: float
    p99_load: float
    busy: float


def measure(name: str, script: Script) -> Timing:
    """Run a script once, as fast as it goes."""
    begun = time.perf_counter()
    scene = script.scene()
    scene.prepare(script.contacts())
    prepared = time.perf_counter() - begun
    sensor = ImperfectSensor(script.imperfections, scene.frame(()).values.shape)
    times = []
    for step in script:
        begun = time.perf_counter()
        sensor.deliver(scene.frame(step.contacts).values, step.time_s)
        times.append(time.perf_counter() - begun)
    median, p99 = np.quantile(times, (0.5, 0.99)).tolist()
    rate = script.timing.rate_hz
    return Timing(
        script=name,
        rows=script.sensor.rows,
        columns=script.sensor.cols,
        rate_hz=rate,
        frames=len(times),
        prepare_s=prepared,
        median_ms=1e3 * median,
        p99_ms=1e3 * p99,
        worst_ms=1e3 * max(times),
        median_load=median * rate,
        p99_load=p99 * rate,
        busy=sum(times) / len(times) * rate,
    )


def row(timing: Timing) -> str:
    """A line of the table."""
    size = f"{timing.rows}x{timing.columns}"
    return (
        f"{timing.script:12} {size:>8} {timing.rate_hz:6.0f} {timing.frames:7d} "
        f"{timing.prepare_s:9.2f} {timing.median_ms:10.2f} {timing.p99_ms:7.2f} "
        f"{timing.median_load:13.3f} {timing.p99_load:10.3f} {timing.busy:6.3f}"
    )


def main() -> int:
    """Print a table; exit code 1 where a script does not keep up, 2 where it cannot be read."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("scripts", nargs="*", default=SCRIPTS, help="names or files of scripts")
    parser.add_argument("--json", type=Path, help="also write the numbers to this file")
    options = parser.parse_args()
    cv2.setNumThreads(1)
    try:
        scripts = {Path(name).stem: load_script(name) for name in options.scripts}
    except TactileError as error:
        print(f"simulator: {error}", file=sys.stderr)
        return 2
    print(
        f"{'script':12} {'sensor':>8} {'Hz':>6} {'frames':>7} {'prepare s':>9} {'median ms':>10} "
        f"{'p99 ms':>7} {'median/budget':>13} {'p99/budget':>10} {'busy':>6}"
    )
    timings = []
    for name, script in scripts.items():
        timings.append(measure(name, script))
        print(row(timings[-1]), flush=True)
    if options.json:
        values = {"load_average": os.getloadavg()[0], "scripts": [asdict(t) for t in timings]}
        record(options.json, values)
    return int(any(timing.busy >= 1 for timing in timings))


if __name__ == "__main__":
    sys.exit(main())
