"""Labelled simulated presses: the objects of a script, anywhere on its sensor, at any angle.

Run `python -m tactile_equiv_sim.presses FILE.npz` to write a data set that `tactile-equiv train`
reads.
"""

from __future__ import annotations

import argparse
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
from tactile_equiv_sim.scene import Contact, Pose
from tactile_equiv_sim.script import Script, load_script

from tactile_equiv.dataset import Dataset
from tactile_equiv.errors import TactileError

LOADS = (5.0, 30.0)  # newtons


def pressed_objects(
    script: Script,
    each: int,
    seed: int,
    loads: tuple[float, float] = LOADS,
    light: tuple[float, float] = (1.0, 1.0),
) -> Dataset:
    """`each` presses of every object of a script, shuffled; frames (N, H, W[, 3]) float32.

    The object's centre lies anywhere on the sensor, so the border cuts some of the presses; the
    sensor is ideal, in its own units, and tared: the frame of a gel is its change of colour.
    `loads` is the range of the loads, newtons, `light` that of a factor on each colour of each
    press: no real gel is lit evenly.
    """
    random = np.random.default_rng(seed)
    surfaces = list(script.objects.values())
    labels = random.permutation(np.repeat(np.arange(len(surfaces)), each))
    scene, sensor = script.scene(), script.sensor
    untouched = scene.frame([]).values
    frames = np.zeros((len(labels), *untouched.shape), np.float32)
    for frame, label in zip(frames, labels, strict=True):
        pose = Pose(
            x_mm=random.uniform(0, (sensor.cols - 1) * sensor.pitch_mm),
            y_mm=random.uniform(0, (sensor.rows - 1) * sensor.pitch_mm),
            angle_rad=random.uniform(0, 2 * np.pi),
            load_n=random.uniform(*loads),
        )
        frame[:] = scene.frame([Contact(surfaces[label], pose)]).values - untouched
    if light != (1.0, 1.0):
        low, high = np.log(light).tolist()
        frames *= np.exp(random.uniform(low, high, (len(frames), 1, 1, *frames.shape[3:])))
    names = tuple(surface.texture_class for surface in surfaces)
    return Dataset(frames, labels, names, "simulated presses")


def main() -> int:
    """Write a data-set file; 2 where the script is wrong (said in one line)."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("file", type=Path)
    parser.add_argument("--script", default="closed_loop", help="a script, or a shipped one's name")
    parser.add_argument(
        "--size", type=int, nargs=2, metavar=("ROWS", "COLS"), help="of a part of the sensor alone"
    )
    parser.add_argument("--each", type=int, default=120, help="presses of every object")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--loads", type=float, nargs=2, default=LOADS, help="range, newtons")
    parser.add_argument(
        "--light", type=float, nargs=2, default=(1.0, 1.0), help="range of a factor on each colour"
    )
    options = parser.parse_args()
    try:
        script = load_script(options.script)
        if options.size:
            rows, cols = options.size
            script = replace(script, sensor=replace(script.sensor, rows=rows, cols=cols))
        ranges = tuple(options.loads), tuple(options.light)
        data = pressed_objects(script, options.each, options.seed, *ranges)
    except TactileError as error:
        print(f"presses: {error}", file=sys.stderr)
        return 2
    np.savez_compressed(
        options.file,
        frames=data.frames,
        labels=data.labels,
        class_names=np.array(data.class_names),
    )
    return 0


if __name__ == "__main__":
    sys.exit(main())
