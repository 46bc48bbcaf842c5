"""Contacts, textures and maps of frames whose answer is known."""

import dataclasses

import numpy as np
import pytest
import torch
from hypothesis import example, given
from hypothesis import strategies as st

from tactile_equiv import network as torch_network
from tactile_equiv.architecture import Architecture
from tactile_equiv.contacts import Texture, energy_centroid, find_contacts
from tactile_equiv.errors import FrameError
from tactile_equiv.frame import Normalisation
from tactile_equiv.percept import perceive
from tactile_equiv.pooling import no_sums, pool, pooled_sums
from tactile_equiv.press import Press, pressure
from tactile_equiv.touched_regions import Region


def frame_with(blocks, rows=12, columns=16):
    """Blocks ((top, left, bottom, right), value) on an empty frame."""
    frame = np.zeros((rows, columns), np.float32)
    for (top, left, bottom, right), value in blocks:
        frame[top:bottom, left:right] = value
    return frame


def test_a_contact_is_described_by_its_taxels(touch_model):
    frame = frame_with([((3, 4, 6, 9), 2.0)])
    frame[4, 5] = 7.0
    (contact,) = perceive(touch_model, frame).contacts
    assert contact.area == 15
    assert contact.peak == 7.0
    assert contact.load == 14 * 2 + 7
    assert contact.box == (3, 4, 6, 9)
    assert not contact.clipped
    assert contact.row == pytest.approx(4.0)
    assert contact.column == pytest.approx((30 * 6 + 5 * 5) / 35)


def test_values_are_in_sensor_units_above_tare_and_dead_zone(touch_network, make_model):
    model = make_model(touch_network, Normalisation(dead_zone=2.0, scale=10.0))
    tare = np.full((12, 16), 5.0, np.float32)
    percept = perceive(model, frame_with([((3, 4, 6, 9), 30.0)]) + tare, tare)
    (contact,) = percept.contacts
    assert contact.peak == 28.0
    assert contact.load == 15 * 28
    assert percept.pressure.max() == 28.0


@pytest.mark.parametrize(
    ("box", "clipped"),
    [
        ((0, 4, 3, 7), True),
        ((9, 4, 12, 7), True),
        ((4, 0, 7, 3), True),
        ((4, 13, 7, 16), True),
        ((0, 0, 12, 16), True),
        ((1, 1, 11, 15), False),
        ((1, 1, 3, 4), False),
        ((9, 12, 11, 15), False),
    ],
)
def test_a_contact_that_meets_the_border_is_clipped(touch_model, box, clipped):
    (contact,) = perceive(touch_model, frame_with([(box, 1.0)])).contacts
    assert contact.clipped is clipped
    assert contact.box == box


def test_contacts_come_by_load_and_have_their_own_numbers(touch_model):
    frame = frame_with([((1, 1, 3, 3), 1.0), ((6, 2, 10, 5), 2.0), ((4, 12, 7, 15), 9.0)])
    contacts = perceive(touch_model, frame).contacts
    assert [contact.load for contact in contacts] == [81.0, 24.0, 4.0]
    centroids = [(contact.row, contact.column) for contact in contacts]
    np.testing.assert_allclose(centroids, [(5, 13), (7.5, 3), (1.5, 1.5)], atol=1e-6)


def test_taxels_that_touch_at_a_corner_are_one_contact(touch_model):
    frame = frame_with([((2, 2, 4, 4), 1.0), ((4, 4, 6, 6), 1.0)])
    assert len(perceive(touch_model, frame).contacts) == 1


@pytest.mark.parametrize(("least", "seen"), [(1, 3), (2, 2), (5, 1), (100, 0)])
def test_smaller_regions_are_no_contact(touch_model, least, seen):
    frame = frame_with([((1, 1, 2, 2), 1.0), ((5, 5, 7, 7), 1.0), ((8, 10, 11, 13), 1.0)])
    percept = perceive(touch_model, frame, min_contact_area=least)
    assert len(percept.contacts) == seen
    assert (percept.texture is None) == (seen == 0)


