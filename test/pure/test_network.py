"""The network is exactly equivariant, up to the border of a finite sensor."""

import itertools
from dataclasses import replace

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from tactile_equiv.errors import ModelError
from tactile_equiv.network import (
    ACTIVATIONS,
    CONTACT_PRIOR,
    Architecture,
    TactileNetwork,
    ZeroPreservingLayer,
    pool,
)

TOLERANCE = 1e-6


@st.composite
def architectures(draw):
    layers = draw(st.integers(1, 3))
    return Architecture(
        classes=draw(st.integers(1, 4)),
        input_channels=draw(st.integers(1, 3)),
        channels=tuple(draw(st.lists(st.integers(1, 9), min_size=layers, max_size=layers))),
        dilations=tuple(draw(st.lists(st.integers(1, 3), min_size=layers, max_size=layers))),
        kernel=draw(st.sampled_from([1, 3, 5])),
        activation=draw(st.sampled_from(sorted(ACTIVATIONS))),
        correlations=draw(st.booleans()),
    )


@st.composite
def sensors(draw):
    """(rows, columns, height, width) of a sensor and of a contact that fits it."""
    height, width = draw(st.integers(1, 5)), draw(st.integers(1, 5))
    return draw(st.integers(height, height + 9)), draw(st.integers(width, width + 9)), height, width


def contact(channels, height, width, seed=0):
    random = np.random.default_rng(seed)
    return torch.from_numpy(random.uniform(-1, 2, (channels, height, width)).astype(np.float32))


def placed(patch, row, column, rows, columns):
    """(1, C, rows, columns), empty but for the patch."""
    frame = torch.zeros(1, patch.shape[0], rows, columns)
    frame[0, :, row : row + patch.shape[1], column : column + patch.shape[2]] = patch
    return frame


def border_positions(rows, columns, height, width):
    last_row, last_column = rows - height, columns - width
    along = [(0, c) for c in range(last_column + 1)] + [(r, 0) for r in range(last_row + 1)]
    return sorted({*along, *((last_row - r, last_column - c) for r, c in along)})


def relative_error(seen, true):
    return float((seen - true).abs().max() / true.abs().max().clamp(min=1e-3))


def moved(values, shift):
    """Roll a grown canvas; what wraps around is exactly 0.0."""
    return torch.roll(values, shift, dims=(-2, -1))


@pytest.mark.parametrize("activation", sorted(ACTIVATIONS))
@pytest.mark.parametrize("channels", [1, 3, 5, 8, 17])
@pytest.mark.parametrize("size", [(1, 1), (2, 3), (5, 7), (13, 11)])
def test_a_layer_keeps_zero_to_the_bit(activation, channels, size):
    for seed in range(4):
        torch.manual_seed(seed)
        layer = ZeroPreservingLayer(2, channels, 3, 1, ACTIVATIONS[activation]())
        torch.nn.init.normal_(layer.convolution.bias)
        assert torch.equal(layer(torch.zeros(1, 2, *size)), torch.zeros(1, channels, *grown(size)))


def grown(size, by=1):
    return tuple(length + 2 * by for length in size)


@pytest.mark.parametrize("activation", sorted(ACTIVATIONS))
def test_a_layer_computes_the_formula(activation):
    torch.manual_seed(2)
    phi = ACTIVATIONS[activation]()
    layer = ZeroPreservingLayer(2, 3, 3, 2, phi)
    x = torch.randn(2, 2, 4, 6)
    weight, bias = layer.convolution.weight, layer.convolution.bias
    driven = torch.nn.functional.conv2d(x.double(), weight.double(), padding=4, dilation=2)
    true = phi(driven + bias.double()[:, None, None]) - phi(bias.double())[:, None, None]
    torch.testing.assert_close(layer(x).double(), true, atol=1e-5, rtol=1e-5)


def test_a_layer_learns_through_its_bias():
    layer = ZeroPreservingLayer(1, 2, 3, 1, torch.nn.GELU())
    layer(torch.ones(1, 1, 3, 3)).sum().backward()
    assert layer.convolution.bias.grad.abs().min() > 0
    assert layer.convolution.weight.grad.abs().min() > 0


@given(architecture=architectures(), rows=st.integers(1, 9), columns=st.integers(1, 9))
def test_the_canvas_grows_by_the_radius_on_every_side(architecture, rows, columns):
    network = TactileNetwork(architecture)
    frames = torch.ones(2, architecture.input_channels, rows, columns)
    contact_map, canvas = network(frames)
    size = grown((rows, columns), architecture.radius)
    assert canvas.shape == (2, architecture.channels[-1], *size)
    assert contact_map.shape == (2, rows, columns)
    assert network.texture_logits(canvas).shape == (2, architecture.classes)


@given(architecture=architectures(), seed=st.integers(0, 9))
def test_the_radius_is_how_far_an_impulse_reaches(architecture, seed, make_network):
    network = make_network(architecture, seed)
    canvas = network.features(placed(contact(architecture.input_channels, 1, 1), 3, 2, 7, 6))
    touched = canvas[0].abs().sum(dim=0).nonzero()
    radius = architecture.radius
    assert (touched - torch.tensor([3 + radius, 2 + radius])).abs().max() <= radius
    assert touched[:, 0].max() - touched[:, 0].min() <= 2 * radius


