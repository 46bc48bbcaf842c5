"""Things of ten categories felt by a camera behind a membrane: each time things never seen before.

    python benchmarks/accuracy/vt60.py ../shared/data/vt60_optical/train.npz

Four things of each category were touched 50 times. Four folds: one thing of every category tests,
the other three train. The input is signed changes of brightness against the untouched membrane,
which is taken from the training frames; the mean of `bin` x `bin` pixels is a taxel, which is exact
for shifts by whole taxels.

What is not touch tells the category too, so everything is measured on all frames, on those with a
contact and on those without one, or with hardly any, where mostly the recording tells the category.

The network with a flatten head has about as many weights. Both are trained by `train` below: the
same frames, moves, steps and schedule.
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
from numpy.typing import NDArray
from rows import Row, record
from torch import Tensor, nn
from torch.nn import functional

from tactile_equiv.architecture import Architecture
from tactile_equiv.binning import binned
from tactile_equiv.dataset import load_arrays
from tactile_equiv.frame import Normalisation
from tactile_equiv.network import TactileNetwork
from tactile_equiv.one_cycle import one_cycle
from tactile_equiv.press_batches import levelled
from tactile_equiv.training import pool_thinned

TABLE = "vt60"
CLASSES, FOLDS = 10, (1, 2, 3, 4)
RADIUS = 46.0
BEYOND = 55.0
"""From here on the picture shows what is beside the membrane, pixels from its middle."""
Floats = NDArray[np.float32]
Arrays = dict[str, NDArray[Any]]
Labels = NDArray[np.int64]
Teller = Callable[[Arrays, NDArray[np.bool_], int], Labels]
"""Of the data, which frames test, and a seed: the categories of the test frames."""

SCALE = 8.0
"""Counts; of the logarithmic response."""
QUIET = 0.25
"""Share of the training frames that are taken as untouched."""
TOUCHED = 0.02, 20.0
"""A frame has a contact where this share of the membrane changed by so many counts."""


@dataclass(frozen=True)
class Settings:
    """Everything that decides a training.

    Attributes:
        head: "pooled" for the network of this project, or "flatten".
        bin: side of a taxel, pixels.
        dead_zone: counts after averaging.
        channels: of the layers.
        dilations: of the pooled network.
        steps, batch, learning_rate: of AdamW under a one-cycle schedule.
        moved: whether training moves frames, by up to a quarter of their side each way.
    """

    head: str = "pooled"
    bin: int = 4
    dead_zone: float = 3.0
    channels: tuple[int, ...] = (16, 24, 32, 256)
    dilations: tuple[int, ...] = (1, 1, 2, 4)
    steps: int = 300
    batch: int = 32
    learning_rate: float = 3e-3
    moved: bool = True


class FlattenNetwork(nn.Module):
    """Zero-padded convolutions, three times max-pooling, and one weight for each place."""

    def __init__(self, side: int, channels: tuple[int, ...]) -> None:
        super().__init__()
        layers: list[nn.Module] = []
        for number, (inputs, outputs) in enumerate(zip((1, *channels), channels, strict=False)):
            layers += [nn.Conv2d(inputs, outputs, 3, padding=1), nn.GELU()]
            layers += [nn.MaxPool2d(2)] if number < 3 else []
        self.trunk = nn.Sequential(*layers, nn.Flatten())
        self.head = nn.Linear(channels[-1] * (side // 8) ** 2, CLASSES)

    def forward(self, frames: Tensor) -> Tensor:
        """Levelled frames (N, 1, H, W) to logits (N, CLASSES)."""
        logits: Tensor = self.head(self.trunk(frames))
        return logits


class PooledNetwork(nn.Module):
    """The project's network, trained on a lattice of its canvas (`tactile_equiv.thinned`)."""

    def __init__(self, settings: Settings) -> None:
        super().__init__()
        sizes = Architecture(CLASSES, 1, settings.channels, settings.dilations)
        self.network = TactileNetwork(sizes)
        self.thinning = settings.dilations[-1]

    def forward(self, frames: Tensor) -> Tensor:
        """Levelled frames (N, 1, H, W) to logits (N, CLASSES)."""
        if not self.training:
            return self.network.texture_logits(self.network.features(frames))
        row, column = torch.randint(self.thinning, (2,)).tolist()  # the lattice meets every phase
        canvas = self.network.thinned_features(
            functional.pad(frames, (column, 0, row, 0)), self.thinning
        )
        return self.network.classify(pool_thinned(canvas, self.thinning))


