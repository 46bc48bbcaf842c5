"""Band-limited contacts and their exact shifts."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tactile_equiv.band_limited import band_limited_contact, fourier_shift


def on_a_plane(contact, size):
    frame = np.zeros((size, size))
    start = (size - len(contact)) // 2
    frame[start : start + len(contact), start : start + len(contact)] = contact
    return frame


@given(rows=st.integers(-6, 6), columns=st.integers(-6, 6), seed=st.integers(0, 9))
def test_a_shift_by_whole_pixels_moves_the_values(rows, columns, seed):
    frame = on_a_plane(band_limited_contact(15, seed), 32)
    moved = np.roll(frame, (rows, columns), axis=(0, 1))
    assert np.abs(fourier_shift(frame, rows, columns) - moved).max() < 1e-12


@given(rows=st.floats(-4, 4), columns=st.floats(-4, 4))
def test_two_shifts_add_up(rows, columns):
    frame = on_a_plane(band_limited_contact(24), 48)
    twice = fourier_shift(fourier_shift(frame, rows, 0.25), 0, columns)
    assert np.abs(twice - fourier_shift(frame, rows, columns + 0.25)).max() < 1e-4


@pytest.mark.parametrize("seed", range(5))
def test_a_contact_is_positive_band_limited_and_fades_at_its_border(seed):
    contact = band_limited_contact(21, seed)
    assert contact.min() >= 0 and contact.max() == 1
    assert max(contact[0].max(), contact[:, 0].max()) < 1e-4
    spectrum = np.abs(np.fft.fft2(on_a_plane(contact, 64)))
    high = np.hypot(np.fft.fftfreq(64)[:, None], np.fft.fftfreq(64)[None]) > 0.45
    assert spectrum[high].max() < 1e-3 * spectrum.max()
