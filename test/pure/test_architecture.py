"""Sizes that are known without an engine agree with the network that torch builds from them."""

import pytest

from tactile_equiv.architecture import ACTIVATION_NAMES, Architecture
from tactile_equiv.network import ACTIVATIONS, TactileNetwork


@pytest.mark.parametrize(
    "sizes",
    [
        Architecture(22),
        Architecture(1, 3, (5,), (2,), 1, "relu"),
        Architecture(4, 2, (3, 8), (1, 3), 5, "silu"),
    ],
)
def test_the_shapes_of_the_weights_are_those_of_the_network(sizes):
    state = TactileNetwork(sizes).state_dict()
    assert sizes.weight_shapes == {name: tuple(value.shape) for name, value in state.items()}


def test_every_activation_that_a_card_may_name_is_one_of_the_network():
    assert set(ACTIVATION_NAMES) == set(ACTIVATIONS)
