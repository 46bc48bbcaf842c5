"""Contact mechanics against known solutions and laws."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tactile_equiv_sim.mechanics import Cover, cell_size, centres, indent, solve
from tactile_equiv_sim.surface import FAMILIES, Ball, Flat, Ridges

from tactile_equiv.errors import SettingsError

LAW = settings(deadline=None, derandomize=True, max_examples=15)


def test_a_ball_on_a_thick_cover_is_hertzian():
    modulus, poisson, radius, load = 1.0, 0.4, 20.0, 0.15
    cover = Cover(thickness_mm=8.0, modulus_mpa=modulus, poisson=poisson)
    pressed = solve(Ball(radius_mm=radius, width_mm=6.0, rim_mm=0.1), cover, 0.18, load)
    effective = modulus / (1 - poisson**2)
    touched = (3 * load * radius / (4 * effective)) ** (1 / 3)
    largest = 3 * load / (2 * np.pi * touched**2)
    area = pressed.touching.sum() * pressed.cell_mm**2
    assert pressed.pressure.max() == pytest.approx(largest, rel=0.01)
    assert np.sqrt(area / np.pi) == pytest.approx(touched, rel=0.04)


def test_the_stress_below_a_point_is_boussinesqs():
    cover = Cover(thickness_mm=2.0)
    pressed = solve(Flat(width_mm=0.5, rim_mm=0.01), cover, 0.1, 1.0)
    n = len(pressed.stress)
    x = centres(n, pressed.cell_mm)
    near = np.abs(x) < 3
    wanted = 3 * 2.0**3 / (2 * np.pi * (x**2 + 2.0**2) ** 2.5)
    row = pressed.stress[n // 2]
    np.testing.assert_allclose(row[near], wanted[near], atol=0.02 * wanted.max())


@LAW
@given(
    family=st.sampled_from(sorted(set(FAMILIES) - {"height_map"})),
    load=st.floats(0.01, 50),
    thickness=st.floats(0.5, 3),
    poisson=st.floats(0.0, 0.5),
)
def test_loads_are_kept_and_nothing_pulls(family, load, thickness, poisson):
    surface, cover = FAMILIES[family](), Cover(thickness_mm=thickness, poisson=poisson)
    cell = cell_size(surface, cover, 0.5)
    pressed = indent(surface, cover, cell, load)
    for field in (pressed.pressure, pressed.stress):
        assert field.min() >= 0
        assert field.sum() * cell**2 == pytest.approx(load, rel=1e-9)
    assert pressed.displacement.min() >= 0
    assert pressed.touching.min() >= 0 and pressed.touching.max() <= 1
    x, y = centres(len(pressed.stress), cell), centres(len(pressed.stress), cell)
    assert (pressed.pressure[np.hypot(x[None], y[:, None]) > surface.width_mm / 2] == 0).all()


@pytest.mark.parametrize("family", ["ball", "dots", "weave", "rough"])
def test_solutions_satisfy_the_contact_conditions(family):
    surface, cover = FAMILIES[family](), Cover()
    cell = cell_size(surface, cover, 0.4)
    pressed = solve(surface, cover, cell, 5.0)
    n = len(pressed.pressure)
    k = 2 * np.pi * np.hypot(np.fft.fftfreq(n, cell)[:, None], np.fft.rfftfreq(n, cell))
    sunk = np.fft.irfft2(np.fft.rfft2(pressed.pressure) * cover.compliance(k), (n, n))
    along = centres(n, cell)
    distance = sunk - surface.heights(along[None], along[:, None])
    loaded = pressed.pressure > 0.01 * pressed.pressure.max()
    approach = distance[loaded].mean()
    scale = np.ptp(sunk)
    assert distance[loaded].std() < 0.01 * scale
    assert (distance - approach).min() > -0.03 * scale


@pytest.mark.parametrize("poisson", [0.3, 0.5])
def test_fine_texture_fades_as_the_cover_gets_thicker(poisson):
    contrasts = []
    for thickness in (0.3, 0.5, 0.8, 1.2, 1.8, 2.5):
        cover = Cover(thickness_mm=thickness, poisson=poisson)
        surface = Ridges(width_mm=16.0, pitch_mm=2.0, depth_mm=1.0)
        pressed = solve(surface, cover, 0.15, 5.0)
        n = len(pressed.stress)
        inner = np.abs(centres(n, 0.15)) < 4
        profile = pressed.stress[inner, n // 2]
        contrasts.append((profile.max() - profile.min()) / profile.mean())
    assert (np.diff(contrasts) < 0).all()
    assert contrasts[0] > 1.5 and contrasts[-1] < 0.2 * contrasts[0]


def test_interpolation_between_loads_is_close_to_the_solution():
    cover = Cover()
    for family in ("ball", "flat", "dots", "ring"):
        surface = FAMILIES[family]()
        cell = cell_size(surface, cover, 0.5)
        between, exact = indent(surface, cover, cell, 5.8), solve(surface, cover, cell, 5.8)
        error = np.sqrt(((between.stress - exact.stress) ** 2).mean())
        assert error < 0.03 * np.sqrt((exact.stress**2).mean()), family


def test_more_load_is_more_contact_and_a_softer_cover_too():
    surface, areas = Ball(), []
    for load, modulus in ((1.0, 0.5), (4.0, 0.5), (4.0, 0.1)):
        cover = Cover(modulus_mpa=modulus)
        areas.append(solve(surface, cover, 0.2, load).touching.sum())
    assert areas[0] < areas[1] < areas[2]


def test_symmetric_faces_press_in_the_middle():
    for family in ("flat", "ball", "ring", "grid", "dots"):
        x, y = solve(FAMILIES[family](), Cover(), 0.25, 3.0).centroid_mm
        assert abs(x) < 1e-6 and abs(y) < 1e-6


def test_solutions_do_not_depend_on_what_was_solved_before():
    surface, cover = FAMILIES["rough"](), Cover()
    first = solve(surface, cover, 0.25, 4.0)
    solve(surface, cover, 0.25, 9.0)
    np.testing.assert_array_equal(solve(surface, cover, 0.25, 4.0).stress, first.stress)


@pytest.mark.parametrize(
    "values", [{"thickness_mm": 0.0}, {"modulus_mpa": -1.0}, {"poisson": 0.6}, {"poisson": "soft"}]
)
def test_covers_out_of_range_are_refused(values):
    with pytest.raises(SettingsError):
        Cover(**values)


def test_grids_stay_small():
    cover, surface = Cover(thickness_mm=50.0), Flat(width_mm=500.0)
    cell = cell_size(surface, cover, 1e-3)
    assert len(solve(surface, cover, cell, 1.0).stress) <= 410
