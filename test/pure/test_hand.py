"""A hand: each patch as if alone, one texture whatever the order, the same on tip and palm."""

import dataclasses
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tactile_equiv.contacts import Texture
from tactile_equiv.hand import PatchFrame, fused_texture, perceive_hand
from tactile_equiv.hand_description import read_hand
from tactile_equiv.model import load_model
from tactile_equiv.model_directory import find_model
from tactile_equiv.percept import perceive
from tactile_equiv.settings import Settings

STREAMS = Path(__file__).resolve().parents[3] / "shared/data/sdh2_grasps/streams"
NAMES = ("felt", "glass", "brick")


def press(rows, columns, top=2, left=1, seed=0):
    frame = np.zeros((rows, columns), np.float32)
    frame[top : top + 4, left : left + 4] = np.random.default_rng(seed).uniform(1, 3, (4, 4))
    return frame


def hand_frames():
    return {
        "thumb": PatchFrame(press(13, 6)),
        "index": PatchFrame(press(13, 6, 8, 2, seed=1)),
        "palm": PatchFrame(press(16, 16, 9, 7)),
        "back": PatchFrame(np.zeros((5, 9), np.float32)),
    }


def scores_of(percept):
    return percept.texture.scores


def test_each_patch_is_perceived_as_if_alone(small_model):
    frames = hand_frames()
    found = perceive_hand(small_model, frames)
    assert list(found.patches) == list(frames)
    for name, one in frames.items():
        alone, together = perceive(small_model, one.frame), found.patches[name]
        np.testing.assert_allclose(together.pooled, alone.pooled, rtol=1e-6)
        np.testing.assert_allclose(together.contact_map, alone.contact_map, atol=1e-6)
        assert [contact.box for contact in together.contacts] == [c.box for c in alone.contacts]


def test_the_same_press_on_tip_and_palm_has_the_same_bits(small_model):
    found = perceive_hand(small_model, hand_frames()).patches
    np.testing.assert_array_equal(found["thumb"].pooled, found["palm"].pooled)
    np.testing.assert_array_equal(scores_of(found["thumb"]), scores_of(found["palm"]))


def test_a_finger_that_closes_to_a_ring_beside_a_flat_palm(small_model):
    round_a_finger = np.roll(press(12, 8), 5, axis=1)
    frames = {
        "finger": PatchFrame(round_a_finger, topology="cylinder_cols"),
        "palm": PatchFrame(press(16, 16)),
    }
    found = perceive_hand(small_model, frames).patches
    alone = perceive(small_model, round_a_finger, topology="cylinder_cols")
    np.testing.assert_allclose(found["finger"].pooled, alone.pooled, rtol=1e-6)
    np.testing.assert_allclose(found["finger"].contact_map, alone.contact_map, atol=1e-6)
    assert [one.box for one in found["finger"].contacts] == [one.box for one in alone.contacts]


def test_a_bad_frame_is_refused_and_takes_nothing_from_the_others(small_model):
    frames = hand_frames()
    good = perceive_hand(small_model, frames)
    frames["colours"] = PatchFrame(np.zeros((4, 4, 3), np.float32))
    frames["blind"] = PatchFrame(np.full((4, 4), np.nan, np.float32))
    frames["loud"] = PatchFrame(np.full((4, 4), 3e38, np.float32))
    found = perceive_hand(small_model, frames)
    reasons = {name: error.reason for name, error in found.refused.items()}
    assert reasons == {"colours": "channels", "blind": "invalid", "loud": "range"}
    np.testing.assert_array_equal(scores_of(found), scores_of(good))


def textures(count):
    weights = st.lists(st.floats(0.01, 1), min_size=3, max_size=3)
    return st.lists(weights, min_size=1, max_size=count)


@given(weights=textures(8), data=st.data())
def test_the_order_of_patches_and_untouched_ones_change_no_bit(weights, data):
    touched = [Texture(NAMES, np.divide(each, sum(each))) for each in weights]
    mixed = data.draw(st.permutations([*touched, None, None]))
    one, other = fused_texture(touched), fused_texture(mixed)
    assert one.scores.tobytes() == other.scores.tobytes()
    assert one.scores.sum() == pytest.approx(1)


def test_one_touched_patch_gives_its_own_texture(small_model):
    frames = hand_frames()
    alone = {name: frames[name] for name in ("palm", "back")}
    found = perceive_hand(small_model, alone)
    np.testing.assert_array_equal(scores_of(found), scores_of(found.patches["palm"]))
    assert perceive_hand(small_model, {"back": frames["back"]}).texture is None
    assert perceive_hand(small_model, {}).texture is None


def test_patches_keep_their_own_thresholds(small_model):
    frames = hand_frames()
    blind = dataclasses.replace(frames["thumb"], min_contact_area=1000)
    found = perceive_hand(small_model, frames | {"thumb": blind})
    assert found.patches["thumb"].texture is None
    assert found.patches["palm"].texture is not None


def recorded_frames():
    """The most loaded moment of a recording, cut into the patches of the hand."""
    file = next(iter(sorted(STREAMS.glob("*.npz"))), None)
    if file is None:
        pytest.skip("the SDH-2 recordings are not here: ../shared/data/sdh2_grasps")
    with np.load(file) as content:
        cells = content["frames"]
    moment, frames = cells[cells.sum(axis=1).argmax()], {}
    for patch in read_hand("sdh2").patches:
        settings = patch.settings(Settings())
        size = settings.rows, settings.cols
        frames[patch.name] = PatchFrame(
            moment[patch.first : patch.first + size[0] * size[1]].reshape(size)
        )
    return frames


def test_a_recorded_hand_and_its_fingertips_swapped():
    model = load_model(find_model("simulated_hand"), "torch", "cpu")
    frames = recorded_frames()
    found = perceive_hand(model, frames)
    assert not found.refused
    for name, one in frames.items():
        felt = found.patches[name].contact_map
        assert felt.shape == one.frame.shape
        assert 0 <= felt.min() <= felt.max() <= 1
        assert bool(felt.any()) == bool((one.frame > model.card.normalisation.dead_zone).any())
    tips = {"fingertip_1": frames["fingertip_3"], "fingertip_3": frames["fingertip_1"]}
    swapped = perceive_hand(model, frames | tips)
    assert scores_of(swapped).tobytes() == scores_of(found).tobytes()
