"""Group layers turn with their input, mirror with it, and move with it."""

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from tactile_equiv.group_convolution import (
    GROUPS,
    GroupLayer,
    act,
    group_trunk,
    inverse,
    mean_over_group,
    pool_over_group,
    product,
)
from tactile_equiv.network import ACTIVATIONS, ZeroPreservingLayer, pool

TOLERANCE = 1e-6
SQUARE = [GROUPS["c4"], GROUPS["d4"]]
ANY = st.sampled_from(SQUARE)
ELEMENTS = [(group, element) for group in SQUARE for element in group.elements]
NAMED = [f"{group.name}-{turns}{'m' * mirrored}" for group, (turns, mirrored) in ELEMENTS]


def relative_error(seen, true):
    return float((seen - true).detach().abs().max() / true.detach().abs().max().clamp(min=1e-3))


def lively_trunk(group, channels=(2, 3, 4), dilations=(1, 2), kernel=3, activation="gelu", seed=0):
    """Random weights of unit response and biases far from zero."""
    torch.manual_seed(seed)
    trunk = group_trunk(group, channels, dilations, kernel, ACTIVATIONS[activation])
    frames = torch.rand(1, channels[0], 9, 11)
    with torch.no_grad():
        for layer in trunk:
            layer.bias.normal_(0, 0.5)
            layer.weight /= layer(frames).square().mean().sqrt().clamp(min=1e-3)
            frames = layer(frames)
    return trunk.requires_grad_(False)


@st.composite
def trunks(draw, groups=ANY):
    """Networks in float64, where a law that holds is told from one that nearly does."""
    dilations = draw(st.lists(st.integers(1, 3), min_size=1, max_size=3))
    sizes = st.integers(1, 4)
    return lively_trunk(
        draw(groups),
        channels=[draw(sizes) for _ in range(len(dilations) + 1)],
        dilations=dilations,
        kernel=draw(sizes),
        activation=draw(st.sampled_from(sorted(ACTIVATIONS))),
        seed=draw(st.integers(0, 1000)),
    ).double()


@st.composite
def frames_for(draw, trunk):
    size = draw(st.integers(1, 9)), draw(st.integers(1, 9))
    generator = torch.Generator().manual_seed(draw(st.integers(0, 1000)))
    frames = torch.randn(2, trunk[0].weight.shape[1], *size, generator=generator)
    return frames.to(trunk[0].weight.dtype)


@pytest.mark.parametrize("group", GROUPS.values(), ids=GROUPS)
def test_the_elements_form_a_group_and_act_as_one(group):
    plane = torch.rand(3, 4)
    assert group.elements[0] == (0, False) and len(set(group.elements)) == group.order
    for g in group.elements:
        assert product(g, inverse(g)) == product(inverse(g), g) == (0, False)
        for h in group.elements:
            assert product(g, h) in group.elements
            assert torch.equal(act(g, act(h, plane)), act(product(g, h), plane))


@pytest.mark.parametrize("group", SQUARE, ids=lambda group: group.name)
def test_transforming_a_group_canvas_is_an_action_too(group):
    canvas = torch.rand(1, 2 * group.order, 3, 4)
    for g in group.elements:
        for h in group.elements:
            once = group.transform(product(g, h), canvas)
            assert torch.equal(group.transform(g, group.transform(h, canvas)), once)


@pytest.mark.parametrize(("group", "element"), ELEMENTS, ids=NAMED)
@given(data=st.data())
def test_a_group_network_turns_with_its_input(group, element, data):
    trunk = data.draw(trunks(st.just(group)))
    frames = data.draw(frames_for(trunk))
    canvas, turned = trunk(frames), trunk(act(element, frames))
    assert relative_error(turned, group.transform(element, canvas)) <= TOLERANCE
    seen, true = mean_over_group(turned, group), act(element, mean_over_group(canvas, group))
    assert relative_error(seen, true) <= TOLERANCE
    pooled = pool_over_group(canvas, group)
    assert relative_error(pool_over_group(turned, group), pooled) <= TOLERANCE


