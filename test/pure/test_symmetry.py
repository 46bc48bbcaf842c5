"""The measuring functions pass what is exact, and catch everything that is not."""

import numpy as np
import pytest
import torch
from broken_networks import (
    CHANNELS,
    BackgroundPadding,
    Coordinates,
    LocallyConnected,
    convolution,
    max_pooled,
    same_size,
    seeded,
    strided,
)
from hypothesis import given
from hypothesis import strategies as st
from torch import nn
from torch.nn import functional

from tactile_equiv.architecture import Architecture
from tactile_equiv.network import ACTIVATIONS, pool
from tactile_equiv.symmetry import (
    Response,
    contained_positions,
    measure_shifts,
    placed,
    subject_of,
)

ROWS, COLUMNS = 20, 24
PROMISE, CAUGHT = 1e-6, 1e-3


def subject_from(features, pooling=pool, head=None):
    """A subject whose contact map is the mean feature at full size."""
    weight = torch.randn(3, 2 * CHANNELS, generator=torch.Generator().manual_seed(9))

    def respond(frame):
        with torch.no_grad():
            canvas = features(torch.from_numpy(frame)[None, None])
            contact_map = functional.interpolate(canvas.mean(dim=1, keepdim=True), frame.shape)
            pooled = pooling(canvas)
            logits = pooled @ weight.T if head is None else head(canvas)
        return Response(contact_map[0, 0].numpy(), pooled[0].numpy(), logits.softmax(1)[0].numpy())

    return respond


class UnequalTaxels(nn.Module):
    """A gain that grows by one per cent from column to column."""

    def __init__(self):
        super().__init__()
        self.net = nn.Conv2d(1, CHANNELS, 3, padding=1, bias=False)

    def forward(self, x):
        return self.net(x * (1 + 0.01 * torch.arange(x.shape[3])))


class ScaledByTheMiddle(nn.Module):
    """Normalised by the pressure that one part of the frame happens to hold."""

    def __init__(self):
        super().__init__()
        self.net = nn.Conv2d(1, CHANNELS, 3, padding=1, bias=False)

    def forward(self, x):
        return self.net(x / (1 + x[:, :, 5:15, 5:15].mean()))


def average_pooled():
    return nn.Sequential(convolution(1, padding=1), nn.GELU(), nn.AvgPool2d(2))


BROKEN = {
    "strided convolution": (strided, "map_error", "pooled_drift"),
    "max-pool": (max_pooled, "map_error", "pooled_drift"),
    "average-pool": (average_pooled, "map_error"),
    "zero padding with biases": (same_size, "map_error", "pooled_drift", "empty_ripple"),
    "replicate padding": (lambda: same_size(padding_mode="replicate"), "map_error", "pooled_drift"),
    "reflect padding": (lambda: same_size(padding_mode="reflect"), "map_error", "pooled_drift"),
    "background padding": (BackgroundPadding, "pooled_drift"),
    "coordinates": (Coordinates, "map_error", "pooled_drift", "empty_ripple"),
    "locally connected": (lambda: LocallyConnected(ROWS, COLUMNS), "map_error", "pooled_drift"),
    "unequal taxels": (UnequalTaxels, "map_error", "pooled_drift"),
    "scaled by the middle": (ScaledByTheMiddle, "map_error", "pooled_drift"),
    "circular padding": (lambda: same_size(padding_mode="circular"), "phantom"),
}


@pytest.fixture(scope="module")
def patch():
    return np.random.default_rng(5).uniform(0.5, 2.0, (4, 5)).astype(np.float32)


@pytest.mark.parametrize("name", BROKEN)
def test_a_broken_subject_is_caught(name, patch):
    make, *where = BROKEN[name]
    errors = measure_shifts(subject_from(seeded(make)), patch, ROWS, COLUMNS)
    for number in where:
        assert getattr(errors, number) > CAUGHT, (name, number, errors)


def test_pooling_the_cropped_map_is_caught_though_its_map_is_exact(patch, small_network):
    network, radius = small_network, small_network.architecture.radius

    def respond(frame):
        with torch.no_grad():
            contact_map, canvas = network(torch.from_numpy(frame)[None, None])
            pooled = pool(canvas[:, :, radius:-radius, radius:-radius])
            scores = network.classify(pooled).softmax(1)
        return Response(contact_map[0].numpy(), pooled[0].numpy(), scores[0].numpy())

    errors = measure_shifts(respond, patch, ROWS, COLUMNS)
    assert errors.map_error <= PROMISE
    assert errors.pooled_drift > CAUGHT


def test_a_flatten_head_is_caught_by_scores_and_classes(patch, small_network):
    torch.manual_seed(0)
    head = nn.Sequential(nn.Flatten(), nn.LazyLinear(3))
    subject = subject_from(lambda frames: small_network.trunk(frames)[:, :1], pool, head)
    errors = measure_shifts(subject_with_scale(subject, 30), patch, ROWS, COLUMNS)
    assert errors.pooled_drift <= PROMISE
    assert errors.score_drift > CAUGHT
    assert errors.class_flips > 0


def subject_with_scale(subject, gain):
    return lambda frame: subject(gain * frame)


