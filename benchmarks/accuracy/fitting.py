"""How the networks of the comparisons are trained, each on batches of its own."""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor, nn
from torch.nn import functional

from tactile_equiv.one_cycle import one_cycle
from tactile_equiv.training_settings import TrainingSettings

Batch = Callable[[], tuple[Tensor, Tensor]]
"""Gives levelled frames (N, 1, H, W) and their classes (N,)."""


def fitted(network: nn.Module, batch: Batch, settings: TrainingSettings) -> nn.Module:
    """A network of class scores (N, K) after `settings.steps` steps."""
    optimiser, schedule = one_cycle(
        network.parameters(), settings.learning_rate, settings.weight_decay, settings.steps
    )
    for _ in range(settings.steps):
        frames, labels = batch()
        loss = functional.cross_entropy(
            network(frames), labels, label_smoothing=settings.label_smoothing
        )
        optimiser.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]
        torch.nn.utils.clip_grad_norm_(network.parameters(), 1.0)
        optimiser.step()
        schedule.step()
    return network.eval()
