"""What `tactile-equiv train` does with recordings: it needs torch, other subcommands do not."""

from __future__ import annotations

import argparse
from dataclasses import fields, replace
from typing import Any

import numpy as np
import torch

from tactile_equiv.card import Card
from tactile_equiv.errors import DataError
from tactile_equiv.evaluation import evaluate
from tactile_equiv.frame import Normalisation
from tactile_equiv.latency import latency_of
from tactile_equiv.model import assemble
from tactile_equiv.model_directory import WEIGHTS_FILE
from tactile_equiv.model_export import save_model
from tactile_equiv.sequence_dataset import SequenceDataset, load_sequences
from tactile_equiv.sequence_settings import HAND, SequenceSettings
from tactile_equiv.sequence_symmetry import measure_stroke
from tactile_equiv.sequence_training import fitting_sequence_normalisation, train_sequences
from tactile_equiv.spectrogram import Spectrum
from tactile_equiv.training import Training
from tactile_equiv.training_bar import training_bar

SETTINGS = ("seed", "steps", "batch", "symmetry")
"""Options that are fields of `SequenceSettings`."""

ONLY_FRAMES = ("validation", "position_seeds", "correlations")
"""Options that single frames have and recordings have not."""


def run(options: argparse.Namespace) -> None:
    """Train on labelled recordings, measure, write the model directory.

    Raises:
        DataError: if the data or an option cannot be used.
        ModelError: if the directory cannot be written, or sizes do not fit together.
    """
    given = vars(options)
    for name in ONLY_FRAMES:
        if given.get(name):
            raise DataError(
                f"{options.data} holds recordings: --{name.replace('_', '-')} is for single frames"
            )
    dataset = load_sequences(options.data)
    settings = settings_of(given, dataset.skins)
    normalisation = fitting_sequence_normalisation(
        dataset, options.dead_zone, options.scale, settings.range_in_scales
    )
    by_fold = _measure_by_fold(dataset, normalisation, settings, options)
    training = _train_with_bar(dataset, normalisation, settings, "train", options.threads)
    name = options.name or options.out.resolve().name
    sizes, (rows, columns, _) = training.network.architecture, dataset.shape
    card = Card(
        name=name,
        sensor=options.sensor,
        classes=dataset.class_names,
        architecture=sizes,
        normalisation=normalisation,
        training={
            "data": dataset.source,
            "data_sha256": dataset.sha256,
            "recordings": len(dataset),
            "steps": training.steps,
            "command": options.command_line,
            "settings": settings.to_json(),
        },
        spectrum=settings.spectrum,
        latency=latency_of(sizes, rows, columns, settings.spectrum).to_json(),
    )
    model = assemble(training.network, card)
    measured = {
        **by_fold,
        "accuracy_on_training_data": evaluate(model, dataset).accuracy,
        "moved_stroke": {
            name: errors.to_json() for name, errors in measure_stroke(model, rows, columns).items()
        },
    }
    saved = save_model(options.out, training.network, replace(card, measured=measured))
    print(f"{name}: {training.steps} steps, written to {options.out}")
    print(f"weights SHA-256 {saved.sha256[WEIGHTS_FILE]}")


def settings_of(given: dict[str, Any], skins: int = 1) -> SequenceSettings:
    """Settings of a training from options by name; what is not given stays as it is.

    Those of `HAND` for several skins. Filters over a group are always trained.
    """
    settings = HAND if skins > 1 else SequenceSettings()
    names = {field.name for field in fields(Spectrum)}
    spectrum = replace(settings.spectrum, **{k: v for k, v in given.items() if k in names})
    if given.get("symmetry", "translation") != "translation":
        settings = SequenceSettings(channels=None, dilations=(1, 1, 2, 4))
    chosen = {name: given[name] for name in SETTINGS if name in given}
    return replace(settings, **chosen, spectrum=spectrum)


def _measure_by_fold(
    dataset: SequenceDataset,
    normalisation: Normalisation,
    settings: SequenceSettings,
    options: argparse.Namespace,
) -> dict[str, Any]:
    if not options.by_fold:
        return {}
    if dataset.fold is None:
        raise DataError(f"{dataset.source} has no fold: --by-fold needs one for each recording")
    found = []
    for fold in np.unique(dataset.fold):
        test, title = dataset.fold == fold, f"fold {fold} held out"
        training = _train_with_bar(
            dataset.subset(~test), normalisation, settings, title, options.threads
        )
        sizes = training.network.architecture
        card = Card(
            "fold", "", dataset.class_names, sizes, normalisation, spectrum=settings.spectrum
        )
        model = assemble(training.network, card)
        found.append(evaluate(model, dataset.subset(test)).mean_per_class_accuracy)
        print(f"{title}: mean per-class accuracy {found[-1]:.4f}")
    return {
        "by_fold": {
            "split": "each fold of the data held out in turn",
            "mean_per_class_accuracy": float(np.mean(found)),
            "standard_deviation": float(np.std(found)),
            "folds": found,
        }
    }


def _train_with_bar(
    dataset: SequenceDataset,
    normalisation: Normalisation,
    settings: SequenceSettings,
    title: str,
    threads: int,
) -> Training:
    torch.set_num_threads(threads)
    with training_bar(title, settings.steps) as progress:
        return train_sequences(dataset, normalisation, settings, progress)
