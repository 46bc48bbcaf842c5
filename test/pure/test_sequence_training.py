from dataclasses import replace

import numpy as np
import pytest
import torch

from tactile_equiv.card import Card
from tactile_equiv.errors import DataError, ModelError
from tactile_equiv.evaluation import evaluate
from tactile_equiv.model import assemble, load_model
from tactile_equiv.sequence_batches import pooled_recordings
from tactile_equiv.sequence_dataset import SequenceDataset
from tactile_equiv.sequence_settings import SequenceSettings
from tactile_equiv.sequence_training import fitting_sequence_normalisation, train_sequences
from tactile_equiv.spectrogram import Spectrum
from tactile_equiv.torch_backend import weights_of

SMALL = SequenceSettings(
    steps=40,
    batch=8,
    thinning=1,
    channels=(6, 8),
    dilations=(1, 1),
    spectrum=Spectrum(8, 8),
)


def strokes(count=16, rows=5, columns=6):
    """Two materials of equal pressure that tell apart by pitch alone, on two regions."""
    random, recordings = np.random.default_rng(0), []
    for index in range(count):
        pitch = 0.125 if index % 2 == 0 else 0.375
        recording = np.zeros((40, rows, columns, 1), np.float32)
        top, left = (0, 0) if index % 4 < 2 else (2, 3)
        time = np.arange(40)[:, None, None] + random.uniform(0, 40)
        phases = random.uniform(0, 2 * np.pi, (3, 3))
        recording[:, top : top + 3, left : left + 3, 0] = 100 + 20 * np.sin(
            2 * np.pi * pitch * time + phases
        )
        recordings.append(recording)
    labels = np.arange(count) % 2
    fold = np.arange(count) % 4 // 2
    return SequenceDataset(tuple(recordings), labels, ("coarse", "fine"), fold, "strokes")


def trained(dataset, settings=SMALL):
    return train_sequences(dataset, fitting_sequence_normalisation(dataset), settings).network


def test_materials_that_differ_in_pitch_are_told_apart_where_training_never_touched():

    dataset = strokes()
    normalisation = fitting_sequence_normalisation(dataset)
    network = trained(dataset.subset(dataset.fold == 0))
    card = Card(
        "small",
        "",
        ("coarse", "fine"),
        network.architecture,
        normalisation,
        spectrum=SMALL.spectrum,
    )
    held_out = dataset.subset(dataset.fold == 1)
    assert evaluate(assemble(network, card), held_out).accuracy == 1


def test_the_range_of_a_sensor_is_so_many_scales_and_the_dead_zone_stays():
    dataset = strokes(4)
    usual = fitting_sequence_normalisation(dataset)
    wide = fitting_sequence_normalisation(dataset, range_in_scales=8.0)
    given = fitting_sequence_normalisation(dataset, scale=2.5, range_in_scales=8.0)
    assert (wide.scale, wide.dead_zone) == (4 * usual.scale, usual.dead_zone)
    assert usual.scale * 32 == pytest.approx(usual.dead_zone * 255) and given.scale == 2.5


def test_the_same_seed_gives_the_same_weights():
    dataset, settings = (
        strokes(8),
        SequenceSettings(steps=3, batch=4, channels=(4,), dilations=(1,), spectrum=Spectrum(8, 4)),
    )
    first, again = (weights_of(trained(dataset, settings)) for _ in range(2))
    other = weights_of(trained(dataset, SequenceSettings(**{**vars(settings), "seed": 1})))
    assert all((first[name] == again[name]).all() for name in first)
    assert any((first[name] != other[name]).any() for name in first)


def test_progress_is_told_and_quiet_recordings_do_no_harm():
    dataset = strokes(4)
    for recording in dataset.sequences:
        recording[...] = 0
    told = []
    normalisation = fitting_sequence_normalisation(dataset)
    settings = SequenceSettings(steps=2, batch=4, channels=(4,), dilations=(1,))
    network = train_sequences(
        dataset, normalisation, settings, lambda step, losses: told.append((step, losses))
    ).network
    assert [step for step, _ in told] == [1, 2] and set(told[0][1]) == {"texture", "contact"}
    assert all(torch.isfinite(weight).all() for weight in network.parameters())


DISCRIMINANT = replace(SMALL, steps=1, scaled_start=True, shrinkage=0.1)


def test_a_discriminant_of_random_features_tells_materials_apart_before_any_training():
    dataset = strokes()
    normalisation = fitting_sequence_normalisation(dataset)
    network = trained(dataset.subset(dataset.fold == 0), replace(DISCRIMINANT, steps=0))
    pooled = pooled_recordings(network, dataset, normalisation, SMALL.spectrum)
    with torch.no_grad():
        scores = network.classify(torch.from_numpy(np.sinh(pooled)).float())
    assert (scores.argmax(dim=1).numpy() == dataset.labels).all()


def test_frozen_filters_stay_and_the_heads_learn():
    settings = replace(SMALL, frozen=True, scaled_start=True)
    start, end = (
        weights_of(trained(strokes(8), replace(settings, steps=steps))) for steps in (0, 3)
    )
    moved = {name for name in start if (start[name] != end[name]).any()}
    assert {"contact_head.weight", "texture_head.weight"} <= moved
    assert not any(name.startswith("trunk") for name in moved)


def test_a_trunk_over_a_group_is_not_scaled():
    with pytest.raises(ModelError, match="translation symmetry"):
        trained(strokes(4), replace(DISCRIMINANT, symmetry="c4"))


def test_a_class_without_recordings_has_no_discriminant():
    dataset = strokes(8)
    with pytest.raises(DataError, match="fine has no recordings"):
        trained(dataset.subset(dataset.labels == 0), DISCRIMINANT)


def test_one_class_is_refused():
    dataset = strokes(4)
    single = SequenceDataset(dataset.sequences, np.zeros(4, int), ("a",), source="one")
    with pytest.raises(DataError, match="at least two"):
        trained(single)


def test_data_of_other_kinds_are_refused():
    dataset = strokes(4)
    with pytest.raises(DataError, match="does not know"):
        evaluate(load_model("config/models/tekscan_objects"), dataset)
