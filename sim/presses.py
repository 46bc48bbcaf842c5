"""Labelled simulated presses: the objects of a script, anywhere on its sensor, at any angle.

Run `python -m tactile_equiv_sim.presses FILE.npz` to write a data set that `tactile-equiv train`
reads.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

import numpy as np
from tactile_equiv_sim.scene import Contact, Pose
from tactile_equiv_sim.script import Script, load_script

from tactile_equiv.dataset import Dataset
from tactile_equiv.errors import TactileError

LOADS = (5.0, 30.0)  # newtons


def pressed_objects(
    script: Script, each: int, seed: int, loads: tuple[float, float] = LOADS
) -> Dataset:
    """`each` presses of every object of a script, shuffled; frames (N, rows, columns) float32.

    The object's centre lies anywhere on the sensor, so the border cuts some of the presses; the
    sensor is ideal, in its own units. `loads` is the range of the loads, newtons.
    """
    random = np.random.default_rng(seed)
    surfaces = list(script.objects.values())
    labels = random.permutation(np.repeat(np.arange(len(surfaces)), each))
    scene, sensor = script.scene(), script.sensor
    frames = np.zeros((len(labels), sensor.rows, sensor.cols), np.float32)
    for frame, label in zip(frames, labels, strict=True):
        pose = Pose(
            x_mm=random.uniform(0, (sensor.cols - 1) * sensor.pitch_mm),
            y_mm=random.uniform(0, (sensor.rows - 1) * sensor.pitch_mm),
            angle_rad=random.uniform(0, 2 * np.pi),
            load_n=random.uniform(*loads),
        )
        frame[:] = scene.frame([Contact(surfaces[label], pose)]).values
    names = tuple(surface.texture_class for surface in surfaces)
    return Dataset(frames, labels, names, "simulated presses")


def main() -> int:
    """Write a data-set file; 2 where the script is wrong (said in one line)."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("file", type=Path)
    parser.add_argument("--script", default="closed_loop", help="a script, or a shipped one's name")
    parser.add_argument("--each", type=int, default=120, help="presses of every object")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--loads", type=float, nargs=2, default=LOADS, help="range, newtons")
    options = parser.parse_args()
    try:
        script = load_script(options.script)
        data = pressed_objects(script, options.each, options.seed, tuple(options.loads))
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
