import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tactile_equiv.errors import ModelError
from tactile_equiv.spectrogram import Spectrum, at_positions, short_time_spectrum

SPECTRA = st.sampled_from(
    [Spectrum(16, 8), Spectrum(12, 4), Spectrum(8, 8), Spectrum(16, 8, octave=2, reach=3)]
)


def rubbed(seed, frames=20, rows=3, columns=4):
    return np.random.default_rng(seed).random((frames, rows, columns), np.float32) * 50


def inside(patch, frame, row, column, shape=(80, 9, 11)):
    recording = np.zeros(shape, np.float32)
    frames, rows, columns = patch.shape
    recording[frame : frame + frames, row : row + rows, column : column + columns] = patch
    return recording


@settings(max_examples=25, deadline=None)
@given(
    spectrum=SPECTRA,
    seed=st.integers(0, 99),
    row=st.integers(0, 6),
    column=st.integers(0, 7),
    hops=st.integers(0, 3),
)
def test_a_recording_moved_over_the_skin_and_by_hops_has_the_same_bits(
    spectrum, seed, row, column, hops
):
    patch = rubbed(seed)
    here = short_time_spectrum(inside(patch, 5, 2, 3), spectrum)
    there = short_time_spectrum(inside(patch, 5 + hops * spectrum.hop, row, column), spectrum)
    came_from = np.roll(here, (hops, row - 2, column - 3), axis=(0, 2, 3))
    assert there.tobytes() == came_from.tobytes()


@settings(max_examples=25, deadline=None)
@given(spectrum=SPECTRA, seed=st.integers(0, 99))
def test_untouched_taxels_and_quiet_windows_are_exactly_zero(spectrum, seed):
    recording = inside(rubbed(seed), 30, 2, 3)
    bins = short_time_spectrum(recording, spectrum)
    assert not bins[:, :, :2].any() and not bins[..., :3].any()
    first = np.arange(len(bins)) * spectrum.hop - (spectrum.window - spectrum.hop)
    quiet = (first + spectrum.window <= 30) | (first >= 50)
    assert quiet.any() and not bins[quiet].any() and bins[~quiet].any(axis=(1, 2, 3)).all()


@pytest.mark.parametrize("spectrum", [Spectrum(16, 8, emphasis=3), Spectrum(32, 16, 2, 3, 3)])
def test_steady_pressure_is_in_the_first_bin_alone(spectrum):
    bins = short_time_spectrum(np.full((160, 1, 1), 50, np.float32), spectrum)[3:-3]
    assert bins[:, 0] == pytest.approx(50, rel=1e-6)
    assert bins[:, 1:] == pytest.approx(0, abs=1e-12)


@pytest.mark.parametrize("spectrum", [Spectrum(32, 16, emphasis=1), Spectrum(32, 16, 2, 3, 1)])
def test_a_tone_answers_with_its_height_in_its_bin(spectrum):
    for place, frequency in enumerate(spectrum.frequencies):
        tone = 50 + 10 * np.sin(2 * np.pi * frequency * np.arange(200) + 0.3)
        seen = short_time_spectrum(tone[:, None, None].astype(np.float32), spectrum)[6, 1:, 0, 0]
        assert seen.argmax() == place
        assert seen[place] == pytest.approx(10, rel=0.02)  # a cycle a window: the mean takes part


def test_a_faster_stroke_moves_along_a_logarithmic_axis_and_keeps_its_shape():
    spectrum = Spectrum(64, 32, octave=2, emphasis=1)
    shapes = []
    for place in (2, 3, 4):
        frequency = spectrum.frequencies[place]
        tone = np.sin(2 * np.pi * frequency * np.arange(400)).astype(np.float32)[:, None, None]
        seen = short_time_spectrum(tone, spectrum)[6, 1:, 0, 0]
        shapes.append(seen[place - 2 : place + 3])
    assert np.ptp(shapes, axis=0).max() < 0.02


def test_emphasis_is_a_gain_of_vibration():
    recording = rubbed(1)
    plain, strong = (short_time_spectrum(recording, Spectrum(8, 4, emphasis=e)) for e in (1.0, 4.0))
    np.testing.assert_array_equal(plain[:, 0], strong[:, 0])
    np.testing.assert_allclose(4 * plain[:, 1:], strong[:, 1:], rtol=1e-6)


def test_positions_see_neighbouring_bins_and_the_steady_pressure():
    spectrum = Spectrum(16, 8, reach=3)
    bins = short_time_spectrum(rubbed(2), spectrum)  # (K, 8, H, W)
    seen = at_positions(bins, spectrum)
    assert seen.shape == (len(bins), spectrum.positions, spectrum.channels, 3, 4)
    np.testing.assert_array_equal(seen[:, 4, 1:], bins[:, 3:6])
    assert (seen[:, :, 0] == bins[:, None, 0]).all()
    assert not seen[:, 0, 1:3].any() and not seen[:, -1, 2:].any()


def test_bins_moved_in_pitch_are_seen_at_other_positions():
    spectrum = Spectrum(32, 16, octave=2, reach=2)
    bins = np.zeros((1, 7, 1, 1), np.float32)
    bins[0, 1:4, 0, 0] = 1, 2, 3
    moved = np.roll(bins, 2, axis=1)
    np.testing.assert_array_equal(
        np.roll(at_positions(bins, spectrum), 2, axis=1), at_positions(moved, spectrum)
    )


@pytest.mark.parametrize(
    "values",
    [
        {"window": 4, "hop": 2},
        {"window": 16, "hop": 6},
        {"hop": 0},
        {"window": 16.0},
        {"octave": -1},
        {"octave": 25},
        {"reach": 99},
        {"emphasis": 0.0},
        {"emphasis": float("nan")},
        {"emphasis": "loud"},
    ],
)
def test_sizes_out_of_range_are_refused(values):
    with pytest.raises(ModelError):
        Spectrum(**values)


def test_json_there_and_back():
    spectrum = Spectrum(24, 8, 3, 2, 5.0)
    assert Spectrum.from_json(spectrum.to_json()) == spectrum
    with pytest.raises(ModelError, match="its keys are"):
        Spectrum.from_json({"windows": 3})
