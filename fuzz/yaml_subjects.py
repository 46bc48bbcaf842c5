"""Scripts, sensors, hands, thresholds and parameter files that are wrong, as text or in content."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from functools import partial
from pathlib import Path
from random import Random

import numpy as np
import yaml
from tactile_equiv_sim.check.thresholds import load_thresholds
from tactile_equiv_sim.script import load_script

from fuzz.file_subject import Files, FileSubject
from fuzz.law import ViolationError
from fuzz.mutations import changed, edited, pick
from tactile_equiv.hand_description import read_hand
from tactile_equiv.sensor_list import read_sensors
from tactile_equiv.sensor_profiles import read_profile
from tactile_equiv.settings import Settings
from tactile_equiv.share import share_directory
from tactile_equiv.shift_scripts import topology_of
from tactile_equiv.topology import TOPOLOGIES

STEPS = 200
"""Steps of an accepted script that are looked at."""
LARGEST_SENSOR = 20_000
"""Taxels of sensors whose first touched frame is computed: more would take long, and rightly."""
TRICKS = (
    "a: &a [x, x, x, x]\nb: &b [*a, *a, *a, *a]\nc: &c [*b, *b, *b, *b]\nd: [*c, *c, *c, *c]\n",
    "".join(f"a{n}: &a{n} [{', '.join([f'*a{n - 1}' if n else 'lol'] * 9)}]\n" for n in range(12)),
    "&a [*a]\n",
    "? {a: b}\n: c\n",
    "!!python/object/apply:os.system ['true']\n",
    "!!binary aGFsbG8=\n",
    "sensor: !!set {a, b}\n",
    "[" * 3000 + "]" * 3000,
    "{a: " * 400 + "1" + "}" * 400,
    "a: 2001-01-01\nb: 1:1:1:1:1:1\nc: 0x7fffffffffffffffffffffff\nd: .inf\ne: .nan\n",
    "- 1\n- 2\n",
    "",
    "null\n",
    "--- 1\n--- 2\n",
    "a: " + "9" * 5000 + "\n",
    "<<: [1, 2]\n",
    "\ufeff# BOM\n",
    "a: b: c\n",
    "\t- a\n",
    "key: |\n  " + "x" * 100_000 + "\n",
)
"""Documents that trouble readers of YAML."""


def yaml_subjects() -> list[FileSubject]:
    """One for each kind of file."""
    config = share_directory() / "config"

    def subject(name: str, pattern: str, check: Callable[[Path], None]) -> FileSubject:
        seeds = [file.read_bytes() for file in sorted(config.glob(pattern))]
        return FileSubject(name, partial(hostile_yaml, seeds), check)

    return [
        subject("script", "scripts/*.yaml", _script),
        subject("sensors", "sensors.yaml", _sensors),
        subject("hand_file", "hands/*.yaml", _hand),
        subject("thresholds", "thresholds.yaml", _thresholds),
        subject("profile", "sensors/*.yaml", _profile),
    ]


def hostile_yaml(seeds: list[bytes], random: Random) -> Files:
    """A file that was right before values, or characters, were changed."""
    content = pick(random, seeds)
    way = random.randrange(10)
    if way == 0:
        trick = pick(random, TRICKS).encode()
        return {"given.yaml": pick(random, (trick, content + trick, trick + content))}
    if way < 3:
        return {"given.yaml": changed(random, content)}
    values = edited(random, yaml.safe_load(content))
    written = yaml.safe_dump(values, allow_unicode=True).encode("utf-8", "surrogatepass")
    return {"given.yaml": written}


def _script(file: Path) -> None:
    if topology_of(file) not in TOPOLOGIES:
        raise ViolationError(f"the topology is {topology_of(file)!r}")
    script = load_script(file)
    steps = list(itertools.islice(script, STEPS))
    times = [step.time_s for step in steps]
    if not np.isfinite(times).all() or times != sorted(times):
        raise ViolationError("steps have no times in order")
    touched = next((step for step in steps if step.contacts), None)
    rows, columns = script.sensor.rows, script.sensor.cols
    if touched is None or rows * columns > LARGEST_SENSOR:
        return
    frame = script.scene().frame(touched.contacts)
    if frame.values.shape[:2] != (rows, columns) or not np.isfinite(frame.values).all():
        raise ViolationError(f"a sensor of {rows}x{columns} reads {frame.values.shape}")


def _sensors(file: Path) -> None:
    for node in read_sensors(file):
        if not isinstance(node.namespace, str):
            raise ViolationError(f"a namespace is {node.namespace!r}")


def _hand(file: Path) -> None:
    hand = read_hand(file)
    names = [patch.name for patch in hand.patches]
    if not names or len(set(names)) < len(names):
        raise ViolationError(f"patches are called {names}")
    for patch in hand.patches:
        patch.settings(Settings())


def _thresholds(file: Path) -> None:
    limits = [limit for limit in load_thresholds(file).values() if limit is not None]
    if not all(isinstance(limit, float) and 0 <= limit < float("inf") for limit in limits):
        raise ViolationError(f"limits are {limits}")


def _profile(file: Path) -> None:
    if not isinstance(read_profile(str(file)), Settings):
        raise ViolationError("a profile is no settings")
