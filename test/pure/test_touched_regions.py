"""Touched regions evaluated alone give the numbers of the whole frame, wherever they lie."""

import dataclasses

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tactile_equiv.architecture import Architecture
from tactile_equiv.frame import Normalisation, level
from tactile_equiv.model import load_model
from tactile_equiv.model_directory import find_model
from tactile_equiv.percept import perceive
from tactile_equiv.symmetry import contained_positions, placed
from tactile_equiv.touched_regions import MOST_BOXES, cost, evaluate, touched_boxes

TOLERANCE = 1e-6
"""Relative to the largest value."""

SHIPPED = [
    ("tekscan_objects", "onnxruntime"),
    ("simulated_textures", "onnxruntime"),
    ("simulated_textures", "opencv"),
    ("simulated_textures", "torch"),
]
SMALL = {
    "gelu": Architecture(3, channels=(8, 9), dilations=(1, 2)),
    "silu": Architecture(2, channels=(3, 5), dilations=(2, 1), activation="silu"),
    "relu": Architecture(3, channels=(8,), dilations=(1,), activation="relu"),
    "correlations": Architecture(3, channels=(8, 5), dilations=(1, 2), correlations=True),
    "softplus, 3 channels": Architecture(2, 3, (8, 8), (1, 1), activation="softplus"),
}


@pytest.fixture(scope="module", params=SHIPPED, ids="-".join)
def shipped(request):
    name, backend = request.param
    if backend == "onnxruntime":
        pytest.importorskip("onnxruntime")
    model = load_model(find_model(name), backend, "cpu")
    assert model.backend.name == backend
    return model


@pytest.fixture(scope="module", params=SMALL)
def small(request, make_network, make_model):
    architecture = SMALL[request.param]
    signed = architecture.input_channels > 1
    return make_model(make_network(architecture), Normalisation(1.0, 8.0, "logarithmic", signed))


@st.composite
def frames(draw, channels=1):
    """Presses of any size on sensors of any size, also cut, with hot, dead or noisy taxels."""
    rows, columns = draw(st.integers(1, 60)), draw(st.integers(1, 60))
    random = np.random.default_rng(draw(st.integers(0, 10**6)))
    shape = (rows, columns) if channels == 1 else (rows, columns, channels)
    frame = np.zeros(shape, np.float32)
    for _ in range(draw(st.integers(0, 4))):
        top, left = random.integers(0, (rows, columns))
        height, width = random.integers(1, 12, 2)
        press = frame[top : top + height, left : left + width]
        press[...] = random.uniform(-20 if channels > 1 else 2, 60, press.shape)
    speckle, value = draw(
        st.sampled_from([(0.0, 0.0), (0.002, 40.0), (0.3, 20.0), (0.02, np.nan), (1.0, 30.0)])
    )
    chosen = random.random((rows, columns)) < speckle
    chosen[0, 0] &= not np.isnan(value)
    frame[chosen] = value
    return frame


def difference(model, frame, **options):
    """Largest difference of sparse from whole, relative to the largest value: map, pooled."""
    sparse = perceive(model, frame, **options)
    whole = perceive(model, frame, whole_frame=True, **options)
    assert sparse.invalid == whole.invalid
    np.testing.assert_array_equal(sparse.pressure, whole.pressure)
    np.testing.assert_array_equal(np.isnan(sparse.contact_map), np.isnan(whole.contact_map))
    pairs = (sparse.contact_map, whole.contact_map), (sparse.pooled, whole.pooled)
    return [
        float(np.nanmax(np.abs(one - other)) / max(np.nanmax(np.abs(other)), 1e-12))
        for one, other in pairs
    ]


def assert_same_contacts(model, frame, tolerance):
    """Unless the threshold parts probabilities that are the same within the tolerance."""
    whole = perceive(model, frame, whole_frame=True)
    if np.nanmin(np.abs(whole.contact_map - 0.5)) <= tolerance:
        return
    sparse = perceive(model, frame)
    assert (sparse.texture is None) == (whole.texture is None)
    for one, other in zip(sparse.contacts, whole.contacts, strict=True):
        told = dataclasses.asdict(one), dataclasses.asdict(other)
        for name in ("area", "peak", "load", "box", "clipped"):
            assert told[0][name] == told[1][name]
        assert (one.row, one.column) == pytest.approx((other.row, other.column), abs=1e-5)
        np.testing.assert_allclose(one.texture.scores, other.texture.scores, atol=1e-5)