@pytest.mark.parametrize("part", ["contact_map", "pooled", "scores"])
def test_a_subject_that_answers_nan_does_not_pass(part, patch, small_model):
    exact = subject_of(small_model)
    middle = exact(placed(patch, (ROWS - 4) // 2, (COLUMNS - 5) // 2, ROWS, COLUMNS))

    def respond(frame):
        seen = exact(frame)
        if not np.array_equal(seen.contact_map, middle.contact_map):
            getattr(seen, part)[...] = np.nan
        return seen

    errors = measure_shifts(respond, patch, ROWS, COLUMNS)
    number = {"contact_map": "map_error", "pooled": "pooled_drift", "scores": "score_drift"}[part]
    assert not getattr(errors, number) <= PROMISE


def assert_exact(errors):
    assert errors.map_error <= PROMISE
    assert errors.pooled_drift <= PROMISE
    assert errors.score_drift <= PROMISE
    assert errors.class_flips == 0
    assert errors.empty_ripple == 0.0
    assert errors.empty_pooled == 0.0


@pytest.mark.parametrize("activation", sorted(ACTIVATIONS))
def test_the_network_passes_at_every_position(activation, patch, make_network, make_model):
    network = make_network(Architecture(3, 1, (4, 6, 5), (1, 1, 2), 3, activation))
    subject = subject_of(make_model(network))
    assert subject(placed(patch, 8, 9, ROWS, COLUMNS)).contact_map.max() > 0.1
    errors = measure_shifts(subject, patch, ROWS, COLUMNS)
    assert errors.positions == (ROWS - 3) * (COLUMNS - 4)
    assert errors.phantom <= PROMISE
    assert_exact(errors)


@given(
    kernel=st.sampled_from([1, 3, 5]),
    dilations=st.lists(st.integers(1, 3), min_size=1, max_size=3),
    activation=st.sampled_from(sorted(ACTIVATIONS)),
    height=st.integers(1, 5),
    width=st.integers(1, 5),
    room=st.tuples(st.integers(0, 6), st.integers(0, 6)),
    seed=st.integers(0, 99),
    correlations=st.booleans(),
)
def test_perceive_is_exact_for_any_sizes(
    kernel,
    dilations,
    activation,
    height,
    width,
    room,
    seed,
    correlations,
    make_network,
    make_model,
):
    channels = tuple(3 + layer for layer, _ in enumerate(dilations))
    sizes = Architecture(
        4, 1, channels, tuple(dilations), kernel, activation, correlations=correlations
    )
    network = make_network(sizes, seed % 5)
    press = np.random.default_rng(seed).uniform(0.2, 2, (height, width)).astype(np.float32)
    sensor = height + room[0], width + room[1]
    assert_exact(measure_shifts(subject_of(make_model(network)), press, *sensor))


def test_a_model_of_colours_is_measured_too(patch, make_network, make_model):
    model = make_model(make_network(Architecture(3, 3, (4, 5), (1, 2))))
    errors = measure_shifts(subject_of(model), patch, ROWS, COLUMNS, [(0, 0), (3, 4), (16, 19)])
    assert_exact(errors)


def test_one_position_of_many_is_enough_to_be_caught(patch, small_model):
    exact = subject_of(small_model)
    corner = placed(patch, 0, 0, ROWS, COLUMNS)

    def respond(frame):
        seen = exact(frame)
        if np.array_equal(frame, corner):
            seen.contact_map[1, 1] += 0.5
        return seen

    assert measure_shifts(respond, patch, ROWS, COLUMNS).map_error > CAUGHT
    assert measure_shifts(respond, patch, ROWS, COLUMNS, [(1, 1), (3, 3)]).map_error <= PROMISE


def test_positions_are_counted_and_bits_are_compared(patch, small_model):
    subject = subject_of(small_model)
    errors = measure_shifts(subject, patch, ROWS, COLUMNS, [(0, 0), (3, 4), (16, 19)])
    assert errors.positions == 3
    assert 1 <= errors.distinct_pooled <= 3
    assert errors.to_json()["positions"] == 3


def test_placed_cuts_at_every_border():
    patch = np.arange(1.0, 7.0, dtype=np.float32).reshape(2, 3)
    np.testing.assert_array_equal(placed(patch, -1, -1, 2, 3), [[5, 6, 0], [0, 0, 0]])
    np.testing.assert_array_equal(placed(patch, 1, 2, 2, 3), [[0, 0, 0], [0, 0, 1]])
    np.testing.assert_array_equal(placed(patch, 0, 0, 2, 3), patch)
    assert not placed(patch, 5, 0, 2, 3).any()
    assert not placed(patch, 0, -3, 2, 3).any()


def test_contained_positions_reach_every_corner():
    positions = contained_positions(np.zeros((2, 3), np.float32), 4, 5)
    assert len(positions) == len(set(positions)) == 9
    assert {(0, 0), (0, 2), (2, 0), (2, 2)} <= set(positions)
    assert contained_positions(np.zeros((4, 5), np.float32), 4, 5) == [(0, 0)]


@pytest.mark.parametrize("shape", [(5, 5), (4, 6)])
def test_a_patch_larger_than_the_sensor_is_refused(shape):
    with pytest.raises(ValueError, match="does not fit"):
        contained_positions(np.zeros(shape, np.float32), 4, 5)