@pytest.mark.parametrize("hot", [(1, 13), (3, 6)])
@pytest.mark.parametrize("blocks", [[], [((8, 10, 11, 13), 1.0)]])
def test_a_hot_taxel_does_not_move_a_contact(touch_model, blocks, hot):
    """A single hot taxel is no contact: it must not pull at the centroid of one."""
    press = [((2, 2, 5, 5), 1.0), *blocks]
    quiet = perceive(touch_model, frame_with(press)).contacts
    noisy = perceive(
        touch_model, frame_with([*press, ((*hot, hot[0] + 1, hot[1] + 1), 50.0)])
    ).contacts
    for clean, seen in zip(quiet, noisy, strict=True):
        assert (seen.row, seen.column) == pytest.approx((clean.row, clean.column), abs=1e-6)


@pytest.mark.parametrize("threshold", [0.0, 0.5, 1.0])
def test_an_empty_frame_holds_nothing_at_any_threshold(small_model, touch_model, threshold):
    for model in (small_model, touch_model):
        percept = perceive(model, np.zeros((7, 9), np.uint16), contact_threshold=threshold)
        assert percept.contacts == ()
        assert percept.texture is None
        assert percept.invalid == 0
        assert not percept.pooled.any()
        assert not percept.contact_map.any()


def test_the_threshold_chooses_the_touched_taxels(small_model):
    frame = frame_with([((3, 4, 7, 9), 1.5)])
    whole = perceive(small_model, frame).contact_map
    for threshold in (0.1, 0.3, 0.6):
        contacts = perceive(
            small_model, frame, contact_threshold=threshold, min_contact_area=1
        ).contacts
        assert sum(contact.area for contact in contacts) == (whole >= threshold).sum()


def test_nan_in_is_nan_out_and_counted(touch_model):
    frame = frame_with([((3, 4, 8, 9), 1.0)])
    frame[5, 6] = frame[0, 0] = np.nan
    percept = perceive(touch_model, frame)
    assert percept.invalid == 2
    np.testing.assert_array_equal(np.isnan(percept.contact_map), np.isnan(frame))
    assert np.isfinite(percept.pressure).all() and np.isfinite(percept.pooled).all()
    (contact,) = percept.contacts
    assert contact.area == 25
    assert (contact.row, contact.column) == pytest.approx((5.0, 6.0), abs=1e-6)


def test_frames_of_another_number_of_channels_are_refused(touch_model):
    with pytest.raises(FrameError, match="lively") as caught:
        perceive(touch_model, np.ones((4, 4, 3)))
    assert caught.value.reason == "channels"


def test_channels_add_up_to_pressure(make_network, make_model):
    network = make_network(Architecture(2, 3, (4,), (1,)))
    model = make_model(network, Normalisation(0.0, 1.0, signed=True))
    frame = np.random.default_rng(0).normal(size=(5, 6, 3))
    percept = perceive(model, frame)
    np.testing.assert_allclose(percept.pressure, np.abs(frame).sum(axis=2), rtol=1e-5)
    assert percept.contact_map.shape == (5, 6)


@pytest.mark.parametrize("shape", ["ball", "ring", "block", "dots"])
def test_the_centroid_follows_a_press_between_taxels(touch_model, shape):
    """Slides by a tenth of a taxel; what is left after a constant is at most 0.05 taxel rms."""
    slides = np.linspace(0, 1, 11)
    errors = []
    for slide in slides:
        press = Press(shape, 9 + slide, 11 - 0.7 * slide, angle=0.3, size=4.0, cover=0.8)
        frame = pressure(press, 20, 22) * 5
        contacts = perceive(touch_model, frame, min_contact_area=1).contacts
        assert len(contacts) == 1
        errors.append((contacts[0].row - press.row, contacts[0].column - press.column))
    spread = np.array(errors) - np.mean(errors, axis=0)
    assert np.sqrt((spread**2).mean(axis=0)).max() <= 0.05
    assert np.abs(np.mean(errors, axis=0)).max() <= 0.1