def weights(network: nn.Module) -> int:
    """Number of trained values that tell classes."""
    named = network.named_parameters()
    return sum(p.numel() for name, p in named if "contact" not in name)


def changes(frames: NDArray[np.uint8], learned: NDArray[np.bool_]) -> Floats:
    """Changes of brightness (N, H, W), counts, 0.0 beside the membrane."""
    rest = untouched(frames[learned])
    return (frames - rest) * on_skin(len(rest), RADIUS)


def untouched(frames: NDArray[np.uint8]) -> Floats:
    """The untouched membrane (H, W): median of the frames nearest to the median of all."""
    median = np.median(frames, axis=0).astype(np.float32)
    skin = on_skin(len(median), RADIUS)
    apart = np.abs(frames[:, skin] - median[skin]).mean(axis=1)
    quiet = frames[apart <= np.quantile(apart, QUIET)]
    return np.median(quiet, axis=0).astype(np.float32)


def touched(change: Floats) -> NDArray[np.bool_]:
    """Frames (N,) with a contact; the threshold knows no category."""
    share, counts = TOUCHED
    skin = on_skin(change.shape[1], RADIUS)
    return (np.abs(change[:, skin]) > counts).mean(axis=1) > share


def on_skin(side: int, radius: float) -> NDArray[np.bool_]:
    """(side, side) which pixels look at the membrane: those in a circle around the middle."""
    away = np.arange(side) - (side - 1) / 2
    return np.hypot(away[:, None], away) < radius


def shifted(presses: Tensor, random: torch.Generator) -> Tensor:
    """Frames (N, 1, H, W) moved by whole taxels, up to a quarter of the frame each way."""
    reach = presses.shape[2] // 4
    starts = torch.randint(2 * reach + 1, (len(presses), 2), generator=random).tolist()
    side, padded = presses.shape[2], functional.pad(presses, (reach,) * 4)
    parts = zip(padded, starts, strict=True)
    moved = [p[:, row : row + side, column : column + side] for p, (row, column) in parts]
    return torch.stack(moved)


def train(
    frames: Floats, labels: NDArray[np.int64], settings: Settings, seed: int
) -> tuple[nn.Module, Normalisation]:
    """Train on changes of brightness (N, H, W)."""
    torch.manual_seed(seed)
    random = torch.Generator().manual_seed(seed)
    normalisation = Normalisation(settings.dead_zone, SCALE, "logarithmic", signed=True)
    presses, targets = torch.from_numpy(frames)[:, None], torch.from_numpy(labels)

    def batch(count: int) -> tuple[Tensor, Tensor]:
        chosen = torch.randint(len(targets), (count,), generator=random)
        seen = shifted(presses[chosen], random) if settings.moved else presses[chosen]
        return levelled(seen[:, 0].numpy(), normalisation), targets[chosen]

    network: nn.Module = FlattenNetwork(frames.shape[1], settings.channels)
    if settings.head == "pooled":
        network = pooled = PooledNetwork(settings)
        pooled.network.standardise(batch(4 * settings.batch)[0])
    optimiser, schedule = one_cycle(
        network.parameters(), settings.learning_rate, 1e-2, settings.steps
    )
    for _ in range(settings.steps):
        seen, wanted = batch(settings.batch)
        loss = functional.cross_entropy(network(seen), wanted, label_smoothing=0.05)
        optimiser.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]
        torch.nn.utils.clip_grad_norm_(network.parameters(), 1.0)
        optimiser.step()
        schedule.step()
    return network.eval(), normalisation


def of_network(settings: Settings) -> Teller:
    """What trains a network and tells the categories of test frames."""

    def told(arrays: Arrays, test: NDArray[np.bool_], seed: int) -> Labels:
        begun = time.perf_counter()
        frames = np.stack([binned(c, settings.bin) for c in changes(arrays["frames"], ~test)])
        network, normalisation = train(frames[~test], arrays["labels"][~test], settings, seed)
        with torch.no_grad():
            shown = levelled(frames[test], normalisation)
            seen = torch.cat([network(part) for part in shown.split(50)]).argmax(dim=1).numpy()
        empty = float((shown.flatten(1) == 0).all(dim=1).float().mean())
        took = time.perf_counter() - begun
        print(f"  {weights(network)} weights, {empty:.1%} of the frames empty, {took:.0f} s")
        return seen

    return told


