"""Objects pressed at places that training never saw: what helps, and what others reach.

In each class the 60 % of presses furthest left train and the others test. A row is the project's
network trained with other settings, or a usual network of `baselines`, on the same batches and for
as many steps:

    python benchmarks/accuracy/tekscan.py ../shared/data/tekscan_objects/train.npz --seeds 0 1 2

Columns: mean of the classes' shares that were seen right, and whose class was among the best two;
and how often the class changes when a press cut out of a test frame (20 x 30 taxels about its
centroid) moves by one taxel along the array.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import baselines
import numpy as np
import torch
from fitting import Batch, fitted
from numpy.typing import NDArray
from rows import Row, record
from torch import Tensor, nn

from tactile_equiv.augmentation import Augmentation
from tactile_equiv.dataset import Dataset, load_dataset, split_by_position
from tactile_equiv.frame import Normalisation
from tactile_equiv.group_convolution import GROUPS, act
from tactile_equiv.press_batches import PressBatches, levelled
from tactile_equiv.training import fitting_normalisation, train
from tactile_equiv.training_settings import TrainingSettings

TABLE = "tekscan"
CUT, ASKED = (20, 30), 24  # taxels of a press that is moved, presses

Scores = Callable[[Tensor], Tensor]
VARIANTS: dict[str, tuple[dict[str, Any], dict[str, Any], str]] = {
    "defaults": ({}, {}, "the defaults of `tactile-equiv train`"),
    "no correlations": ({"correlations": False}, {}, "sums and norms of features alone"),
    "no rotation": ({}, {"rotate": False}, "but mirrors"),
    "no mirror": ({}, {"mirror": False}, ""),
    "no gain": ({}, {"gain": 0.0, "taxel_gain": 0.0}, "of load and taxels"),
    "no noise": ({}, {"noise": 0.0}, ""),
    "moves over half the array": ({}, {"shift": 0.3}, "more presses cut by the border"),
    "cut presses": ({}, {"cut": 0.5}, "half of them cut by one more border"),
    "c4": ({"symmetry": "c4", "learning_rate": 1e-3}, {}, "exact under quarter turns"),
    "d4": ({"symmetry": "d4", "learning_rate": 1e-3}, {}, "and mirrors"),
    "narrower": ({"channels": (8, 12, 16, 16)}, {}, "8, 12, 16, 16 channels"),
    "wider": ({"channels": (24, 32, 64, 64)}, {}, "24, 32, 64, 64 channels"),
    "five layers": (
        {"channels": (16, 24, 24, 24, 32), "dilations": (1, 2, 2, 2, 4)},
        {},
        "24 channels, then 32; R = 11",
    ),
    "reach 8": ({"dilations": (1, 1, 2, 4)}, {}, "dilations 1, 1, 2, 4"),
    "reach 11": ({"dilations": (1, 2, 4, 4)}, {}, "dilations 1, 2, 4, 4"),
    "reach 15": ({"dilations": (1, 2, 4, 8), "thinning": 4}, {}, "dilations 1, 2, 4, 8"),
    "three layers": ({"channels": (16, 32, 32), "dilations": (1, 2, 4)}, {}, "R = 7"),
    "no label smoothing": ({"label_smoothing": 0.0}, {}, ""),
    "more label smoothing": ({"label_smoothing": 0.1}, {}, "0.1"),
    "averaged weights": ({"averaging": 0.99}, {}, "over about 100 steps"),
    "turned in use": ({}, {}, "mean of the scores over quarter turns and mirrors"),
    "finer lattice in training": ({"thinning": 2}, {}, "four times the cells"),
}
"""Changed fields of `TrainingSettings`, of `Augmentation`, and a note."""

BASELINES: dict[str, tuple[Callable[[int], nn.Module], float | None, str]] = {
    "flatten head": (baselines.flatten, None, "presses as recorded"),
    "flatten head, moved": (baselines.flatten, 0.5, "moved over the whole array in training"),
    "strided": (baselines.strided, 0.17, "global average"),
    "max-pool": (baselines.max_pool, 0.17, "global average"),
    "blur-pool": (baselines.blur_pool, 0.17, "global average"),
    "polyphase": (baselines.polyphase, 0.17, "APS, global average"),
    "zero-padded": (baselines.zero_padded, 0.17, "no down-sampling, global average"),
}
"""Network, how far training moves presses (share of the array; None: they are not varied at all),
and a note."""


def trained_variant(name: str, data: Dataset, seed: int, steps: int, sharp: float) -> Scores:
    """The project's network with other settings."""
    fields, augmentation, _ = VARIANTS[name]
    settings = replace(
        TrainingSettings(seed=seed, steps=steps, validation=0, **fields),
        augmentation=Augmentation(**{"sharp": sharp, **augmentation}),
    )
    network = train(data, fitting_normalisation(data), settings).network

    def scores(frames: Tensor) -> Tensor:
        return network.texture_logits(network.features(frames))

    return over_turns(scores) if name == "turned in use" else scores


def over_turns(scores: Scores) -> Scores:
    """Mean of the shares of the classes over the eight turns and mirrors of a frame."""

    def mean(frames: Tensor) -> Tensor:
        views = [act(element, frames) for element in GROUPS["d4"].elements]
        return torch.stack([scores(view).softmax(dim=1) for view in views]).mean(dim=0)

    return mean