@given(
    shift=st.tuples(st.integers(0, 30), st.integers(0, 40)),
    seed=st.integers(0, 99),
    strength=st.floats(1e-3, 1e3),
)
def test_the_centroid_moves_with_the_weights(shift, seed, strength):
    patch = np.random.default_rng(seed).random((4, 5)).astype(np.float32) * np.float32(strength)
    frames = []
    for top, left in ((0, 0), shift):
        frame = np.zeros((35, 46), np.float32)
        frame[top : top + 4, left : left + 5] = patch
        frames.append(energy_centroid(frame, (top, left, top + 4, left + 5)))
    (row, column), (moved_row, moved_column) = frames
    assert moved_row - row == pytest.approx(shift[0], abs=1e-9)
    assert moved_column - column == pytest.approx(shift[1], abs=1e-9)
    assert 0 <= row <= 3 and 0 <= column <= 4


def test_without_weights_the_centroid_is_the_middle_of_the_box():
    assert energy_centroid(np.zeros((9, 9), np.float32), (2, 3, 5, 8)) == (3.0, 5.0)


@given(gap=st.integers(1, 3), aside=st.integers(0, 9), seed=st.integers(0, 20), below=st.booleans())
@example(gap=1, aside=4, seed=0, below=False)
def test_contacts_more_than_two_radii_apart_are_perceived_as_if_alone(
    gap, aside, seed, below, small_model
):
    """Each contact's part of the canvas pools to what it pools to alone."""
    random = np.random.default_rng(seed)
    radius = small_model.card.architecture.radius
    far = 3 + 2 * radius + gap
    rows, columns = 5 + aside, far + 6
    one, other = np.zeros((2, rows, columns), np.float32)
    one[1:4, 1:4] = random.uniform(0.5, 2, (3, 3))
    other[1 + aside : 4 + aside, far + 1 : far + 4] = random.uniform(0.5, 2, (3, 3))
    if below:
        one, other = one.T.copy(), other.T.copy()
        rows, columns = columns, rows
    both = canvas_of(small_model, one + other)
    touched = (one + other > 0).astype(np.float32)
    whole = Region((0, 0, rows, columns), (-radius, -radius), touched, both)
    contacts = find_contacts(small_model, [whole], one + other, 0.5, 2)
    assert len(contacts) == 2
    for contact in contacts:
        alone = one if contact.box[:2] == (1, 1) else other
        scores = small_model.classifier.scores(pool(canvas_of(small_model, alone)))
        np.testing.assert_allclose(contact.texture.scores, scores, atol=1e-6)
        assert contact.load == pytest.approx(alone.sum(), rel=1e-6)


def canvas_of(model, frame):
    return model.backend.run(frame[None])[1]


def test_each_contact_has_the_texture_of_its_own_part(touch_model):
    felt, glass = np.array([[1, 2], [2, 1]]), np.array([[9, 0.5], [0.5, 9]])
    alone = {}
    for name, patch, column in (("felt", felt, 2), ("glass", glass, 10)):
        frame = np.zeros((8, 14), np.float32)
        frame[3:5, column : column + 2] = patch
        alone[name] = frame
    both = perceive(touch_model, alone["felt"] + alone["glass"]).contacts
    for contact, name in zip(both, ("glass", "felt"), strict=True):
        (single,) = perceive(touch_model, alone[name]).contacts
        np.testing.assert_allclose(contact.texture.scores, single.texture.scores, atol=1e-6)
        assert (contact.row, contact.column) == pytest.approx((single.row, single.column))


@given(
    channels=st.integers(1, 5),
    rows=st.integers(1, 9),
    columns=st.integers(1, 9),
    seed=st.integers(0, 99),
    correlations=st.booleans(),
)
def test_pool_agrees_with_the_network(channels, rows, columns, seed, correlations):
    canvas = np.random.default_rng(seed).normal(size=(channels, rows, columns)).astype(np.float32)
    true = torch_network.pool(torch.from_numpy(canvas)[None], correlations)[0].numpy()
    seen = pool(canvas, correlations=correlations)
    np.testing.assert_allclose(seen, true, rtol=1e-6, atol=1e-6 * np.abs(true).max())
    cells = np.random.default_rng(seed + 1).random((rows, columns)) < 0.5
    masked = pool(np.where(cells, canvas, np.float32(0)), correlations=correlations)
    np.testing.assert_allclose(pool(canvas, cells, correlations), masked, rtol=1e-6, atol=1e-6)