@given(frame=frames())
def test_sparse_equals_whole_on_shipped_models(shipped, frame):
    in_map, in_pooled = difference(shipped, frame)
    assert in_map <= TOLERANCE and in_pooled == 0.0
    assert_same_contacts(shipped, frame, TOLERANCE)


@given(data=st.data())
def test_sparse_equals_whole_on_small_networks(small, data):
    frame = data.draw(frames(small.card.architecture.input_channels))
    assert max(difference(small, frame)) <= TOLERANCE
    assert_same_contacts(small, frame, TOLERANCE)


@pytest.mark.parametrize(
    "box",
    [(0, 0, 1, 1), (0, 0, 5, 7), (25, 30, 28, 50), (0, 20, 28, 24), (9, 9, 10, 10), (0, 0, 28, 50)],
)
def test_sparse_equals_whole_at_every_border(shipped, box):
    top, left, bottom, right = box
    frame = np.zeros((28, 50), np.uint8)
    frame[top:bottom, left:right] = np.random.default_rng(0).integers(
        10, 90, (bottom - top, right - left)
    )
    assert max(difference(shipped, frame)) <= TOLERANCE
    assert_same_contacts(shipped, frame, TOLERANCE)


def test_a_whole_taxel_shift_keeps_every_bit(shipped):
    patch = np.random.default_rng(1).uniform(5, 90, (7, 9)).astype(np.float32)
    radius = shipped.card.architecture.radius
    positions = contained_positions(patch, 28, 50)[::53]
    canvases, pooled, maps = set(), set(), set()
    for row, column in positions:
        levelled = level(placed(patch, row, column, 28, 50), shipped.card.normalisation)
        (region,) = evaluate(shipped, levelled).regions
        assert region.origin == (row - radius, column - radius)
        canvases.add(region.canvas.tobytes())
        pooled.add(region.sums.tobytes())
        maps.add(
            region.contact_map[row - region.box[0] :, column - region.box[1] :][:7, :9].tobytes()
        )
    assert len(positions) > 15
    assert len(canvases) == len(pooled) == len(maps) == 1


class Recorder:
    """An engine that notes what it was run on; `change` spoils what it sees."""

    name, device = "recorder", "cpu"

    def __init__(self, backend, change=lambda frame: frame):
        self._backend, self._change, self.shapes = backend, change, []

    def run(self, frame):
        self.shapes.append(frame.shape[1:])
        return self._backend.run(self._change(frame))


def evaluated(model, frame, **options):
    """The sizes on which the network was run."""
    recorder = Recorder(model.backend)
    perceive(dataclasses.replace(model, backend=recorder), frame, **options)
    return recorder.shapes


def test_only_the_touched_box_is_evaluated(small_model):
    frame = np.zeros((60, 70))
    assert evaluated(small_model, frame) == []
    frame[20:25, 33:40] = 1
    assert evaluated(small_model, frame) == [(5, 7)]
    frame[0, 69] = 1
    assert sorted(evaluated(small_model, frame)) == [(1, 1), (5, 7)]


def test_the_whole_frame_is_evaluated_where_it_is_asked_for_or_costs_less(small_model):
    frame = np.zeros((60, 70))
    assert evaluated(small_model, frame, whole_frame=True) == [(60, 70)]
    without_head = dataclasses.replace(small_model, contact_head=None)
    assert evaluated(without_head, frame) == [(60, 70)]
    speckle = np.random.default_rng(0).random((60, 70)) < 0.02
    assert evaluated(small_model, speckle) == [(60, 70)]
    assert evaluated(small_model, np.ones((60, 70))) == [(60, 70)]


def test_a_network_that_depends_on_the_place_is_told_apart(small_model):
    """Without a contact head its faults show; with one, sparse and whole differ."""
    ramp = Recorder(small_model.backend, lambda x: x * (1 + np.arange(x.shape[2], dtype="f4") / 99))
    broken = dataclasses.replace(small_model, backend=ramp)
    frame = placed(np.ones((5, 7), np.float32), 20, 33, 60, 70)
    assert max(difference(broken, frame)) > 1e-2
    assert max(difference(dataclasses.replace(broken, contact_head=None), frame)) == 0.0


def test_a_far_touch_does_not_change_the_texture_of_a_contact(touch_model):
    patch = np.random.default_rng(2).uniform(0.5, 2, (5, 7)).astype(np.float32)
    alone = placed(patch, 20, 33, 60, 70)
    (true,) = perceive(touch_model, alone).contacts
    for far in ((2, 2, 3, 3), (50, 60, 52, 63)):
        both = alone.copy()
        both[far[0] : far[2], far[1] : far[3]] = 1.0
        seen = perceive(touch_model, both).contacts
        same = next(contact for contact in seen if contact.box == true.box)
        np.testing.assert_array_equal(same.texture.scores, true.texture.scores)