@pytest.mark.parametrize(("group", "element"), ELEMENTS, ids=NAMED)
def test_it_does_so_in_float32(group, element):
    trunk, frame = lively_trunk(group), torch.rand(1, 2, 12, 14)
    canvas, turned = trunk(frame), trunk(act(element, frame))
    assert relative_error(turned, group.transform(element, canvas)) <= TOLERANCE
    pooled = pool_over_group(canvas, group)
    assert relative_error(pool_over_group(turned, group), pooled) <= TOLERANCE


@given(data=st.data())
def test_zero_stays_zero_to_the_bit(data):
    trunk = data.draw(trunks()).float()
    height, width = data.draw(st.tuples(st.integers(1, 13), st.integers(1, 13)))
    assert not trunk(torch.zeros(1, trunk[0].weight.shape[1], height, width)).any()


@given(trunk=trunks(), row=st.integers(0, 5), column=st.integers(0, 6))
def test_a_contact_moves_up_to_the_border(trunk, row, column):
    channels = trunk[0].weight.shape[1]
    contact = torch.randn(channels, 3, 2, generator=torch.Generator().manual_seed(row))
    corner, moved = torch.zeros(2, 1, channels, 8, 8, dtype=torch.float64)
    corner[0, :, :3, :2] = contact
    moved[0, :, row : row + 3, column : column + 2] = contact
    canvas, answer = trunk(corner), trunk(moved)
    expected = torch.roll(canvas, (row, column), dims=(-2, -1))  # what wraps around is 0.0
    assert relative_error(answer, expected) <= TOLERANCE
    group = trunk[0].group
    drift = relative_error(pool_over_group(answer, group), pool_over_group(canvas, group))
    assert drift <= TOLERANCE


@given(trunk=trunks(), data=st.data())
def test_a_plain_network_of_repeated_weights_answers_alike(trunk, data):
    frames = data.draw(frames_for(trunk))
    plain = torch.nn.Sequential(*(layer.plain() for layer in trunk))
    assert relative_error(plain(frames), trunk(frames)) <= TOLERANCE


def test_the_translation_group_alone_is_the_ordinary_layer():
    torch.manual_seed(0)
    ordinary = ZeroPreservingLayer(2, 5, 3, 2, torch.nn.GELU()).requires_grad_(False)
    layer = GroupLayer(GROUPS["translation"], 2, 5, 3, 2, torch.nn.GELU(), lifts=True)
    with torch.no_grad():
        layer.weight.copy_(ordinary.convolution.weight[:, :, None])
        layer.bias.copy_(ordinary.convolution.bias)
    frame = torch.randn(1, 2, 7, 8)
    assert torch.equal(layer.requires_grad_(False)(frame), ordinary(frame))


def test_c4_does_not_mirror_and_a_plain_network_does_not_turn():
    frame = torch.randn(1, 2, 7, 7)
    c4, plain = lively_trunk(GROUPS["c4"]), lively_trunk(GROUPS["translation"])
    pooled = pool_over_group(c4(frame), GROUPS["c4"])
    assert relative_error(pool_over_group(c4(frame.flip(-1)), GROUPS["c4"]), pooled) > 0.01
    assert relative_error(pool(plain(torch.rot90(frame, 1, (-2, -1)))), pool(plain(frame))) > 0.01


def test_every_weight_learns():
    trunk = lively_trunk(GROUPS["d4"]).requires_grad_(True)
    pool_over_group(trunk(torch.rand(1, 2, 5, 5)), GROUPS["d4"]).sum().backward()
    assert all(parameter.grad.any() for parameter in trunk.parameters())


def test_a_canvas_of_another_group_is_refused():
    with pytest.raises(ValueError, match="multiple of 8"):
        pool_over_group(torch.zeros(1, 12, 3, 3), GROUPS["d4"])
    with pytest.raises(ValueError, match="not of c4"):
        GROUPS["c4"].transform((0, True), torch.zeros(1, 4, 3, 3))
