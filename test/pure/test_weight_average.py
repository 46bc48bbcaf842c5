"""The mean of weights over steps."""

import torch

from tactile_equiv.weight_average import WeightAverage


def test_old_weights_fade_by_the_decay():
    network = torch.nn.Linear(1, 1, bias=False).requires_grad_(False)
    values, decay = (3.0, -1.0, 7.0, 4.0), 0.75
    torch.nn.init.constant_(network.weight, values[0])
    average, mean = WeightAverage(network, decay), values[0]
    for value in values[1:]:
        torch.nn.init.constant_(network.weight, value)
        average.update()
        mean = decay * mean + (1 - decay) * value
    assert float(network.weight) == values[-1]
    average.keep()
    assert abs(float(network.weight) - mean) < 1e-6


def test_without_decay_the_last_weights_stay():
    network = torch.nn.Linear(3, 2)
    average = WeightAverage(network, 0.0)
    torch.nn.init.normal_(network.weight)
    last = network.weight.clone()
    average.update()
    average.keep()
    assert torch.equal(network.weight, last)