@given(architecture=architectures(), rows=st.integers(1, 12), columns=st.integers(1, 12))
def test_an_empty_frame_gives_exactly_nothing(architecture, rows, columns, make_network):
    network = make_network(architecture)
    contact_map, canvas = network(torch.zeros(1, architecture.input_channels, rows, columns))
    assert not canvas.any()
    assert not contact_map.any()
    assert not network.pool(canvas).any()


@given(architecture=architectures(), sensor=sensors(), seed=st.integers(0, 9))
def test_a_contact_is_the_same_in_the_middle_and_on_the_border(
    architecture, sensor, seed, make_network
):
    rows, columns, height, width = sensor
    network = make_network(architecture, seed)
    patch = contact(architecture.input_channels, height, width, seed)
    middle = (rows - height) // 2, (columns - width) // 2
    with torch.no_grad():
        reference = network.features(placed(patch, *middle, rows, columns))
        reference_class = network.texture_logits(reference).argmax()
        for row, column in border_positions(*sensor):
            canvas = network.features(placed(patch, row, column, rows, columns))
            shift = row - middle[0], column - middle[1]
            assert relative_error(canvas, moved(reference, shift)) <= TOLERANCE
            assert relative_error(network.pool(canvas), network.pool(reference)) <= TOLERANCE
            assert network.texture_logits(canvas).argmax() == reference_class


@given(architecture=architectures(), sensor=sensors(), seed=st.integers(0, 9))
def test_the_contact_map_moves_with_the_contact(architecture, sensor, seed, make_network):
    rows, columns, height, width = sensor
    network = make_network(architecture, seed)
    patch = contact(architecture.input_channels, height, width, seed)
    radius = architecture.radius
    with torch.no_grad():
        alone, _ = network(placed(patch, radius, radius, height + 2 * radius, width + 2 * radius))
        whole = torch.nn.functional.pad(alone, (columns, columns, rows, rows))
        scale = max(float(whole.max()), 1e-3)
        for row, column in border_positions(*sensor):
            seen, _ = network(placed(patch, row, column, rows, columns))
            top, left = rows + radius - row, columns + radius - column
            true = whole[:, top : top + rows, left : left + columns]
            assert float((seen - true).abs().max()) <= TOLERANCE * scale


SHIFTS = st.tuples(st.integers(0, 3), st.integers(0, 3))


@given(architecture=architectures(), first=SHIFTS, second=SHIFTS)
def test_shifts_are_a_group(architecture, first, second, make_network):
    network = make_network(architecture)
    patch = contact(architecture.input_channels, 2, 3)
    both = tuple(a + b for a, b in zip(first, second, strict=True))
    back = tuple(-a for a in first)

    def answer(position):
        with torch.no_grad():
            return network.features(placed(patch, *position, 9, 10))

    start = answer((0, 0))
    assert torch.equal(moved(start, (0, 0)), start)
    assert relative_error(answer(both), moved(moved(start, first), second)) <= TOLERANCE
    assert relative_error(answer(both), moved(answer(second), first)) <= TOLERANCE
    assert torch.equal(moved(moved(start, first), back), start)
    assert relative_error(moved(answer(first), back), start) <= TOLERANCE


