"""Things of ten categories felt by a camera behind a membrane: each time things never seen before.

    python benchmarks/accuracy/vt60.py ../shared/data/vt60_optical/train.npz

Four things of each category were touched 50 times. Four folds: one thing of every category tests,
the other three train. The tare is the median of each pixel over the frames that train, signed
changes of brightness are the input, and the mean of `bin` x `bin` pixels is a taxel, which is exact
for shifts by whole taxels.

What is not touch tells the category too: the rim of the picture, beyond the membrane, and where the
thing was touched. Both are measured as references, and the networks see the membrane alone. Turns,
mirrors and shifts of the training frames take the place of the touch away; the rows "as it lies"
keep it. The settings were chosen by short runs on folds 1 and 2.

The reference network has a flatten head and about as many weights. Both are trained by `train`
below: the same steps, batches, augmentation and schedule.
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
from tactile_equiv.augmentation import Augmentation, augment
from tactile_equiv.binning import binned
from tactile_equiv.dataset import load_arrays
from tactile_equiv.frame import Normalisation
from tactile_equiv.network import TactileNetwork
from tactile_equiv.press_batches import levelled

TABLE = "vt60"
CLASSES, FOLDS = 10, (1, 2, 3, 4)
RADIUS = 46.0
BEYOND = 55.0
"""From here on the picture shows what is beside the membrane, pixels from its middle."""
Floats = NDArray[np.float32]
Arrays = dict[str, NDArray[Any]]
Reference = Callable[[Arrays, NDArray[np.bool_]], float]

VARIED = Augmentation(shift=0.2, gain=0.1, noise=0.3)


@dataclass(frozen=True)
class Settings:
    """Everything that decides a training.

    Attributes:
        head: "pooled" for the network of this project, or "flatten".
        bin: side of a taxel, pixels.
        dead_zone: counts after averaging.
        signed: whether darker tells too.
        radius: of the membrane in the picture, pixels; beyond it nothing counts.
        steps, batch, learning_rate: of AdamW under a one-cycle schedule.
        augmentation: see `Augmentation`; None leaves the frames as they are.
    """

    head: str = "pooled"
    bin: int = 8
    dead_zone: float = 4.0
    signed: bool = True
    radius: float = RADIUS
    channels: tuple[int, ...] = (16, 24, 32, 32)
    dilations: tuple[int, ...] = (1, 1, 1, 2)
    steps: int = 400
    batch: int = 32
    learning_rate: float = 4e-3
    augmentation: Augmentation | None = VARIED


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


def network_and_logits(
    settings: Settings, side: int
) -> tuple[nn.Module, Callable[[Tensor], Tensor]]:
    """A new network and what gives its logits (N, CLASSES) of levelled frames (N, 1, H, W)."""
    if settings.head == "flatten":
        flatten = FlattenNetwork(side, settings.channels)
        return flatten, flatten
    sizes = Architecture(CLASSES, 1, settings.channels, settings.dilations)
    pooled = TactileNetwork(sizes)
    return pooled, lambda frames: pooled.texture_logits(pooled.features(frames).float())


def weights(network: nn.Module) -> int:
    """Number of trained values that tell classes."""
    named = network.named_parameters()
    return sum(p.numel() for name, p in named if not name.startswith("contact"))


def changes(frames: NDArray[np.uint8], train: NDArray[np.bool_], settings: Settings) -> Floats:
    """Tared frames (N, H, W), counts; the tare knows the training frames alone."""
    tare = np.median(frames[train], axis=0).astype(np.float32)
    skin = on_skin(tare.shape[0], settings.radius)
    return np.stack([binned((frame - tare) * skin, settings.bin) for frame in frames])


def on_skin(side: int, radius: float) -> NDArray[np.bool_]:
    """(side, side) which pixels look at the membrane: those in a circle around the middle."""
    away = np.arange(side) - (side - 1) / 2
    return np.hypot(away[:, None], away) < radius


def train(
    frames: Floats, labels: NDArray[np.int64], settings: Settings, seed: int
) -> tuple[Callable[[Tensor], Tensor], nn.Module, Normalisation]:
    """Train on tared frames (N, H, W); gives logits, network and normalisation."""
    torch.manual_seed(seed)
    random = torch.Generator().manual_seed(seed)
    normalisation = Normalisation(settings.dead_zone, 8.0, "logarithmic", settings.signed)
    network, logits = network_and_logits(settings, frames.shape[1])
    presses, targets = torch.from_numpy(frames)[:, None], torch.from_numpy(labels)
    unused = torch.zeros(settings.batch, 1, *frames.shape[1:])

    def batch(count: int) -> tuple[Tensor, Tensor]:
        chosen = torch.randint(len(targets), (count,), generator=random)
        varied = presses[chosen]
        if settings.augmentation:
            masks = unused[:count]
            varied, _ = augment(varied, masks, settings.augmentation, random, settings.dead_zone)
        return levelled(varied[:, 0].numpy(), normalisation), targets[chosen]

    if isinstance(network, TactileNetwork):
        network.standardise(torch.cat([batch(settings.batch)[0] for _ in range(8)]))
    optimiser = torch.optim.AdamW(network.parameters(), settings.learning_rate, weight_decay=1e-2)
    schedule = torch.optim.lr_scheduler.OneCycleLR(
        optimiser, settings.learning_rate, total_steps=settings.steps, pct_start=0.2
    )
    for _ in range(settings.steps):
        seen, wanted = batch(settings.batch)
        with torch.autocast("cpu", torch.bfloat16):
            found = logits(seen)
        loss = functional.cross_entropy(found.float(), wanted, label_smoothing=0.05)
        optimiser.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]
        torch.nn.utils.clip_grad_norm_(network.parameters(), 1.0)
        optimiser.step()
        schedule.step()
    return logits, network.eval(), normalisation


def accuracy(arrays: Arrays, test: NDArray[np.bool_], settings: Settings, seed: int) -> float:
    """Share of the test frames whose category is right, all categories equally often."""
    frames, labels = arrays["frames"], arrays["labels"]
    begun, change = time.perf_counter(), changes(frames, ~test, settings)
    logits, network, normalisation = train(change[~test], labels[~test], settings, seed)
    with torch.no_grad():
        shown = levelled(change[test], normalisation)
        seen = torch.cat([logits(part) for part in shown.split(100)]).argmax(dim=1).numpy()
    right = float((seen == labels[test]).mean())
    took = time.perf_counter() - begun
    empty = float((shown.flatten(1) == 0).all(dim=1).float().mean())
    print(f"  {right:.4f}, {weights(network)} weights, {empty:.1%} empty, {took:.0f} s", flush=True)
    return right


def of_place(arrays: Arrays, test: NDArray[np.bool_]) -> float:
    """Majority of the 9 touches that train nearest to each test touch, by recorded position."""
    place = arrays["position"].astype(np.float64)
    place[:, 0] %= 65536  # the first column wraps in the middle of its range
    place /= place.std(axis=0)
    apart = ((place[test][:, None] - place[~test][None]) ** 2).sum(axis=2)
    votes = arrays["labels"][~test][np.argsort(apart, axis=1)[:, :9]]
    seen = np.array([np.bincount(vote, minlength=CLASSES).argmax() for vote in votes])
    return float((seen == arrays["labels"][test]).mean())


def of_rim(arrays: Arrays, test: NDArray[np.bool_]) -> float:
    """Ridge regression on the pixels beyond the membrane, where nothing can be touched."""
    beyond = ~on_skin(arrays["frames"].shape[1], BEYOND)
    pixels = arrays["frames"][:, beyond].astype(np.float64)
    pixels = (pixels - pixels[~test].mean(axis=0)) / (pixels[~test].std(axis=0) + 1e-6)
    design, labels = pixels[~test], arrays["labels"]
    targets = np.eye(CLASSES)[labels[~test]] - 1 / CLASSES
    dual = np.linalg.solve(design @ design.T + len(design) * np.eye(len(design)), targets)
    seen = (pixels[test] @ (design.T @ dual)).argmax(axis=1)
    return float((seen == labels[test]).mean())


OURS = Settings()
FLATTEN = replace(OURS, head="flatten", channels=(16, 24, 32, 32))
ROWS: dict[str, tuple[Settings | Reference, str]] = {
    "chance": (lambda arrays, test: 1 / CLASSES, ""),
    "position of the touch alone": (of_place, "no touch: recorded position, nearest neighbours"),
    "rim of the picture alone": (of_rim, "no touch: pixels beyond the membrane, ridge regression"),
    "flatten head": (FLATTEN, "three max-poolings, one weight for each place"),
    "pooled head": (OURS, "this project's network"),
    "flatten head, as it lies": (replace(FLATTEN, augmentation=None), "no augmentation"),
    "pooled head, as it lies": (replace(OURS, augmentation=None), "no augmentation"),
}


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
        print(name, flush=True)
        measured, note = ROWS[name]
        found = [
            accuracy(arrays, arrays["instance"] == k, measured, k)
            if isinstance(measured, Settings)
            else measured(arrays, arrays["instance"] == k)
            for k in FOLDS
        ]
        print(f"  mean {np.mean(found):.4f}", flush=True)
        command = f"python benchmarks/accuracy/vt60.py --rows '{name}'"
        record(TABLE, [Row(name, {"accuracy": found}, command, note)])
    return 0


if __name__ == "__main__":
    sys.exit(main())
