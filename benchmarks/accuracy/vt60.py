"""Things of ten categories felt by a camera behind a dome: each time things never seen before.

    python benchmarks/accuracy/vt60.py ../shared/data/vt60_optical/train.npz

Four things of each category were touched 50 times. Four folds: one thing of every category tests,
the other three train. The input is signed changes of brightness against the untouched membrane,
which is taken from the training frames. A network sees them as taxels, each the mean of 4 x 4
pixels, or as rings around the middle of the dome, cut into sectors: a turn about the middle of the
dome is then a shift along the rings, which have no border.

What is not touch tells the category too, wherever it lies in the picture. So the test frames with a
contact are shown three times: as they lie, moved by whole taxels, and turned about the middle of
the dome by quarter turns. Frames without a contact, or with hardly any, show how much the recording
alone tells. A second table, `--table vt60_sides`, needs no made frames: contacts left of the middle
of the dome train and those right of it test, and the reverse.

All networks have about as many weights. They are trained by `train` below: the same frames, passes
and schedule.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import torch
from dome import RINGS, TAXEL, Floats, Mask, changes, left, moved, on_skin, ringed, touched, turned
from dome_networks import CLASSES, FlattenNetwork, PooledNetwork, RingNetwork
from fitting import fitted
from numpy.typing import NDArray
from rows import Row, record
from torch import Tensor, nn

from tactile_equiv.binning import binned
from tactile_equiv.dataset import load_arrays
from tactile_equiv.frame import Normalisation
from tactile_equiv.press_batches import levelled
from tactile_equiv.training_settings import TrainingSettings

FOLDS = 1, 2, 3, 4
BEYOND = 55.0
"""From here on the picture shows what is beside the membrane, pixels from its middle."""
NORMALISATION = Normalisation(dead_zone=3.0, scale=8.0, response="logarithmic", signed=True)
"""In counts of brightness, after averaging."""
TRAINING = TrainingSettings(learning_rate=3e-3, weight_decay=1e-2, label_smoothing=0.05)
"""Of all networks."""
DRAWS = 3
"""Moves of each test frame."""
Arrays = dict[str, NDArray[Any]]
Labels = NDArray[np.int64]
Told = Callable[[Floats], Labels]
"""Of changes of brightness (N, H, W): categories (N,)."""
Learner = Callable[[Floats, Labels, int], Told]
"""Of changes of brightness that train, their categories and a seed."""


@dataclass(frozen=True)
class Settings:
    """Everything that decides a training.

    Attributes:
        head: "pooled" for the network of this project, "flatten", "rings" for a head pooled along
            the rings, or "sectors" for the same with a weight for each quarter of them.
        channels: of the layers.
        varied: how training frames are: "" as they lie, "moved" by whole taxels, up to a quarter
            of their side each way, or "turned" by any angle and mirrored every other time.
        passes, batch: a pass shows as many frames as there are, in batches.
    """

    head: str
    channels: tuple[int, ...]
    varied: str
    passes: float = 12.8
    batch: int = 32

    @property
    def on_rings(self) -> bool:
        """Whether the network sees rings rather than taxels."""
        return self.head in ("rings", "sectors")


def weights(network: nn.Module) -> int:
    """Number of trained values that tell classes."""
    named = network.named_parameters()
    return sum(p.numel() for name, p in named if "contact" not in name)


VARIED: dict[str, Callable[[Floats, np.random.Generator], Floats]] = {
    "": lambda change, random: change,
    "moved": moved,
    "turned": turned,
}


def seen(change: Floats, on_rings: bool) -> Tensor:
    """What a network sees of changes of brightness: levelled taxels or rings (N, 1, H', W')."""
    cells = ringed(change) if on_rings else np.stack([binned(frame, TAXEL) for frame in change])
    return levelled(cells, NORMALISATION)


def train(change: Floats, labels: Labels, settings: Settings, seed: int) -> nn.Module:
    """Train on changes of brightness (N, H, W)."""
    torch.manual_seed(seed)
    random = np.random.default_rng(seed)

    def batch(count: int) -> tuple[Tensor, Tensor]:
        chosen = random.integers(len(labels), size=count)
        varied = VARIED[settings.varied](change[chosen], random)
        return seen(varied, settings.on_rings), torch.from_numpy(labels[chosen])

    network = untrained(settings, batch(4 * settings.batch)[0])
    steps = round(settings.passes * len(labels) / settings.batch)
    return fitted(network, lambda: batch(settings.batch), replace(TRAINING, steps=steps))


def untrained(settings: Settings, frames: Tensor) -> nn.Module:
    """A network for frames like these (N, 1, H', W')."""
    if settings.head == "pooled":
        return PooledNetwork(settings.channels, frames)
    if settings.on_rings:
        return RingNetwork(RINGS, settings.channels, 1 if settings.head == "rings" else 4)
    return FlattenNetwork(frames.shape[2], settings.channels)


def of_network(settings: Settings) -> Learner:
    """What trains a network."""

    def learned(change: Floats, labels: Labels, seed: int) -> Told:
        begun = time.perf_counter()
        network = train(change, labels, settings, seed)
        print(f"  {weights(network)} weights, {time.perf_counter() - begun:.0f} s", flush=True)

        @torch.no_grad()
        def told(shown: Floats) -> Labels:
            parts = seen(shown, settings.on_rings).split(50)
            return torch.cat([network(part) for part in parts]).argmax(dim=1).numpy()

        return told

    return learned


def of_taxels(change: Floats, labels: Labels, seed: int) -> Told:
    """Ridge regression on taxels of the membrane."""

    def values(shown: Floats) -> NDArray[np.float64]:
        return seen(shown, on_rings=False).flatten(1).double().numpy()

    tell = ridge(values(change), labels)
    return lambda shown: tell(values(shown))


def ridge(values: NDArray[np.float64], labels: Labels) -> Callable[[NDArray[np.float64]], Labels]:
    """Ridge regression from values (N, F), standardised, to categories."""
    mean, scale = values.mean(axis=0), values.std(axis=0) + 1e-6
    design = (values - mean) / scale
    targets = np.eye(CLASSES)[labels] - 1 / CLASSES
    dual = np.linalg.solve(design @ design.T + len(design) * np.eye(len(design)), targets)
    weight = design.T @ dual
    return lambda shown: ((shown - mean) / scale @ weight).argmax(axis=1)


def of_place(arrays: Arrays, test: Mask) -> Labels:
    """Majority of the 9 touches that train nearest to each test touch, by recorded position."""
    place = arrays["position"].astype(np.float64)
    place[:, 0] %= 65536  # the first column wraps in the middle of its range
    place /= place.std(axis=0)
    apart = ((place[test][:, None] - place[~test][None]) ** 2).sum(axis=2)
    votes = arrays["labels"][~test][np.argsort(apart, axis=1)[:, :9]]
    return np.array([np.bincount(vote, minlength=CLASSES).argmax() for vote in votes])


def of_rim(arrays: Arrays, test: Mask) -> Labels:
    """Ridge regression on the pixels beyond the membrane, where nothing can be touched."""
    beyond = ~on_skin(arrays["frames"].shape[1], BEYOND)
    pixels = arrays["frames"][:, beyond].astype(np.float64)
    return ridge(pixels[~test], arrays["labels"][~test])(pixels[test])


FLATTEN = Settings("flatten", (16, 32, 64, 96), varied="")
RING = Settings("rings", (32, 64, 96), varied="turned")
NO_TOUCH: dict[str, tuple[Callable[[Arrays, Mask], Labels], str]] = {
    "position of the touch alone": (of_place, "no touch: recorded position, nearest neighbours"),
    "rim of the picture alone": (of_rim, "no touch: pixels beyond the membrane, ridge regression"),
}
LEARNERS: dict[str, tuple[Learner, str]] = {
    "linear, as it lies": (of_taxels, "taxels, ridge regression"),
    "flatten head, as it lies": (of_network(FLATTEN), "one weight for each place"),
    "flatten head, moved": (of_network(replace(FLATTEN, varied="moved")), "the same"),
    "flatten head, turned": (of_network(replace(FLATTEN, varied="turned")), "the same"),
    "pooled head, moved": (
        of_network(Settings("pooled", (16, 24, 32, 256), varied="moved")),
        "this project's network",
    ),
    "sectors, as they lie": (
        of_network(replace(RING, head="sectors", varied="")),
        "rings, one weight for each quarter of them",
    ),
    "pooled along rings": (of_network(RING), "rings, pooled round the dome"),
}
VIEWS: dict[str, Callable[[Floats], list[Floats]]] = {
    "moved": lambda felt: [moved(felt, np.random.default_rng(draw)) for draw in range(DRAWS)],
    "turned": lambda felt: [np.rot90(felt, quarters, (1, 2)) for quarters in (1, 2, 3)],
}


def measure(table: str, name: str, arrays: Arrays) -> Row:
    """One row of a table."""
    values: dict[str, list[float]] = {}
    for fold in FOLDS:
        figures = TABLES[table][0](name, arrays, fold)
        print(f"{name}, fold {fold}:", ", ".join(f"{t} {v:.4f}" for t, v in figures.items()))
        for title, figure in figures.items():
            values.setdefault(title, []).append(figure)
    note = NO_TOUCH[name][1] if name in NO_TOUCH else LEARNERS[name][1]
    command = f"python benchmarks/accuracy/vt60.py --table {table} --rows '{name}'"
    return Row(name, values, command, note)


def measured(name: str, arrays: Arrays, fold: int) -> dict[str, float]:
    """Share of right answers in a fold, by column; moved and turned frames have a contact."""
    test = arrays["instance"] == fold
    change, wanted = changes(arrays["frames"], ~test), arrays["labels"][test]
    felt, shown = touched(change[test]), change[test]
    views: dict[str, float] = {}
    if name in NO_TOUCH:
        right = NO_TOUCH[name][0](arrays, test) == wanted
    else:
        tell = LEARNERS[name][0](change[~test], arrays["labels"][~test], fold)
        right = tell(shown) == wanted
        for title, view in VIEWS.items():
            views[title] = rate([tell(v) == wanted[felt] for v in view(shown[felt])])
    lying = {"all frames": right, "with a contact": right[felt], "without": right[~felt]}
    return {title: rate([part]) for title, part in lying.items()} | views


def rate(right: list[Mask]) -> float:
    """Share of right answers."""
    return float(np.concatenate(right).mean())


def sides(name: str, arrays: Arrays, fold: int) -> dict[str, float]:
    """Trained with contacts of one side of the dome, then of the other: right answers on each."""
    test = arrays["instance"] == fold
    change, labels = changes(arrays["frames"], ~test), arrays["labels"]
    felt, lying_left = touched(change), left(change)
    own, other = [], []
    for side in (lying_left, ~lying_left):
        learned = ~test & felt & side
        tell = LEARNERS[name][0](change[learned], labels[learned], fold)
        right = tell(change[test]) == labels[test]
        own.append(right[(felt & side)[test]])
        other.append(right[(felt & ~side)[test]])
    return {"own side": rate(own), "other side": rate(other)}


TABLES = {"vt60": (measured, [*NO_TOUCH, *LEARNERS]), "vt60_sides": (sides, [*LEARNERS])}
"""What measures one fold of a row, and the rows."""


def main() -> int:
    """Measure rows and record them."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument(
        "data", nargs="?", type=Path, default="../shared/data/vt60_optical/train.npz"
    )
    parser.add_argument("--table", default="vt60", choices=TABLES)
    parser.add_argument("--rows", nargs="*", help="of the table; by default all")
    options = parser.parse_args()
    rows = TABLES[options.table][1]
    if not set(options.rows or ()) <= set(rows):
        parser.error(f"--rows of table {options.table} are {', '.join(rows)}")
    torch.set_num_threads(1)
    arrays = load_arrays(options.data, ("frames", "labels", "instance", "position"))
    arrays["labels"] = arrays["labels"].astype(np.int64)
    for name in options.rows or rows:
        record(options.table, [measure(options.table, name, arrays)])
    return 0


if __name__ == "__main__":
    sys.exit(main())
