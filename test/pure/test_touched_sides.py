"""The two regions of each class that benchmarks/accuracy/roboskin.py finds from the data."""

import importlib
import sys
from pathlib import Path

import numpy as np
import pytest

from tactile_equiv.sequence_dataset import SequenceDataset

SCRIPTS = Path(__file__).resolve().parents[2] / "benchmarks" / "accuracy"


@pytest.fixture
def roboskin(monkeypatch):
    monkeypatch.syspath_prepend(str(SCRIPTS))
    for name in ("rows", "recordings", "roboskin"):
        monkeypatch.delitem(sys.modules, name, raising=False)
    return importlib.import_module("roboskin")


def slid(regions, labels, seed=0):
    """Recordings (4 frames of 6 x 5 taxels) on the first or last rows; a class is 2 rows high."""
    random, recordings = np.random.default_rng(seed), []
    for region, label in zip(regions, labels, strict=True):
        recording = 0.02 * random.random((4, 6, 5, 1))
        top = 4 * region if label % 2 else region * 3
        recording[:, top : top + 2] += random.uniform(1, 9) + random.random((4, 2, 5, 1))
        recordings.append(recording)
    return SequenceDataset(tuple(recordings), labels, ("wool", "cork"))


@pytest.mark.parametrize("share", [0.5, 0.2])
def test_both_regions_of_each_class_are_found_however_many_recordings_each_has(roboskin, share):
    random = np.random.default_rng(1)
    labels = np.arange(40) % 2
    region = (random.random(40) < share).astype(np.int64)
    region[:4] = 0, 0, 1, 1
    assert roboskin.regions(slid(region, labels)).tolist() == region.tolist()


def test_the_order_of_recordings_and_their_load_make_no_difference(roboskin):
    labels, region = np.arange(24) % 2, np.arange(24) // 2 % 2
    dataset = slid(region, labels)
    order = np.random.default_rng(2).permutation(24)
    mixed = SequenceDataset(
        tuple(dataset.sequences[place] * (1 + place) for place in order),
        labels[order],
        dataset.class_names,
    )
    assert roboskin.regions(mixed).tolist() == region[order].tolist()


def test_regions_that_share_no_taxel_are_not_alike_and_one_region_is(roboskin):
    labels, region = np.arange(24) % 2, np.arange(24) // 2 % 2
    apart, together = slid(region, labels), slid(np.zeros(24, int), labels)
    assert roboskin.alikeness(apart, region) < 0.1
    assert roboskin.alikeness(together, region) > 0.9
