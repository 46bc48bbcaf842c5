"""Grasped objects: the last fifth of the grasps of each class held out.

    python benchmarks/accuracy/sdh2.py ../shared/data/sdh2_grasps/train.npz

In the rows that say "apart", and in those of `HAND`, the settings of `tactile-equiv train` for such
a file, each fingertip is pooled by itself. In the others both are channels of one skin: what they
feel in the same place is seen together. Each class comes from one session, so this is no measure of
other days or other hands.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

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

from tactile_equiv.sequence_dataset import SequenceDataset, last_of_each_class, load_sequences
from tactile_equiv.sequence_settings import HAND, SequenceSettings
from tactile_equiv.spectrogram import Spectrum

TABLE, COLUMN = "sdh2", "last fifth of each class"
SKINS = ("fingertip_1", "fingertip_2")
HELD_OUT = 0.2
JOINT = Spectrum(window=8, hop=4, emphasis=4.0)
APART = replace(JOINT, apart=True, load=True)
SETTINGS = SequenceSettings(spectrum=JOINT)
RANDOM = 32, 128
"""Channels of the networks of random weights."""

NEAREST = {"nearest centroid": nearest_centroid, "nearest neighbour": nearest_neighbour}
SEEN: dict[str, Callable[[SequenceDataset], SequenceDataset]] = {
    "random network": lambda dataset: dataset,
    "random, fingers apart, load": lambda dataset: dataset,
    "random, mean over time": lambda d: mean_over_time(d, JOINT.window),
    "random, mean over skin": mean_over_skin,
}
SPECTRA = {"random, fingers apart, load": APART}
ROWS = {
    **dict.fromkeys(NEAREST, "of mean maps"),
    "random network": "skin and time",
    "random, fingers apart, load": "each finger and their loads pooled by themselves",
    "random, mean over time": "steady frames: where, but not when",
    "random, mean over skin": "one taxel a finger: when, but not where",
    "network": "trained; skin and time",
    "defaults": "random filters, discriminant; beginning and end of touch pooled apart",
    "windows further apart": "the defaults before: hop 4, and 32 scales in the sensor's range",
}
TRAINED = {
    "network": SETTINGS,
    "defaults": HAND,
    "windows further apart": replace(
        HAND, range_in_scales=32.0, spectrum=replace(HAND.spectrum, hop=4, ends=4)
    ),
}


def score(name: str, dataset: SequenceDataset, seed: int) -> float:
    """Mean per-class accuracy of a row."""
    test = last_of_each_class(dataset.labels, HELD_OUT)
    if name in NEAREST:
        return NEAREST[name](dataset, test)
    if name in SEEN:
        values = features(SEEN[name](dataset), SPECTRA.get(name, JOINT), RANDOM, seed)
        return discriminant(values, dataset.labels, test)
    seen = confusion(dataset, test, replace(TRAINED[name], seed=seed))
    for place, names in enumerate(seen.class_names):
        right, count = int(seen.confusion[place, place]), int(seen.per_class[place])
        if right < count / 2:
            print(f"  {names}: {right} of {count}", flush=True)
    return seen.mean_per_class_accuracy


def main() -> int:
    """Measure rows and record them."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument(
        "data", nargs="?", type=Path, default="../shared/data/sdh2_grasps/train.npz"
    )
    parser.add_argument("--rows", nargs="*", default=list(ROWS), choices=list(ROWS))
    parser.add_argument("--seeds", type=int, default=3)
    options = parser.parse_args()
    dataset = load_sequences(options.data, SKINS)
    for name in options.rows:
        seeds = range(1 if name in NEAREST else options.seeds)
        found = []
        for seed in seeds:
            found.append(score(name, dataset, seed))
            print(f"{name}: {found[-1]:.4f}", flush=True)
        command = f"python benchmarks/accuracy/sdh2.py --rows '{name}'"
        record(TABLE, [Row(name, {COLUMN: found}, command, ROWS[name])])
    return 0


if __name__ == "__main__":
    sys.exit(main())
