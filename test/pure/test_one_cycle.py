"""One schedule for all trainings."""

import pytest
import torch

from tactile_equiv.one_cycle import one_cycle


def rates(steps):
    optimiser, schedule = one_cycle([torch.nn.Parameter(torch.zeros(2))], 0.5, 0.25, steps)
    found = []
    for _ in range(steps):
        found.append(optimiser.param_groups[0]["lr"])
        optimiser.step()
        schedule.step()
    return optimiser, found


def test_the_learning_rate_rises_and_falls_once():
    optimiser, found = rates(100)
    highest = max(found)
    top = found.index(highest)
    assert highest == pytest.approx(0.5) and 15 <= top <= 25
    assert found == sorted(found[:top]) + sorted(found[top:], reverse=True)
    assert found[-1] < 0.001 * highest
    assert optimiser.param_groups[0]["weight_decay"] == 0.25


def test_a_single_step_has_a_schedule():
    assert len(rates(1)[1]) == 1
