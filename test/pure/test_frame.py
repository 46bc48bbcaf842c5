"""Levelling treats every taxel alike, wherever it lies."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from tactile_equiv.errors import FrameError, ModelError
from tactile_equiv.frame import RESPONSES, Normalisation, level

pytestmark = pytest.mark.filterwarnings("error")

PLAIN = Normalisation(dead_zone=0.0, scale=1.0)

normalisations = st.builds(
    Normalisation,
    dead_zone=st.floats(0, 5),
    scale=st.floats(0.1, 50),
    response=st.sampled_from(RESPONSES),
    signed=st.booleans(),
)
values = st.one_of(st.floats(-100, 100, width=32), st.sampled_from([np.nan, np.inf, -np.inf, 0.0]))
patches = arrays.arrays(
    np.float32, st.tuples(st.integers(1, 5), st.integers(1, 5)), elements=values
)


def placed(patch, row, column, rows=9, columns=10):
    frame = np.zeros((rows, columns), np.float32)
    frame[row : row + patch.shape[0], column : column + patch.shape[1]] = patch
    return frame


@given(normalisation=normalisations, patch=patches)
def test_level_commutes_with_shifts_also_at_the_border(normalisation, patch):
    height, width = patch.shape
    middle = level(placed(patch, 2, 2), normalisation)
    for row in (0, 9 - height):
        for column in (0, 10 - width):
            seen = level(placed(patch, row, column), normalisation)
            true = np.roll(middle.network_input, (row - 2, column - 2), axis=(1, 2))
            np.testing.assert_array_equal(seen.network_input, true)
            moved = np.roll(middle.invalid, (row - 2, column - 2), axis=(0, 1))
            np.testing.assert_array_equal(seen.invalid, moved)


@given(normalisation=normalisations, patch=patches)
def test_untouched_skin_is_exactly_zero(normalisation, patch):
    seen = level(placed(patch, 2, 2), normalisation).network_input[0]
    seen[2 : 2 + patch.shape[0], 2 : 2 + patch.shape[1]] = 0
    assert not seen.any()


@given(normalisation=normalisations, one=patches, other=patches)
def test_one_contact_does_not_change_another(normalisation, one, other):
    """A scale taken from the frame itself would."""
    rows, columns = 16, 16
    alone = level(placed(one, 0, 0, rows, columns), normalisation).network_input
    beside = level(placed(other, 9, 9, rows, columns), normalisation).network_input
    both = placed(one, 0, 0, rows, columns) + placed(other, 9, 9, rows, columns)
    np.testing.assert_array_equal(level(both, normalisation).network_input, alone + beside)


@given(normalisation=normalisations, value=st.floats(-60, 60), step=st.floats(0, 1))
def test_the_dead_zone_is_continuous_and_rises(normalisation, value, step):
    frame = np.array([[value, value + step]], np.float64)
    low, high = level(frame, normalisation).pressure[0, 0].astype(np.float64)
    assert -1e-5 <= high - low <= step + 1e-5


@pytest.mark.parametrize(
    ("signed", "true"), [(False, [0, 0, 0, 0, 0, 1, 4]), (True, [-4, -1, 0, 0, 0, 1, 4])]
)
def test_the_dead_zone_is_a_soft_threshold(signed, true):
    frame = np.array([[-6, -3, -2, 0, 2, 3, 6]])
    seen = level(frame, Normalisation(2.0, 1.0, signed=signed))
    np.testing.assert_array_equal(seen.pressure[0, 0], np.float32(true))


def test_linear_and_logarithmic_responses():
    frame = np.array([[0.0, 3.0, 30.0, -3.0]])
    linear = level(frame, Normalisation(0.0, 3.0, signed=True)).network_input[0, 0]
    logarithmic = level(frame, Normalisation(0.0, 3.0, "logarithmic", True)).network_input[0, 0]
    np.testing.assert_allclose(linear, [0, 1, 10, -1], rtol=1e-6)
    np.testing.assert_allclose(logarithmic, [0, np.log(2), np.log(11), -np.log(2)], rtol=1e-6)


def test_tare_is_taken_away_before_the_dead_zone():
    tare = np.array([[10.0, 20.0, 30.0]], np.float32)
    seen = level(np.array([[11, 25, 30]], np.uint8), Normalisation(2.0, 1.0), tare)
    np.testing.assert_array_equal(seen.pressure[0], [[0, 3, 0]])


def test_a_taxel_that_never_answered_the_tare_is_invalid():
    tare = np.array([[0.0, np.nan, 0.0]], np.float32)
    seen = level(np.full((1, 3), 4.0), PLAIN, tare)
    np.testing.assert_array_equal(seen.invalid, [[False, True, False]])


@pytest.mark.parametrize("wrong", [np.nan, np.inf, -np.inf])
def test_a_taxel_without_a_number_takes_the_mean_of_its_neighbours(wrong):
    frame = np.arange(9.0).reshape(3, 3)
    frame[1, 1] = wrong
    seen = level(frame, PLAIN)
    assert seen.invalid.sum() == 1 and seen.invalid[1, 1]
    assert seen.pressure[0, 1, 1] == pytest.approx(4.0)
    assert np.isfinite(seen.network_input).all()


def test_invalid_neighbours_do_not_count():
    frame = np.full((3, 5), np.nan)
    frame[:, 0] = 6
    seen = level(frame, PLAIN).pressure[0]
    assert seen[1, 1] == pytest.approx(6.0)
    assert seen[1, 3] == 0.0


def test_a_sensor_at_its_limits_overflows_to_invalid_not_to_a_warning():
    frame = np.array([[1e300, 1.0, -1e300, np.inf, 3e38, -3e38]])
    tare = np.array([[0, 0, 0, np.inf, -3e38, 3e38]])
    seen = level(frame, PLAIN, tare)
    np.testing.assert_array_equal(seen.invalid, [[True, False, True, True, True, True]])


NUMBERS = ["?", "i1", "i2", "i4", "i8", "u1", "u2", "u4", "u8", "f2", "f4", "f8", ">u2", ">f4", "g"]


@pytest.mark.parametrize("kind", NUMBERS)
def test_every_kind_of_number_is_read(kind):
    seen = level(np.array([[0, 1], [1, 0]]).astype(kind), PLAIN)
    assert seen.pressure.dtype == seen.network_input.dtype == np.float32
    np.testing.assert_array_equal(seen.pressure[0], [[0, 1], [1, 0]])


def test_channels_come_first_and_views_are_read():
    frame = np.arange(24.0).reshape(2, 4, 3)
    seen = level(frame[::-1, ::-1], PLAIN)
    assert seen.pressure.shape == (3, 2, 4)
    np.testing.assert_array_equal(seen.pressure[1], frame[::-1, ::-1, 1])


@given(normalisation=normalisations, channels=st.integers(1, 3), seed=st.integers(0, 99))
def test_magnitude_and_the_input_of_a_box_come_from_the_pressure(normalisation, channels, seed):
    frame = np.random.default_rng(seed).uniform(-50, 50, (7, 9, channels)).astype(np.float32)
    seen = level(frame, normalisation)
    np.testing.assert_array_equal(seen.magnitude, np.abs(seen.pressure).sum(axis=0))
    inside = seen.network_input_of((2, 3, 6, 8))
    assert inside.flags.c_contiguous
    np.testing.assert_array_equal(inside, seen.network_input[:, 2:6, 3:8])


def test_a_taxel_is_invalid_when_one_channel_is():
    frame = np.ones((2, 2, 3))
    frame[0, 1, 2] = np.nan
    seen = level(frame, PLAIN)
    np.testing.assert_array_equal(seen.invalid, [[False, True], [False, False]])


@pytest.mark.parametrize("shape", [(5, 7), (5, 7, 1), (5, 7, 3)])
@pytest.mark.parametrize("kind", ["f4", "u1", "f8", ">f4"])
@pytest.mark.parametrize("signed", [False, True])
@pytest.mark.parametrize("rest", [None, 1.5])
def test_the_frame_and_the_tare_stay_as_they_were(shape, kind, signed, rest):
    frame = np.random.default_rng(0).integers(0, 9, shape).astype(kind)
    tare = None if rest is None else np.full(shape, rest, np.float32)
    for dead in (False, kind != "u1"):
        if dead:
            frame[2, 3] = np.nan
        before = frame.copy()
        seen = level(frame, Normalisation(0.5, 2.0, signed=signed), tare)
        np.testing.assert_array_equal(frame, before)
        assert not np.may_share_memory(seen.pressure, frame)
        assert tare is None or (tare == rest).all()


@pytest.mark.parametrize(
    ("frame", "reason"),
    [
        (np.ones((2, 2), complex), "type"),
        (np.array([["a", "b"]]), "type"),
        (np.array([[None, 1]], object), "type"),
        (np.array([["2020-01-01"]], "M8[D]"), "type"),
        (np.ones(4), "shape"),
        (np.float64(3), "shape"),
        (np.ones((2, 2, 1, 1)), "shape"),
        (np.ones((0, 4)), "shape"),
        (np.ones((4, 4, 0)), "shape"),
        (np.full((2, 2), np.nan), "invalid"),
        (np.full((2, 2), np.inf), "invalid"),
    ],
)
def test_what_is_no_frame_is_refused_with_the_reason(frame, reason):
    with pytest.raises(FrameError) as caught:
        level(frame, PLAIN)
    assert caught.value.reason == reason
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("shape", [(3, 2), (2, 3, 1), (2, 3, 3), (1, 1)])
def test_a_tare_of_another_size_is_refused(shape):
    frame = np.ones((2, 3))
    if shape == (2, 3, 1):
        level(frame, PLAIN, np.zeros(shape, np.float32))
        return
    with pytest.raises(FrameError, match="tare again") as caught:
        level(frame, PLAIN, np.zeros(shape, np.float32))
    assert caught.value.reason == "size"


@pytest.mark.parametrize(
    ("values", "told"),
    [
        ({"dead_zone": -1.0}, "dead_zone"),
        ({"dead_zone": float("nan")}, "dead_zone"),
        ({"dead_zone": "3"}, "dead_zone"),
        ({"dead_zone": None}, "dead_zone"),
        ({"dead_zone": 10**400}, "dead_zone"),
        ({"scale": 0}, "scale"),
        ({"scale": float("inf")}, "scale"),
        ({"scale": 1e-60}, "scale"),
        ({"scale": [1.0]}, "scale"),
        ({"response": "cubic"}, "linear"),
        ({"response": ["linear"]}, "linear"),
        ({"signed": "no"}, "signed"),
        ({"gain": 1}, "dead_zone"),
    ],
)
def test_a_wrong_normalisation_is_refused(values, told):
    with pytest.raises(ModelError, match=told):
        Normalisation.from_json({**PLAIN.to_json(), **values})


@pytest.mark.parametrize("values", [None, [1, 2], 3, "linear", {}])
def test_what_is_no_normalisation_is_refused(values):
    with pytest.raises(ModelError, match="its keys are"):
        Normalisation.from_json(values)


@given(normalisation=normalisations)
def test_a_normalisation_survives_json(normalisation):
    assert Normalisation.from_json(normalisation.to_json()) == normalisation