def test_the_texture_of_the_frame_counts_touches_that_are_no_contact(touch_model):
    frame = placed(np.ones((5, 7), np.float32), 20, 33, 60, 70)
    frame[2, 2] = 40
    percept = perceive(touch_model, frame)
    assert len(percept.contacts) == 1
    scores = touch_model.classifier.scores(percept.pooled)
    np.testing.assert_array_equal(percept.texture.scores, scores)
    assert (percept.contacts[0].texture.scores != scores).any()


@pytest.mark.parametrize("whole_frame", [False, True])
def test_contacts_of_equal_load_come_by_box(touch_model, whole_frame):
    frame = np.zeros((20, 60), np.float32)
    for row, column in ((5, 2), (3, 30), (4, 50)):
        frame[row : row + 3, column : column + 3] = 1
    contacts = perceive(touch_model, frame, whole_frame=whole_frame).contacts
    assert [contact.box[:2] for contact in contacts] == [(3, 30), (4, 50), (5, 2)]


masks = st.builds(
    lambda rows, columns, share, seed: np.random.default_rng(seed).random((rows, columns)) < share,
    st.integers(1, 60),
    st.integers(1, 60),
    st.sampled_from([0.0, 0.001, 0.004, 0.02, 0.5]),
    st.integers(0, 10**6),
)


@given(mask=masks, radius=st.integers(1, 6))
def test_boxes_hold_every_touched_taxel_once_and_lie_apart(mask, radius):
    boxes = touched_boxes(mask, radius)
    held = np.zeros(mask.shape, int)
    for top, left, bottom, right in boxes:
        held[top:bottom, left:right] += 1
        inside = mask[top:bottom, left:right]
        assert inside[0].any() and inside[-1].any() and inside[:, 0].any() and inside[:, -1].any()
    assert (held[mask] == 1).all() and held.max(initial=0) <= 1
    for number, one in enumerate(boxes):
        for other in boxes[:number]:
            gaps = [max(one[a] - other[a + 2], other[a] - one[a + 2]) for a in (0, 1)]
            assert max(gaps) >= 2 * radius + 1
    rows, columns = np.flatnonzero(mask.any(axis=1)), np.flatnonzero(mask.any(axis=0))
    if len(rows):
        one = (rows[0], columns[0], rows[-1] + 1, columns[-1] + 1)
        assert cost(boxes, radius) <= cost([one], radius)


@given(mask=masks, radius=st.integers(1, 6), shift=st.tuples(st.integers(0, 9), st.integers(0, 9)))
def test_boxes_move_with_what_is_touched(mask, radius, shift):
    down, right = shift
    wide = np.zeros((mask.shape[0] + 9, mask.shape[1] + 9), bool)
    wide[down : down + mask.shape[0], right : right + mask.shape[1]] = mask
    moved = [
        (box[0] + down, box[1] + right, box[2] + down, box[3] + right)
        for box in touched_boxes(mask, radius)
    ]
    assert touched_boxes(wide, radius) == moved


@pytest.mark.parametrize("radius", [1, 2, 5])
def test_boxes_part_where_an_untouched_taxel_is_left_between_their_responses(radius):
    for empty, parts in ((2 * radius, 1), (2 * radius + 1, 2)):
        mask = np.zeros((60, 60), bool)
        mask[:20, :20] = mask[20 + empty : 40 + empty, 20 + empty : 40 + empty] = True
        assert len(touched_boxes(mask, radius)) == parts


def test_too_many_touches_are_one_box():
    mask = np.zeros((300, 300), bool)
    mask[:240:60, :240:60] = True
    assert len(touched_boxes(mask, 1)) == MOST_BOXES
    mask[240, 0] = True
    assert touched_boxes(mask, 1) == [(0, 0, 241, 181)]


def test_the_contact_head_agrees_with_the_network(shipped):
    frame = np.random.default_rng(3).uniform(0, 3, (1, 20, 30)).astype(np.float32)
    contact_map, canvas = shipped.backend.run(frame)
    radius = shipped.card.architecture.radius
    on_sensor = canvas[:, radius:-radius, radius:-radius]
    seen = shipped.contact_head.probability(on_sensor)
    assert seen.dtype == np.float32
    np.testing.assert_allclose(seen, contact_map, atol=1e-6)
    assert not shipped.contact_head.probability(np.zeros_like(on_sensor)).any()
