"""Height fields of faces: outline, relief, files."""

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tactile_equiv_sim.surface import FAMILIES, Edge, Grid, HeightMap, Ridges, Ring, Rough, Weave

from tactile_equiv.errors import DataError, SettingsError, TactileError

PLAIN = sorted(set(FAMILIES) - {"height_map"})
LAW = settings(deadline=None, derandomize=True, max_examples=15)


def lattice(half=8.0, step=0.1):
    along = np.arange(-half, half, step) + step / 2
    return along[None, :], along[:, None]


@pytest.mark.parametrize("family", PLAIN)
def test_a_face_ends_at_its_outline(family):
    surface = FAMILIES[family](width_mm=10.0)
    x, y = lattice()
    heights = surface.heights(x, y)
    assert heights.shape == (160, 160) and not np.isnan(heights).any()
    assert (heights[np.hypot(x, y) > 5] == -np.inf).all()
    assert np.isfinite(heights).sum() > 100
    assert 0 < surface.finest_mm <= 5
    assert surface.texture_class == family


@pytest.mark.parametrize("family", PLAIN)
def test_the_same_values_give_the_same_surface_and_hash(family):
    kind = FAMILIES[family]
    assert kind() == kind() and hash(kind()) == hash(kind())
    np.testing.assert_array_equal(kind().heights(*lattice()), kind().heights(*lattice()))
    assert kind(label="brick").texture_class == "brick"


def test_rims_are_round():
    along = np.linspace(-5.99, 5.99, 601)
    heights = FAMILIES["flat"](width_mm=12.0, rim_mm=1.0).heights(along, 0 * along)
    assert (heights[np.abs(along) < 5] == 0).all()
    assert heights[0] == pytest.approx(-(1 - np.sqrt(1 - 0.99**2)), rel=1e-6)
    assert (np.diff(heights[along > 5]) < 0).all()


@LAW
@given(x=st.floats(-4, 4), y=st.floats(-4, 4), pitch=st.floats(0.5, 3.0))
def test_regular_textures_repeat(x, y, pitch):
    place = np.array([x]), np.array([y])
    for kind, periods in (
        (Ridges, [(0.3, pitch)]),
        (Grid, [(pitch, 0), (0, pitch)]),
        (FAMILIES["dots"], [(pitch, 0), (0, pitch)]),
        (Weave, [(pitch, pitch), (2 * pitch, 0), (0, 2 * pitch)]),
    ):
        surface = kind(width_mm=100.0, pitch_mm=pitch)
        here = surface.relief(*place)
        for right, down in periods:
            there = surface.relief(place[0] + right, place[1] + down)
            np.testing.assert_allclose(there, here, atol=1e-5)
        assert -surface.depth_mm * 1.51 <= here[0] <= 1e-12


def test_weave_goes_over_and_under():
    weave = Weave(pitch_mm=2.0, depth_mm=1.0)
    x, y = np.array([0.0, 2.0]), np.zeros(2)
    along_x, along_y = weave.relief(x, y + 0.5), weave.relief(x + 0.5, y)
    assert (along_x[0] - along_y[0]) * (along_x[1] - along_y[1]) < 0


def test_rough_is_seeded_and_as_rough_as_asked():
    x, y = lattice(12, 0.2)
    one, same, other = (
        Rough(width_mm=500.0, rms_mm=0.3, seed=seed).relief(x, y) for seed in (1, 1, 2)
    )
    np.testing.assert_array_equal(one, same)
    assert not np.allclose(one, other)
    assert one.std() == pytest.approx(0.3, rel=0.05)


def test_a_small_hurst_exponent_is_more_jagged():
    x, y = lattice(12, 0.1)
    jagged, smooth = (Rough(hurst=h).relief(x, y) for h in (0.1, 0.9))
    assert np.abs(np.diff(jagged)).mean() > 1.2 * np.abs(np.diff(smooth)).mean()


def test_edge_and_ring_are_where_they_should_be():
    x, y = lattice()
    edge = Edge(width_mm=10.0, step_mm=0.5, rim_mm=0.2).heights(x, y)
    assert edge[100, 80] == 0 and edge[60, 80] == -0.5
    ring = Ring(width_mm=10.0, inner_mm=6.0).heights(x, y)
    assert ring[80, 80] == -np.inf and np.isfinite(ring[80, 80 + 40])


def test_height_maps_from_an_array_and_from_a_picture(tmp_path):
    heights = np.linspace(0, 1, 21)[None, :] * np.ones((11, 1))
    np.save(tmp_path / "ramp.npy", heights)
    surface = HeightMap(file=str(tmp_path / "ramp.npy"), mm_per_cell=0.2)
    assert surface.relief(np.array([0.0]), np.array([0.0]))[0] == pytest.approx(0.5)
    assert surface.relief(np.array([0.1]), np.array([0.0]))[0] == pytest.approx(0.525)
    assert surface.relief(np.array([9.0]), np.array([-9.0]))[0] == pytest.approx(1.0)
    cv2.imwrite(str(tmp_path / "ramp.png"), (heights * 250).astype(np.uint8))
    picture = HeightMap(file=str(tmp_path / "ramp.png"), mm_per_cell=0.2, height_mm=3.0)
    spread = np.ptp(picture.relief(np.linspace(-2, 2, 21), np.zeros(21)))
    assert spread == pytest.approx(3.0)


@pytest.mark.parametrize(
    "content",
    [
        np.zeros((0, 3)),
        np.zeros(4),
        np.full((3, 3), np.nan),
        np.array([["a"]]),
        np.zeros((2, 5000)),
    ],
)
def test_height_maps_that_are_none_are_refused(tmp_path, content):
    np.save(tmp_path / "bad.npy", content)
    with pytest.raises(DataError):
        HeightMap(file=str(tmp_path / "bad.npy"))


def test_height_maps_that_cannot_be_read_are_refused(tmp_path):
    (tmp_path / "text.png").write_text("no picture")
    (tmp_path / "empty.png").write_text("")
    for name in ("text.png", "empty.png", "missing.npy", "missing.png"):
        with pytest.raises(DataError, match=name):
            HeightMap(file=str(tmp_path / name))


@pytest.mark.parametrize(
    ("family", "values"),
    [
        ("flat", {"width_mm": 0}),
        ("flat", {"width_mm": float("nan")}),
        ("flat", {"rim_mm": -1.0}),
        ("flat", {"width_mm": "wide"}),
        ("flat", {"label": 3}),
        ("flat", {"width_mm": True}),
        ("ridges", {"pitch_mm": 0.0}),
        ("dots", {"depth_mm": -0.1}),
        ("rough", {"longest_mm": 1.0, "shortest_mm": 2.0}),
        ("rough", {"seed": 1.5}),
        ("ring", {"width_mm": 5.0, "inner_mm": 5.0}),
    ],
)
def test_values_out_of_range_are_refused(family, values):
    with pytest.raises(SettingsError) as caught:
        FAMILIES[family](**values)
    assert isinstance(caught.value, TactileError) and "\n" not in str(caught.value)