def trained_baseline(name: str, data: Dataset, seed: int, steps: int, sharp: float) -> Scores:
    """A usual network, on the same batches."""
    make, shift, _ = BASELINES[name]
    settings = TrainingSettings(seed=seed, steps=steps)
    torch.manual_seed(seed)
    batch = _batches(data, shift, sharp, settings)
    network = make(len(data.class_names))
    network(batch()[0])  # gives the fully connected layer its size
    return fitted(network, batch, settings)


def _batches(data: Dataset, shift: float | None, sharp: float, settings: TrainingSettings) -> Batch:
    """What gives levelled frames (N, 1, H, W) and labels (N,)."""
    normalisation = fitting_normalisation(data)
    if shift is None:
        recorded, labels = levelled(data.frames, normalisation), torch.from_numpy(data.labels)
        chance = 1 / torch.bincount(labels)[labels].double()

        def as_recorded() -> tuple[Tensor, Tensor]:
            chosen = torch.multinomial(chance, settings.batch, replacement=True)
            return recorded[chosen], labels[chosen]

        return as_recorded
    augmentation = Augmentation(shift=shift, sharp=sharp)
    presses = PressBatches(
        data, normalisation, augmentation, settings.touch_threshold, settings.seed
    )

    def varied() -> tuple[Tensor, Tensor]:
        frames, _, labels = presses.real(settings.batch)
        return frames, labels

    return varied


@torch.no_grad()
def seen(scores: Scores, frames: Tensor) -> NDArray[np.int64]:
    """Classes of frames (N, C, H, W) from the best on, (N, K)."""
    parts = [frames[first : first + 64] for first in range(0, len(frames), 64)]
    return torch.cat([scores(p).argsort(dim=1, descending=True) for p in parts]).numpy()


def right(found: NDArray[np.int64], labels: NDArray[np.int64], first: int) -> float:
    """Mean over the classes of the share whose class is among the `first` of (N, K)."""
    among = (found[:, :first] == labels[:, None]).any(axis=1)
    return float(np.mean([among[labels == k].mean() for k in np.unique(labels)]))


def moved_presses(data: Dataset) -> NDArray[Any]:
    """Presses cut out of frames, at every column of the array: (presses, columns, H, W)."""
    rows, columns = data.frames.shape[1:]
    height, width = CUT
    frames = []
    for frame in data.frames[:: max(len(data) // ASKED, 1)][:ASKED]:
        weight = frame.astype(np.float64)
        row = round(float(weight.sum(axis=1) @ np.arange(rows) / weight.sum()))
        column = round(float(weight.sum(axis=0) @ np.arange(columns) / weight.sum()))
        top = min(max(row - height // 2, 0), rows - height)
        left = min(max(column - width // 2, 0), columns - width)
        moved = np.zeros((columns - width + 1, rows, columns), frame.dtype)
        for place, empty in enumerate(moved):
            at = slice((rows - height) // 2, (rows + height) // 2), slice(place, place + width)
            empty[at] = frame[top : top + height, left : left + width]
        frames.append(moved)
    return np.stack(frames)


def flips(scores: Scores, moved: NDArray[Any], normalisation: Normalisation) -> float:
    """Share of the moves by one taxel that change the class."""
    found = np.stack([seen(scores, levelled(frames, normalisation))[:, 0] for frames in moved])
    return float((found[:, 1:] != found[:, :-1]).mean())


def measure(
    name: str, data: Dataset, seeds: list[int], steps: int, sharp: float = Augmentation().sharp
) -> Row:
    """One row of the table; `sharp` is the share of presses that training does not interpolate."""
    left = split_by_position(data)
    train_part, test_part = data.subset(left), data.subset(~left)
    normalisation = fitting_normalisation(train_part)
    training = trained_variant if name in VARIANTS else trained_baseline
    test_frames, moved = levelled(test_part.frames, normalisation), moved_presses(test_part)
    values: dict[str, list[float]] = {"right": [], "among two": [], "class changes": []}
    for seed in seeds:
        scores = training(name, train_part, seed, steps, sharp)
        found = seen(scores, test_frames)
        values["right"].append(right(found, test_part.labels, 1))
        values["among two"].append(right(found, test_part.labels, 2))
        values["class changes"].append(flips(scores, moved, normalisation))
        figures = ", ".join(f"{title} {column[-1]:.4f}" for title, column in values.items())
        print(f"{name}, seed {seed}, {steps} steps: {figures}", flush=True)
    note = (VARIANTS.get(name) or BASELINES[name])[2]
    seeds_text = " ".join(map(str, seeds))
    command = (
        f"python benchmarks/accuracy/tekscan.py --rows '{name}' --seeds {seeds_text} "
        f"--steps {steps}"
    )
    title = name if steps == TrainingSettings().steps else f"{name}, {steps} steps"
    if sharp != Augmentation().sharp:
        title, command = f"{title}, {sharp:g} sharp", f"{command} --sharp {sharp:g}"
    return Row(title, values, command, note)


def main() -> int:
    """Measure rows and record them."""
    names = [*VARIANTS, *BASELINES]
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument(
        "data", nargs="?", type=Path, default="../shared/data/tekscan_objects/train.npz"
    )
    parser.add_argument("--rows", nargs="*", default=names, choices=names)
    parser.add_argument("--seeds", nargs="*", type=int, default=[0, 1, 2])
    parser.add_argument("--steps", type=int, default=TrainingSettings().steps)
    parser.add_argument("--sharp", type=float, default=Augmentation().sharp)
    options = parser.parse_args()
    torch.set_num_threads(1)
    data = load_dataset(options.data)
    for name in options.rows:
        record(TABLE, [measure(name, data, options.seeds, options.steps, options.sharp)])
    return 0


if __name__ == "__main__":
    sys.exit(main())
