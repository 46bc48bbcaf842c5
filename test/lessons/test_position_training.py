"""The experiment that two lessons share: contacts, places, and what counts as right."""

import numpy as np
import torch
from torch import nn

from tactile_equiv.lessons.position_training import FARTHEST, SIDE, SIZE, ask, contacts, on_skins


class CornerReader(nn.Module):
    """Answers class 0 for contacts in the left half of the skin, class 1 for the others."""

    def forward(self, frames):
        across = frames[:, 0].sum(1) @ torch.arange(SIZE, dtype=torch.float32)
        left = across / frames.sum((1, 2, 3)) < (SIZE - 1) / 2 - 0.5
        return nn.functional.one_hot(torch.where(left, 0, 1), 3).float()


def test_contacts_lie_where_they_are_put_and_nowhere_else():
    presses, _ = contacts(2, torch.Generator().manual_seed(3))
    frames = on_skins(presses, torch.tensor([0, 4]), torch.tensor([8, 2]))
    assert torch.equal(frames[0, 0, :SIDE, 8 : 8 + SIDE], presses[0])
    assert torch.equal(frames[1, 0, 4 : 4 + SIDE, 2 : 2 + SIDE], presses[1])
    assert frames.count_nonzero() == presses.count_nonzero()


def test_every_class_occurs():
    _, labels = contacts(90, torch.Generator().manual_seed(3))
    assert labels.bincount().min() > 15


def test_a_network_that_reads_the_place_is_seen_to_flip():
    answers = ask(CornerReader())
    assert answers.right.shape == (2 * FARTHEST + 1, 2 * FARTHEST + 1)
    assert answers.flips > 0.01
    assert np.ptp(answers.right[0]) > 0.01
    assert answers.at(0) == answers.right[FARTHEST, FARTHEST]