def of_place(arrays: Arrays, test: NDArray[np.bool_], seed: int) -> Labels:
    """Majority of the 9 touches that train nearest to each test touch, by recorded position."""
    place = arrays["position"].astype(np.float64)
    place[:, 0] %= 65536  # the first column wraps in the middle of its range
    place /= place.std(axis=0)
    apart = ((place[test][:, None] - place[~test][None]) ** 2).sum(axis=2)
    votes = arrays["labels"][~test][np.argsort(apart, axis=1)[:, :9]]
    return np.array([np.bincount(vote, minlength=CLASSES).argmax() for vote in votes])


def of_rim(arrays: Arrays, test: NDArray[np.bool_], seed: int) -> Labels:
    """Ridge regression on the pixels beyond the membrane, where nothing can be touched."""
    beyond = ~on_skin(arrays["frames"].shape[1], BEYOND)
    return _ridge(arrays["frames"][:, beyond].astype(np.float64), arrays["labels"], test)


def of_membrane(arrays: Arrays, test: NDArray[np.bool_], seed: int) -> Labels:
    """Ridge regression on taxels of the membrane."""
    frames = np.stack([binned(c, OURS.bin) for c in changes(arrays["frames"], ~test)])
    normalisation = Normalisation(OURS.dead_zone, SCALE, "logarithmic", signed=True)
    shown = levelled(frames, normalisation).flatten(1).double().numpy()
    return _ridge(shown, arrays["labels"], test)


def _ridge(pixels: NDArray[np.float64], labels: Labels, test: NDArray[np.bool_]) -> Labels:
    pixels = (pixels - pixels[~test].mean(axis=0)) / (pixels[~test].std(axis=0) + 1e-6)
    design = pixels[~test]
    targets = np.eye(CLASSES)[labels[~test]] - 1 / CLASSES
    dual = np.linalg.solve(design @ design.T + len(design) * np.eye(len(design)), targets)
    seen: Labels = (pixels[test] @ (design.T @ dual)).argmax(axis=1)
    return seen


OURS = Settings()
FLATTEN = replace(OURS, head="flatten", channels=(16, 32, 64, 96))
ROWS: dict[str, tuple[Teller, str]] = {
    "position of the touch alone": (of_place, "no touch: recorded position, nearest neighbours"),
    "rim of the picture alone": (of_rim, "no touch: pixels beyond the membrane, ridge regression"),
    "membrane, as it lies": (of_membrane, "its taxels, ridge regression"),
    "flatten head, as it lies": (of_network(replace(FLATTEN, moved=False)), "not moved"),
    "flatten head": (of_network(FLATTEN), "moved; one weight for each place"),
    "pooled head": (of_network(OURS), "moved; this project's network"),
}


def measure(name: str, arrays: Arrays) -> Row:
    """One row of the table."""
    teller, note = ROWS[name]
    values: dict[str, list[float]] = {"all frames": [], "with a contact": [], "without": []}
    for fold in FOLDS:
        test = arrays["instance"] == fold
        right = teller(arrays, test, fold) == arrays["labels"][test]
        felt = touched(changes(arrays["frames"], ~test)[test])
        for column, frames in zip(values.values(), (right, right[felt], right[~felt]), strict=True):
            column.append(float(frames.mean()))
        figures = ", ".join(f"{title} {column[-1]:.4f}" for title, column in values.items())
        print(f"{name}, fold {fold}: {figures}", flush=True)
    return Row(name, values, f"python benchmarks/accuracy/vt60.py --rows '{name}'", note)


def main() -> int:
    """Measure rows and record them."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument(
        "data", nargs="?", type=Path, default="../shared/data/vt60_optical/train.npz"
    )
    parser.add_argument("--rows", nargs="*", default=list(ROWS), choices=list(ROWS))
    options = parser.parse_args()
    torch.set_num_threads(1)
    arrays = load_arrays(options.data, ("frames", "labels", "instance", "position"))
    arrays["labels"] = arrays["labels"].astype(np.int64)
    for name in options.rows:
        record(TABLE, [measure(name, arrays)])
    return 0


if __name__ == "__main__":
    sys.exit(main())