@given(architecture=architectures(), sizes=st.lists(sensors(), min_size=2, max_size=4))
def test_one_set_of_weights_serves_every_sensor_size(architecture, sizes, make_network):
    network = make_network(architecture)
    patch = contact(architecture.input_channels, 1, 1) + 2
    with torch.no_grad():
        pooled = [
            network.pool(network.features(placed(patch, rows // 2, columns // 2, rows, columns)))
            for rows, columns, _, _ in sizes
        ]
    for seen in pooled[1:]:
        assert relative_error(seen, pooled[0]) <= TOLERANCE


@given(architecture=architectures(), seed=st.integers(0, 9), strength=st.floats(1e-3, 1e3))
def test_contact_probability_is_a_probability_and_zero_beyond_reach(
    architecture, seed, strength, make_network
):
    network = make_network(architecture, seed)
    rows, columns, radius = 14, 15, architecture.radius
    patch = strength * contact(architecture.input_channels, 3, 2, seed)
    with torch.no_grad():
        contact_map, _ = network(placed(patch, 6, 5, rows, columns))
    assert contact_map.min() >= 0 and contact_map.max() <= 1
    untouched = torch.ones(rows, columns, dtype=bool)
    top, left = max(6 - radius, 0), max(5 - radius, 0)
    untouched[top : 9 + radius, left : 7 + radius] = False
    assert not contact_map[0, untouched].any()


def test_contact_probability_is_the_stated_formula(small_network):
    evidence = np.linspace(-5, 20, 60)
    with torch.no_grad():
        canvas = torch.zeros(1, 5, 9, 60 + 8)
        canvas[0, 0, 4, 4:-4] = torch.from_numpy(evidence).float()
        weight = small_network.contact_head.weight.clone()
        small_network.contact_head.weight.zero_()[0, 0] = 1
        seen = small_network.contact_probability(canvas)[0, 0].double().numpy()
        small_network.contact_head.weight.copy_(weight)
    prior = 1 / (1 + np.exp(-CONTACT_PRIOR))
    posterior = 1 / (1 + np.exp(-evidence - CONTACT_PRIOR))
    true = np.maximum((posterior - prior) / (1 - prior), 0)
    np.testing.assert_allclose(seen, true, atol=1e-6)


@given(architecture=architectures(), gap=st.integers(1, 3), seed=st.integers(0, 9))
def test_contacts_more_than_two_radii_apart_do_not_see_each_other(
    architecture, gap, seed, make_network
):
    network = make_network(architecture, seed)
    one, other = (contact(architecture.input_channels, 2, 2, s) for s in (seed, seed + 1))
    far = 2 + 2 * architecture.radius + gap - 1
    with torch.no_grad():
        alone = network.features(placed(one, 0, 0, 3, far + 2))
        beside = network.features(placed(other, 1, far, 3, far + 2))
        together = network.features(
            placed(one, 0, 0, 3, far + 2) + placed(other, 1, far, 3, far + 2)
        )
    assert relative_error(together, alone + beside) <= TOLERANCE
    assert not ((alone != 0) & (beside != 0)).any()


def test_pool_is_sum_and_root_of_energy():
    canvas = torch.tensor([[[[1.0, -2.0], [2.0, 0.0]], [[3.0, 0.0], [0.0, 4.0]]]])
    assert pool(canvas).tolist() == [[1.0, 7.0, 3.0, 5.0]]


def test_correlations_are_cosines_of_pairs():
    first, second = [[1.0, -2.0], [2.0, 0.0]], [[3.0, 0.0], [0.0, 4.0]]
    canvas = torch.tensor([[first, second, [[0.0, 0.0], [0.0, 0.0]]]])
    assert pool(canvas, correlations=True).tolist() == [
        [1.0, 7.0, 0.0, 3.0, 5.0, 0.0, pytest.approx(3 / 15), 0.0, 0.0]
    ]


@pytest.mark.parametrize("correlations", [False, True])
def test_pool_loses_the_order_of_summation(correlations):
    values = torch.from_numpy(np.random.default_rng(0).normal(size=(2, 4000)).astype(np.float32))
    orders = [torch.randperm(4000, generator=torch.Generator().manual_seed(s)) for s in range(20)]
    seen = {
        tuple(pool(values[:, order].view(1, 2, 50, 80), correlations)[0].tolist())
        for order in orders
    }
    assert len(seen) == 1


def test_architecture_survives_json():
    architecture = Architecture(3, 2, (4, 5), (1, 3), 5, "silu")
    assert Architecture.from_json(architecture.to_json()) == architecture
    assert architecture.radius == 2 * (1 + 3)
    assert architecture.pooled_features == 10
    told = replace(architecture, correlations=True)
    assert Architecture.from_json(told.to_json()) == told
    assert told.pooled_features == 10 + 10


@given(architecture=architectures())
def test_the_number_of_weights_is_counted_right(architecture):
    network = TactileNetwork(architecture)
    layers = [*network.trunk.parameters(), *network.texture_head.parameters()]
    assert architecture.weights == sum(value.numel() for value in layers)


GOOD = Architecture(3).to_json()


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"channels": [4]}, "one dilation for each layer"),
        ({"channels": [], "dilations": []}, "one dilation for each layer"),
        ({"classes": 0}, "at least 1"),
        ({"dilations": [1, 1, 0, 1]}, "at least 1"),
        ({"kernel": 4}, "odd"),
        ({"kernel": -1}, "at least 1"),
        ({"activation": "tanh"}, "gelu"),
        ({"activation": ["gelu"]}, "gelu"),
        ({"depth": 3}, "channels"),
        ({"channels": 16}, "channels"),
        ({"classes": "3"}, "classes"),
        ({"classes": None}, "classes"),
        ({"classes": 3.0}, "classes"),
        ({"kernel": 3.0}, "kernel"),
        ({"kernel": True}, "kernel"),
        ({"channels": [16, 24, 32, 32.5]}, "channels"),
        ({"channels": [[16], 24, 32, 32]}, "channels"),
        ({"channels": "1234"}, "channels"),
        ({"correlations": 1}, "true or false"),
        ({"correlations": True, "poolings": 2}, "several poolings"),
    ],
)
def test_sizes_that_do_not_fit_are_refused(change, told):
    with pytest.raises(ModelError, match=told):
        Architecture.from_json({**GOOD, **change})


@pytest.mark.parametrize("sizes", [None, [], 3, "gelu", {"kernel": 3}])
def test_what_is_no_architecture_is_refused(sizes):
    with pytest.raises(ModelError, match="keys are"):
        Architecture.from_json(sizes)


def test_border_positions_are_all_of_the_border():
    seen = border_positions(5, 6, 2, 3)
    inside = set(itertools.product(range(1, 3), range(1, 3)))
    assert set(seen) == set(itertools.product(range(4), range(4))) - inside
