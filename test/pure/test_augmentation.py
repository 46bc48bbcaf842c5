"""Presses are varied together with their masks, and not at all where nothing is asked."""

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from tactile_equiv.augmentation import (
    SPECKLE_AREA,
    Augmentation,
    add_speckle,
    augment,
    simulated_presses,
    threshold_masks,
)
from tactile_equiv.press import Press, pressure

NOTHING = Augmentation(rotate=False, mirror=False, shift=0, sharp=0, gain=0, taxel_gain=0, noise=0)


def generator(seed=0):
    return torch.Generator().manual_seed(seed)


def centred(shape="ball", rows=21, columns=25, **how):
    frame = pressure(Press(shape, (rows - 1) / 2, (columns - 1) / 2, **how), rows, columns)
    frames = torch.from_numpy(frame)[None, None]
    return frames, (frames > 0.1).float()


def varied(frames, masks, seed=0, **settings):
    return augment(frames, masks, Augmentation(**{**vars(NOTHING), **settings}), generator(seed))


def centroid(frame):
    total = frame.sum()
    rows, columns = (torch.arange(n, dtype=torch.float32) for n in frame.shape)
    return float(frame.sum(1) @ rows / total), float(frame.sum(0) @ columns / total)


@pytest.mark.parametrize("shape", ["ball", "bar", "ridges"])
def test_without_variation_a_centred_press_stays_as_it_was(shape):
    frames, masks = centred(shape, angle=0.0)
    seen, seen_masks = augment(frames, masks, NOTHING, generator())
    torch.testing.assert_close(seen, frames, atol=1e-4, rtol=1e-4)
    assert torch.equal(seen_masks, masks)


def test_a_press_is_moved_to_the_middle_of_the_frame():
    frames = torch.from_numpy(pressure(Press("ball", 6, 8, size=3.0), 21, 25))[None, None]
    seen, _ = augment(frames, (frames > 0.1).float(), NOTHING, generator())
    assert centroid(seen[0, 0]) == pytest.approx((10, 12), abs=0.02)
    assert float(seen.sum()) == pytest.approx(float(frames.sum()), rel=0.01)


@given(seed=st.integers(0, 50))
def test_rotation_and_mirror_keep_a_ball(seed):
    frames, masks = centred("ball", size=6.0)
    seen, _ = varied(frames, masks, seed, rotate=True, mirror=True)
    assert float((seen - frames).abs().max()) < 0.1 * float(frames.max())
    assert float(seen.sum()) == pytest.approx(float(frames.sum()), rel=0.02)


def test_rotation_reaches_every_angle():
    frames, masks = centred("bar", size=7.0)
    frames = frames.expand(400, -1, -1, -1)
    seen, _ = varied(frames, masks.expand(400, -1, -1, -1), rotate=True)
    y, x = torch.meshgrid(torch.arange(21) - 10.0, torch.arange(25) - 12.0, indexing="ij")
    moments = [(seen[:, 0] * m).sum(dim=(1, 2)) for m in (x * x - y * y, 2 * x * y)]
    angles = torch.atan2(moments[1], moments[0]) / 2
    counts, _ = np.histogram(angles.numpy(), bins=8, range=(-np.pi / 2, np.pi / 2))
    assert counts.min() > 25


def test_mirror_flips_about_half_of_the_presses_and_nothing_else():
    frames, masks = centred("bar", angle=0.5, size=7.0)
    seen, _ = varied(frames.expand(100, -1, -1, -1), masks.expand(100, -1, -1, -1), mirror=True)
    same = (seen - frames).abs().amax(dim=(1, 2, 3)) < 0.05
    flipped = (seen - frames.flip(3)).abs().amax(dim=(1, 2, 3)) < 0.05
    assert (same | flipped).all()
    assert 30 < int(flipped.sum()) < 70


@given(seed=st.integers(0, 50))
def test_the_mask_goes_where_the_press_goes(seed):
    frames, masks = centred("block", size=6.0)
    seen, seen_masks = varied(frames, masks, seed, rotate=True, mirror=True, shift=0.2)
    assert set(seen_masks.unique().tolist()) <= {0.0, 1.0}
    disagree = ((seen > 0.1).float() != seen_masks).float().sum()
    assert disagree <= 0.3 * masks.sum()


@given(seed=st.integers(0, 50))
def test_shift_moves_the_centroid_within_its_limit(seed):
    frames, masks = centred("ball", size=3.0)
    seen, _ = varied(frames, masks, seed, shift=0.2)
    row, column = centroid(seen[0, 0])
    assert abs(row - 10) <= 0.2 * 21 + 0.1
    assert abs(column - 12) <= 0.2 * 25 + 0.1


@given(seed=st.integers(0, 50))
def test_a_sharp_press_keeps_the_values_of_its_taxels(seed):
    frames, masks = torch.zeros(1, 1, 21, 25), torch.zeros(1, 1, 21, 25)
    frames[0, 0, 3:8, 4:11] = torch.rand(5, 7, generator=generator(seed)) + 1
    masks[frames > 0] = 1.0
    seen, seen_masks = varied(frames, masks, seed, sharp=1.0, rotate=True, mirror=True, shift=0.2)
    torch.testing.assert_close(seen[seen > 0.5].sort().values, frames[frames > 0].sort().values)
    assert torch.equal(seen_masks, (seen > 0.5).float())
    kept = seen[0, 0][seen[0, 0].amax(dim=1) > 0.5]
    kept = kept[:, kept.amax(dim=0) > 0.5]
    press = frames[0, 0, 3:8, 4:11]
    turned = [torch.rot90(p, k) for p in (press, press.flip(1)) for k in range(4)]
    assert any(p.shape == kept.shape and torch.allclose(p, kept, atol=1e-4) for p in turned)


