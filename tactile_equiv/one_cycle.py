"""How every network here is optimised: AdamW under a one-cycle schedule."""

from __future__ import annotations

from collections.abc import Iterable

from torch import nn
from torch.optim import AdamW
from torch.optim.lr_scheduler import OneCycleLR

RISING = 0.2
"""Share of the steps in which the learning rate rises; then it falls to 0 or nearly."""
FEWEST = 10
"""Steps that a schedule is made for at least: none shorter rises and falls."""


def one_cycle(
    parameters: Iterable[nn.Parameter], learning_rate: float, weight_decay: float, steps: int
) -> tuple[AdamW, OneCycleLR]:
    """Optimiser, and schedule to be stepped after each of its `steps`.

    Args:
        parameters: weights to train.
        learning_rate: highest of the schedule (Smith and Topin 2019, Super-Convergence).
        weight_decay: of AdamW (Loshchilov and Hutter 2019).
        steps: of the whole training.
    """
    optimiser = AdamW(parameters, learning_rate, weight_decay=weight_decay)
    schedule = OneCycleLR(
        optimiser, learning_rate, total_steps=max(steps, FEWEST), pct_start=RISING
    )
    return optimiser, schedule