def test_pooling_loses_nothing_to_large_values():
    canvas = np.array([[[2.0**30, 1.0, -(2.0**30)]]], np.float32)
    assert pool(canvas)[0] == 1.0
    canvas = np.full((2, 5000, 3), 2.0**-12, np.float32)
    canvas[:, 0, 0] = 2.0**12
    assert pooled_sums(canvas).tolist() == [
        [2.0**12 + 14999 / 2**12] * 2,
        [2.0**24 + 14999 / 2**24] * 2,
    ]


@pytest.mark.parametrize("correlations", [False, True])
def test_pool_of_nothing_is_exactly_zero(correlations):
    canvas, nowhere = np.zeros((3, 4, 5), np.float32), np.zeros((4, 5), bool)
    assert not pool(canvas, correlations=correlations).any()
    assert not pool(canvas + 1, nowhere, correlations).any()
    np.testing.assert_array_equal(
        no_sums(3, correlations), pooled_sums(canvas, products=correlations)
    )


@given(seed=st.integers(0, 99), load=st.floats(0.01, 100))
def test_correlations_do_not_depend_on_the_load(seed, load):
    canvas = np.random.default_rng(seed).normal(size=(4, 5, 6)).astype(np.float32)
    weak, strong = (pool(part, correlations=True)[8:] for part in (canvas, canvas * load))
    np.testing.assert_allclose(weak, strong, atol=1e-6)
    assert (np.abs(weak) <= 1).all()


def test_correlations_fade_with_a_feature_that_is_too_weak_to_tell():
    ridge = np.ones((2, 3, 4), np.float32)
    weaker = [ridge * np.array([[[1]], [[size]]], np.float32) for size in (1, 1e-2, 1e-4, 1e-7)]
    seen = [pool(canvas, correlations=True)[-1] for canvas in weaker]
    assert seen[0] == pytest.approx(1) and seen[1] == pytest.approx(1)
    assert seen[1] > seen[2] > 0.1 > 1e-3 > seen[3] > 0.0


@given(seed=st.integers(0, 99), size=st.tuples(st.integers(3, 12), st.integers(3, 12)))
def test_the_classifier_agrees_with_the_texture_head(seed, size, small_network, small_model):
    frame = np.random.default_rng(seed).random((1, *size)).astype(np.float32)
    with torch.no_grad():
        canvas = small_network.features(torch.from_numpy(frame)[None])
        true = small_network.texture_logits(canvas).softmax(dim=1)[0].numpy()
    seen = small_model.classifier.scores(pool(canvas[0].numpy()))
    assert seen.sum() == pytest.approx(1.0)
    np.testing.assert_allclose(seen, true, atol=1e-5)


def test_scores_of_extreme_features_are_probabilities(small_model):
    pooled = np.full((2, 10), 3e38, np.float32)
    pooled[1] = 0
    scores = small_model.classifier.scores(pooled)
    assert scores.shape == (2, 3)
    np.testing.assert_allclose(scores.sum(axis=1), 1)


def test_texture_names_the_best_class():
    texture = Texture(("felt", "glass"), np.array([0.25, 0.75]))
    assert (texture.index, texture.name, texture.score) == (1, "glass", 0.75)


def test_the_same_frame_gives_the_same_percept(small_model):
    frame = np.random.default_rng(1).random((9, 12))
    one, other = (dataclasses.asdict(perceive(small_model, frame)) for _ in range(2))
    np.testing.assert_equal(one, other)


@pytest.mark.filterwarnings("error")
def test_a_frame_beyond_the_network_is_refused(small_model):
    with pytest.raises(FrameError, match="units") as caught:
        perceive(small_model, frame_with([((3, 4, 6, 9), 3e38)]))
    assert caught.value.reason == "range"