def test_a_share_of_the_presses_stays_sharp():
    frames, masks = centred("bar", size=7.0, angle=0.0)
    seen, _ = varied(
        frames.expand(200, -1, -1, -1), masks.expand(200, -1, -1, -1), sharp=0.25, rotate=True
    )
    original = frames.flatten().sort().values
    apart = (seen.flatten(1).sort(dim=1).values - original).abs().amax(dim=1)
    assert 25 < int((apart < 1e-3).sum()) < 80


@given(seed=st.integers(0, 50))
def test_one_more_border_takes_less_than_half_of_the_frame_and_changes_nothing_else(seed):
    frames, masks = centred("block", size=9.0)
    seen, seen_masks = varied(frames, masks, seed, cut=1.0)
    whole, _ = varied(frames, masks, seed)
    gone = (seen == 0) & (whole > 0.1)
    assert torch.equal(seen[~gone & (whole > 0.1)], whole[~gone & (whole > 0.1)])
    assert not seen_masks[seen == 0].any()
    assert gone.sum() <= 0.55 * (whole > 0.1).sum()


def test_one_more_border_cuts_a_share_of_the_presses_on_every_side():
    frames, masks = torch.ones(400, 1, 21, 21), torch.ones(400, 1, 21, 21)
    settings = {**vars(NOTHING), "cut": 0.5}
    seen, _ = augment(frames, masks, Augmentation(**settings), generator())
    sides = torch.stack(
        [seen[:, 0, 0, 10], seen[:, 0, -1, 10], seen[:, 0, 10, 0], seen[:, 0, 10, -1]]
    )
    gone = sides == 0  # (4, N)
    assert gone.sum(dim=0).max() == 1
    assert (gone.sum(dim=1) > 25).all()
    assert 140 < int(gone.sum()) < 260


def test_levers_that_are_off_draw_nothing():
    frames, masks = centred("ball")
    random, again = generator(), generator()
    augment(frames, masks, NOTHING, random)
    torch.rand(1, generator=again), torch.rand(1, generator=again)  # angle, mirror
    torch.rand(1, 2, generator=again)  # shift
    for shape in ((1, 1, 1, 1), frames.shape, frames.shape):  # load, taxel gain, noise
        torch.randn(shape, generator=again)
    assert torch.equal(random.get_state(), again.get_state())


def test_gain_scales_the_whole_press_and_taxel_gain_each_taxel():
    frames, masks = centred("block")
    seen, _ = varied(frames, masks, gain=0.3)
    ratio = (seen / frames)[frames > 0.1]
    assert ratio.std() < 1e-3 and abs(float(ratio.mean()) - 1) > 0.01
    seen, _ = varied(frames, masks, taxel_gain=0.05)
    ratio = (seen / frames)[frames > 0.1]
    assert 0.03 < float(ratio.std()) < 0.07


def test_noise_is_in_dead_zones():
    frames, masks = torch.zeros(4, 1, 30, 30), torch.zeros(4, 1, 30, 30)
    settings = Augmentation(**{**vars(NOTHING), "noise": 0.5})
    seen, _ = augment(frames, masks, settings, generator(), dead_zone=6.0)
    assert float(seen.std()) == pytest.approx(3.0, rel=0.1)


def test_the_same_seed_gives_the_same_variation():
    frames, masks = centred()
    one = augment(frames, masks, Augmentation(), generator(3))
    other = augment(frames, masks, Augmentation(), generator(3))
    assert all(torch.equal(a, b) for a, b in zip(one, other, strict=True))
    third = augment(frames, masks, Augmentation(), generator(4))
    assert not torch.equal(one[0], third[0])


def test_an_empty_frame_stays_finite():
    empty = torch.zeros(2, 1, 7, 9)
    seen, masks = augment(empty, empty, Augmentation(noise=0), generator())
    assert not seen.any() and not masks.any()


def test_threshold_masks_drop_speckle():
    frames = np.zeros((1, 2, 6, 8), np.float32)
    frames[0, 0, 1, 1 : 1 + SPECKLE_AREA] = -9
    frames[0, 1, 4, 4 : 4 + SPECKLE_AREA - 1] = 9
    frames[0, 1, 0, 7] = 2
    masks = threshold_masks(frames, 5.0)
    assert masks.shape == (1, 1, 6, 8)
    assert masks.sum() == SPECKLE_AREA and masks[0, 0, 1, 1] == 1


def test_simulated_presses_have_true_masks():
    frames, masks = simulated_presses(8, 15, 18, threshold=6.0, strongest=200.0, seed=2)
    assert frames.shape == masks.shape == (8, 1, 15, 18)
    assert torch.equal(masks, (frames > 6.0).float())
    peaks = frames.amax(dim=(1, 2, 3))
    assert peaks.min() >= 23.9 and peaks.max() <= 200.1
    again, _ = simulated_presses(8, 15, 18, threshold=6.0, strongest=200.0, seed=2)
    assert torch.equal(frames, again)


def test_speckle_touches_a_tenth_of_the_taxels_with_its_mean():
    empty = torch.zeros(10, 1, 50, 50)
    speckled = add_speckle(empty, 4.0, generator())
    assert float((speckled > 0).float().mean()) == pytest.approx(0.1, abs=0.01)
    assert float(speckled[speckled > 0].mean()) == pytest.approx(4.0, rel=0.1)
    assert speckled.min() >= 0
