"""A thinned canvas holds the values of the whole one, and pools to about the same."""

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from tactile_equiv.architecture import Architecture
from tactile_equiv.layers import pool
from tactile_equiv.network import TactileNetwork
from tactile_equiv.thinned import pool_thinned, spacings


def network(dilations, kernel=3, symmetry="translation"):
    torch.manual_seed(0)
    channels = tuple(3 + layer for layer in range(len(dilations)))
    return TactileNetwork(
        Architecture(2, 1, channels, dilations, kernel, symmetry=symmetry)
    ).requires_grad_(False)


@pytest.mark.parametrize(
    ("dilations", "thinning", "expected"),
    [
        ((1, 1, 2, 4), 4, (1, 1, 2, 4, 4)),
        ((1, 1, 2, 4), 1, (1, 1, 1, 1, 1)),
        ((2, 4), 8, (2, 4, 8)),
        ((3, 2), 4, (1, 2, 4)),
    ],
)
def test_a_layer_is_computed_where_the_next_ones_read(dilations, thinning, expected):
    assert spacings(dilations, thinning) == expected


@given(
    dilations=st.lists(st.integers(1, 4), min_size=1, max_size=3).map(tuple),
    thinning=st.integers(1, 5),
    kernel=st.sampled_from([1, 3, 5]),
    symmetry=st.sampled_from(["translation", "c4"]),
    rows=st.integers(1, 9),
    columns=st.integers(1, 9),
)
def test_a_thinned_canvas_is_every_so_manieth_cell(
    dilations, thinning, kernel, symmetry, rows, columns
):
    subject = network(dilations, kernel, symmetry)
    frames = torch.rand(2, 1, rows, columns)
    whole = subject.features(frames)
    thinned = subject.thinned_features(frames, thinning)
    torch.testing.assert_close(thinned, whole[:, :, ::thinning, ::thinning], atol=1e-5, rtol=1e-4)


def test_a_canvas_that_is_not_thinned_is_pooled_as_it_is():
    canvas = torch.rand(2, 4, 5, 6)
    torch.testing.assert_close(pool_thinned(canvas, 1, True), pool(canvas, True), rtol=0, atol=0)


def test_over_all_phases_thinned_sums_have_the_mean_of_the_whole_sums():
    subject = network((1, 1, 2))
    press = torch.rand(1, 1, 6, 7)
    whole = pool(subject.features(press))
    features = whole.shape[1] // 2
    found = [
        pool_thinned(
            subject.thinned_features(torch.nn.functional.pad(press, (left, 0, top, 0)), 2), 2
        )
        for top in range(2)
        for left in range(2)
    ]
    phases = torch.cat(found)  # (4, 2F)
    assert float(phases.std(dim=0).max()) > 1e-3
    mean_sums = phases[:, :features].mean(dim=0)
    mean_squares = phases[:, features:].square().mean(dim=0)
    torch.testing.assert_close(mean_sums, whole[0, :features], atol=1e-5, rtol=1e-4)
    torch.testing.assert_close(mean_squares, whole[0, features:].square(), atol=1e-5, rtol=1e-4)
