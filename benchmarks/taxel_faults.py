"""What faulty taxels cost: the class with a share of them against that of the intact sensor.

Random taxels of every frame are dead (0), stuck (uniform in 0 .. 100) or saturated (the highest
value of all frames). "as they are": the network sees them. The others are masked (NaN): the contact
map is NaN there, and the network sees a fill. "mean" is what the package does; the rest are kept
here to compare. Simulated presses, and with --recordings those of a data set (.npz).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from unittest.mock import patch

import cv2
import numpy as np
from numpy.typing import NDArray
from tactile_equiv_sim.presses import pressed_objects
from tactile_equiv_sim.script import load_script
from timing import options_of, record, table

from tactile_equiv import frame
from tactile_equiv.dataset import Dataset, load_dataset
from tactile_equiv.model import Model, load_model
from tactile_equiv.model_directory import find_model
from tactile_equiv.percept import perceive

Frame = NDArray[np.float32]
Fill = Callable[[Frame, NDArray[np.bool_], int | None], Frame]

STUCK = 100.0
RELAXATIONS = 200


def neighbours(pressure: Frame, invalid: NDArray[np.bool_]) -> Frame:
    """(8, C, H, W) the neighbours of each taxel, NaN where invalid; 0 beyond the border."""
    _, height, width = pressure.shape
    known = np.where(invalid, np.float32(np.nan), pressure)
    wide = np.pad(known, ((0, 0), (1, 1), (1, 1)))
    places = [divmod(place, 3) for place in range(9) if place != 4]
    return np.stack([wide[:, r : r + height, c : c + width] for r, c in places])


def nothing(pressure: Frame, invalid: NDArray[np.bool_], axis: int | None) -> Frame:
    """Masked taxels are untouched skin."""
    return np.where(invalid, np.float32(0), pressure)


def median(pressure: Frame, invalid: NDArray[np.bool_], axis: int | None) -> Frame:
    """Median of the valid neighbours; 0 where there is none."""
    around = neighbours(pressure, invalid)
    around[:, np.isnan(around).all(axis=0)] = 0
    return np.where(invalid, np.nanmedian(around, axis=0), pressure).astype(np.float32)


def harmonic(pressure: Frame, invalid: NDArray[np.bool_], axis: int | None) -> Frame:
    """Each masked taxel is the mean of the four beside it (Laplace), by relaxation."""
    values = np.pad(np.where(invalid, np.float32(0), pressure), ((0, 0), (1, 1), (1, 1)))
    inside = values[:, 1:-1, 1:-1]
    for _ in range(RELAXATIONS):
        upright = values[:, :-2, 1:-1] + values[:, 2:, 1:-1]
        inside[:, invalid] = ((upright + values[:, 1:-1, :-2] + values[:, 1:-1, 2:]) / 4)[
            :, invalid
        ]
    return np.ascontiguousarray(inside)


def telea(pressure: Frame, invalid: NDArray[np.bool_], axis: int | None) -> Frame:
    """OpenCV's inpainting after Telea 2004."""
    mask = invalid.astype(np.uint8)
    return np.stack([cv2.inpaint(plane, mask, 3, cv2.INPAINT_TELEA) for plane in pressure])


FILLS: dict[str, Fill] = {
    "mean": frame._fill,
    "median": median,
    "harmonic": harmonic,
    "cv2.inpaint": telea,
    "0": nothing,
}


def faulty(
    frames: Frame, share: float, seed: int, value: Callable[[Any, int], Any]
) -> Iterator[Frame]:
    """The frames, in each of which so large a share of taxels, others each time, reads `value`."""
    random = np.random.default_rng(seed)
    for one in frames:
        broken = one.copy()
        chosen = random.permutation(one.size)[: round(share * one.size)]
        broken.ravel()[chosen] = value(random, len(chosen))
        yield broken


def measure(model: Model, data: Dataset, share: float, seeds: int) -> list[dict[str, Any]]:
    """Agreement with the intact sensor and accuracy, percent, of every fault and fill."""
    frames = data.frames.astype(np.float32)
    truth = [data.class_names[label] for label in data.labels]
    intact = [named(model, one) for one in frames]
    highest = float(frames.max())
    faults: dict[str, Callable[[Any, int], Any]] = {
        "dead": lambda random, count: 0.0,
        "stuck": lambda random, count: random.uniform(0, STUCK, count),
        "saturated": lambda random, count: highest,
    }
    cases = [(fault, "as they are", value, "mean") for fault, value in faults.items()]
    cases += [("masked", fill, lambda random, count: np.nan, fill) for fill in FILLS]
    found = [{"taxels": "intact", "the network sees": "", **scores([intact], intact, truth)}]
    for fault, seen, value, fill in cases:
        with patch.object(frame, "_fill", FILLS[fill]):
            answers = [
                [named(model, one) for one in faulty(frames, share, seed, value)]
                for seed in range(seeds)
            ]
        found.append({"taxels": fault, "the network sees": seen, **scores(answers, intact, truth)})
    return found


def named(model: Model, one: Frame) -> str:
    """The class of a frame."""
    texture = perceive(model, one).texture
    return "" if texture is None else texture.name


def scores(answers: list[list[str]], intact: list[str], truth: list[str]) -> dict[str, float]:
    """Percent: mean and least of the seeds."""
    agreement = [100 * float(np.mean(np.array(one) == intact)) for one in answers]
    accuracy = [100 * float(np.mean(np.array(one) == truth)) for one in answers]
    return {
        "agreement": float(np.mean(agreement)),
        "least": min(agreement),
        "accuracy": float(np.mean(accuracy)),
    }


def main() -> None:
    """Print the tables."""
    parser = options_of(__doc__, 3)
    parser.add_argument("--share", type=float, default=0.03, help="of the taxels")
    parser.add_argument("--each", type=int, default=40, help="simulated presses of each object")
    parser.add_argument("--recordings", type=Path, help="a data set (.npz) of --model")
    options = parser.parse_args()
    simulated = pressed_objects(load_script("closed_loop"), options.each, 77)
    subjects = [("simulated_textures", simulated)]
    if options.recordings:
        subjects.append((options.model, load_dataset(options.recordings)))
    figures = {}
    for name, data in subjects:
        model = load_model(find_model(name), device="cpu")
        found = measure(model, data, options.share, options.rounds)
        figures[name] = found
        print(f"{name}, {len(data.frames)} presses, {options.rounds} seeds, {options.share:.0%}")
        print(table(list(found[0]), [list(line.values()) for line in found]), flush=True)
    record(options.json, figures)


if __name__ == "__main__":
    main()
