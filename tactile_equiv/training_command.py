"""The subcommand `tactile-equiv train`, apart from its arguments: it needs torch, others do not."""

from __future__ import annotations

import argparse
from dataclasses import replace
from typing import Any

import numpy as np
import torch

from tactile_equiv.card import Card
from tactile_equiv.dataset import Dataset, load_dataset, split_by_position
from tactile_equiv.evaluation import evaluate
from tactile_equiv.frame import Normalisation
from tactile_equiv.latency import latency_of
from tactile_equiv.model import assemble
from tactile_equiv.model_directory import WEIGHTS_FILE
from tactile_equiv.model_export import save_model
from tactile_equiv.symmetry import measure_ridged_press
from tactile_equiv.training import Training, fitting_normalisation, train
from tactile_equiv.training_bar import training_bar
from tactile_equiv.training_settings import TrainingSettings
from tactile_equiv.turns import measure_turned_press

SETTINGS = ("seed", "steps", "batch", "validation", "symmetry", "correlations")
"""Options that are fields of `TrainingSettings`."""


def run(options: argparse.Namespace) -> None:
    """Train on labelled frames, measure, write the model directory.

    Raises:
        DataError: if the data cannot be used.
        ModelError: if the directory cannot be written.
    """
    dataset = load_dataset(options.data)
    normalisation = fitting_normalisation(dataset, options.dead_zone, options.scale)
    given = {name: vars(options)[name] for name in SETTINGS if name in options}
    settings = TrainingSettings(**given)
    by_position = _measure_by_position(dataset, normalisation, settings, options)
    training = _train_with_bar(dataset, normalisation, settings, "train", options)
    if not options.team.leads:
        return
    name = options.name or options.out.resolve().name
    rows, columns = dataset.frames.shape[1:3]
    card = Card(
        name=name,
        sensor=options.sensor,
        classes=dataset.class_names,
        architecture=training.network.architecture,
        normalisation=normalisation,
        training={
            "data": dataset.source,
            "data_sha256": dataset.sha256,
            "frames": len(dataset),
            "steps": training.steps,
            "losses": training.losses,
            "command": options.command_line,
            "settings": settings.to_json(),
            "contact_head": _contact_head_note(normalisation, settings),
        },
        latency=latency_of(training.network.architecture, rows, columns).to_json(),
    )
    model = assemble(training.network, card)
    measured = {
        **by_position,
        "accuracy_on_training_data": evaluate(model, dataset).accuracy,
        "shifts": measure_ridged_press(model, rows, columns).to_json(),
        "turns": measure_turned_press(model, rows, columns),
    }
    saved = save_model(options.out, training.network, replace(card, measured=measured))
    print(f"{name}: {training.steps} steps, written to {options.out}")
    print(f"weights SHA-256 {saved.sha256[WEIGHTS_FILE]}")


def _contact_head_note(normalisation: Normalisation, settings: TrainingSettings) -> str:
    threshold = settings.touch_threshold * normalisation.dead_zone
    return (
        "learned from simulated presses with known pressure, and on the recordings from taxels "
        f"above {threshold:.3g} sensor units in groups of at least 3"
    )


def _measure_by_position(
    dataset: Dataset,
    normalisation: Normalisation,
    settings: TrainingSettings,
    options: argparse.Namespace,
) -> dict[str, Any]:
    if not options.position_seeds:
        return {}
    left = split_by_position(dataset)
    found = []
    for seed in range(options.position_seeds):
        title = f"by position, seed {seed}"
        training = _train_with_bar(
            dataset.subset(left),
            normalisation,
            replace(settings, seed=seed),
            title,
            options,
        )
        card = Card("split", "", dataset.class_names, training.network.architecture, normalisation)
        model = assemble(training.network, card)
        found.append(evaluate(model, dataset.subset(~left)).mean_per_class_accuracy)
        print(f"{title}: mean per-class accuracy {found[-1]:.4f}")
    return {
        "by_position": {
            "split": "in each class the 60 % of presses furthest left train, the others test",
            "train": int(left.sum()),
            "test": int((~left).sum()),
            "mean_per_class_accuracy": float(np.mean(found)),
            "standard_deviation": float(np.std(found)),
            "seeds": found,
        }
    }


def _train_with_bar(
    dataset: Dataset,
    normalisation: Normalisation,
    settings: TrainingSettings,
    title: str,
    options: argparse.Namespace,
) -> Training:
    torch.set_num_threads(options.threads)
    with training_bar(title, settings.steps) as progress:
        return train(dataset, normalisation, settings, progress, options.team)
