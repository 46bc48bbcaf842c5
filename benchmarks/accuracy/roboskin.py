"""Sliding over 20 materials: with a fold held out, and with the touched region held out.

Each material was slid over in two blocks, each on a region of the skin of its own, and the folds
cut both blocks alike: a fold held out can be told by the region. So every row is measured twice:

    python benchmarks/accuracy/roboskin.py ../shared/data/roboskin_textures/train.npz

Rows of random weights compare what is seen, not how long it was trained: an untrained network and a
linear discriminant of what it pools.

The regions are found from the data: in each class the two recordings whose mean pressure maps are
least alike (cosine) begin two groups, each other one joins the nearer, twice.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from recordings import (
    confusion,
    discriminant,
    features,
    mean_over_skin,
    mean_over_time,
    nearest_centroid,
    nearest_neighbour,
)
from rows import Row, record

from tactile_equiv.evaluation import Evaluation
from tactile_equiv.sequence_dataset import SequenceDataset, load_sequences
from tactile_equiv.sequence_settings import SequenceSettings
from tactile_equiv.spectrogram import Spectrum

TABLE = "roboskin"
SETTINGS = SequenceSettings()
LINEAR, LOGARITHMIC, OVER_PITCH = Spectrum(), Spectrum(octave=2), Spectrum(octave=2, reach=2)
RANDOM = 32, 128
"""Channels of the networks of random weights."""

Score = Callable[[NDArray[np.bool_], int], "float | Evaluation"]
FeaturesOf = Callable[[SequenceDataset], NDArray[np.float64]]
RANDOM_ROWS: dict[str, tuple[FeaturesOf, str]] = {
    "random network": (lambda d: features(d, LINEAR, RANDOM), "skin and time, bins as channels"),
    "random, mean over time": (
        lambda d: features(mean_over_time(d, LINEAR.window), LINEAR, RANDOM),
        "steady frames: where, but not when",
    ),
    "random, mean over skin": (
        lambda d: features(mean_over_skin(d), LINEAR, RANDOM),
        "one taxel: when, but not where",
    ),
    "random, taxel by taxel": (
        lambda d: features(d, LINEAR, RANDOM, kernel=1),
        "no neighbours: the same for any order of the taxels",
    ),
    "random, logarithmic axis": (
        lambda d: features(d, LOGARITHMIC, RANDOM),
        "bins as channels: not equivariant to pitch",
    ),
    "random, over pitch": (
        lambda d: features(d, OVER_PITCH, RANDOM),
        "logarithmic axis, equivariant to pitch",
    ),
}
NEAREST = {"nearest centroid": nearest_centroid, "nearest neighbour": nearest_neighbour}
ROWS = [*NEAREST, *RANDOM_ROWS, "network"]


def regions(dataset: SequenceDataset) -> NDArray[np.int64]:
    """(N,) 0 or 1: the region of the skin that each recording touches, in each class by itself.

    0 is the one nearer to the first row.
    """
    maps = np.stack([s.mean(axis=0).ravel() for s in dataset.sequences]).astype(np.float64)
    maps /= np.linalg.norm(maps, axis=1, keepdims=True)
    rows = np.repeat(np.arange(dataset.shape[0]), dataset.shape[1] * dataset.shape[2])
    found = np.zeros(len(dataset), np.int64)
    for label in range(len(dataset.class_names)):
        members = np.flatnonzero(dataset.labels == label)
        alike = maps[members] @ maps[members].T
        middles = maps[members][list(np.unravel_index(alike.argmin(), alike.shape))]
        for _ in range(3):
            group = (maps[members] @ middles.T).argmax(axis=1)
            middles = np.stack([maps[members][group == g].mean(axis=0) for g in (0, 1)])
        height = middles @ rows / middles.sum(axis=1)
        found[members] = group if height[0] <= height[1] else 1 - group
    return found


def alikeness(dataset: SequenceDataset, region: NDArray[np.int64]) -> float:
    """Median over classes of the cosine between the mean maps of both regions."""
    cosines = []
    for label in range(len(dataset.class_names)):
        first, second = (
            np.mean([s for s, k, r in _labelled(dataset, region) if (k, r) == (label, g)], axis=0)
            for g in (0, 1)
        )
        lengths = np.linalg.norm(first) * np.linalg.norm(second)
        cosines.append(float((first * second).sum() / lengths))
    return float(np.median(cosines))


def _labelled(
    dataset: SequenceDataset, region: NDArray[np.int64]
) -> Iterator[tuple[NDArray[np.float64], int, int]]:
    for sequence, label, group in zip(dataset.sequences, dataset.labels, region, strict=True):
        yield sequence.mean(axis=0, dtype=np.float64), int(label), int(group)


def measure(name: str, dataset: SequenceDataset, region: NDArray[np.int64]) -> Row:
    """One row: every fold held out, then each region."""
    assert dataset.fold is not None
    score, note = _score(name, dataset)
    values = {
        title: [_shown(name, title, score(group == k, int(k))) for k in np.unique(group)]
        for title, group in {"fold held out": dataset.fold, "region held out": region}.items()
    }
    return Row(name, values, f"python benchmarks/accuracy/roboskin.py --rows '{name}'", note)


def _score(name: str, dataset: SequenceDataset) -> tuple[Score, str]:
    """What measures a row, from the recordings that test and a seed; and its note."""
    if name in NEAREST:
        return lambda test, seed: NEAREST[name](dataset, test), "of mean maps"
    if name in RANDOM_ROWS:
        features_of, note = RANDOM_ROWS[name]
        values = features_of(dataset)
        return lambda test, seed: discriminant(values, dataset.labels, test), note
    return (
        lambda test, seed: confusion(dataset, test, replace(SETTINGS, seed=seed)),
        "trained; skin and time, bins as channels",
    )


def _shown(name: str, title: str, seen: float | Evaluation) -> float:
    value = seen if isinstance(seen, float) else seen.mean_per_class_accuracy
    print(f"{name}, {title}: {value:.4f}", flush=True)
    if isinstance(seen, Evaluation):
        wrong = seen.confusion * (1 - np.eye(len(seen.confusion), dtype=np.int64))
        for place in np.argsort(wrong, axis=None)[::-1][:3]:
            true, found = np.unravel_index(place, wrong.shape)
            if wrong[true, found]:
                print(
                    f"  {seen.class_names[true]} as {seen.class_names[found]}: "
                    f"{wrong[true, found]} of {seen.per_class[true]}",
                    flush=True,
                )
    return value


def main() -> int:
    """Measure rows and record them."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument(
        "data", nargs="?", type=Path, default="../shared/data/roboskin_textures/train.npz"
    )
    parser.add_argument("--rows", nargs="*", default=ROWS, choices=ROWS)
    options = parser.parse_args()
    dataset = load_sequences(options.data)
    region = regions(dataset)
    sizes = np.array(
        [[(region[dataset.labels == k] == g).sum() for g in (0, 1)] for k in range(20)]
    )
    print(
        f"regions: {sizes.min()} to {sizes.max()} recordings of a class each, mean maps alike by "
        f"{alikeness(dataset, region):.2f} (cosine, median of the classes)",
        flush=True,
    )
    for name in options.rows:
        record(TABLE, [measure(name, dataset, region)])
    return 0


if __name__ == "__main__":
    sys.exit(main())
