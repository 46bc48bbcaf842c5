"""Labelled simulated presses: a data set that anyone can make, one class for each shape.

Run `python -m tactile_equiv_sim.presses FILE.npz` to write one.
"""

from __future__ import annotations

import argparse
from dataclasses import replace
from pathlib import Path

import numpy as np

from tactile_equiv.dataset import Dataset
from tactile_equiv.press import SHAPES, pressure, random_press, sensor_noise

FULL_SCALE = 200.0  # sensor counts at the deepest press
SPECKLE = 2.0  # sensor counts


def simulated_presses(each: int, rows: int, columns: int, seed: int) -> Dataset:
    """`each` noisy presses of every shape, shuffled; frames (N, rows, columns) uint8."""
    random = np.random.default_rng(seed)
    labels = random.permutation(np.repeat(np.arange(len(SHAPES)), each))
    names = tuple(SHAPES)
    frames = np.zeros((len(labels), rows, columns), np.uint8)
    for frame, label in zip(frames, labels, strict=True):
        press = replace(random_press(random, rows, columns), shape=names[label])
        counts = sensor_noise(FULL_SCALE * pressure(press, rows, columns), random, SPECKLE)
        frame[:] = np.clip(np.rint(counts), 0, 255)
    return Dataset(frames, labels, names, "simulated presses")


def main() -> None:
    """Write a data-set file."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("file", type=Path)
    parser.add_argument("--each", type=int, default=100, help="presses of every shape")
    parser.add_argument("--rows", type=int, default=28)
    parser.add_argument("--cols", type=int, default=50)
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    data = simulated_presses(options.each, options.rows, options.cols, options.seed)
    np.savez_compressed(
        options.file,
        frames=data.frames,
        labels=data.labels,
        class_names=np.array(data.class_names),
    )


if __name__ == "__main__":
    main()
