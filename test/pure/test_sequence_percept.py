from dataclasses import replace

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from tactile_equiv.card import Card
from tactile_equiv.errors import FrameError, ModelError
from tactile_equiv.frame import Normalisation
from tactile_equiv.model import assemble, for_frames, load_model
from tactile_equiv.model_export import save_model
from tactile_equiv.network import TactileNetwork
from tactile_equiv.overlap import overlap
from tactile_equiv.percept import perceive
from tactile_equiv.sequence_batches import batch_of
from tactile_equiv.sequence_input import pooled_windows, total_load
from tactile_equiv.sequence_network import Batch, pool_batch
from tactile_equiv.sequence_percept import perceive_sequence
from tactile_equiv.sequence_settings import SequenceSettings
from tactile_equiv.sequence_symmetry import measure_stroke
from tactile_equiv.spectrogram import Spectrum, at_positions

NORMALISATION = Normalisation(0.5, 4.0, "logarithmic")
HAND = Spectrum(16, 8, apart=True, load=True)
GRASP = replace(HAND, ends=2)
AS_CHANNELS, OVER_PITCH = Spectrum(16, 8, octave=2), Spectrum(16, 8, octave=2, reach=2)


def untrained(spectrum, symmetry="translation", channels=1):
    torch.manual_seed(3)
    sizes = SequenceSettings(
        channels=(4, 5, 8), dilations=(1, 1, 2), spectrum=spectrum, symmetry=symmetry
    ).architecture(3, channels)
    network = TactileNetwork(sizes).eval()
    torch.nn.init.constant_(network.contact_head.weight, 1.0)
    card = Card("untrained", "", ("a", "b", "c"), sizes, NORMALISATION, spectrum=spectrum)
    return network, card


@pytest.fixture(scope="module", params=[AS_CHANNELS, OVER_PITCH], ids=["channels", "pitch"])
def model(request):
    return assemble(*untrained(request.param))


@pytest.fixture(scope="module", params=[HAND, GRASP], ids=["together", "ends"])
def hand(request):
    return assemble(*untrained(request.param, channels=2))


def rubbed(seed, frames=20):
    return np.random.default_rng(seed).random((frames, 3, 4), np.float32) * 60


def inside(patch, frame, row, column, frames=64):
    recording = np.zeros((frames, 9, 11), np.float32)
    recording[frame : frame + len(patch), row : row + 3, column : column + 4] = patch
    return recording


@settings(max_examples=10, deadline=None)
@given(
    seed=st.integers(0, 99),
    row=st.integers(0, 6),
    column=st.integers(0, 7),
    hops=st.integers(0, 4),
)
def test_a_recording_moved_over_skin_and_time_moves_its_map_and_keeps_its_bits(
    model, seed, row, column, hops
):
    here = perceive_sequence(model, inside(rubbed(seed), 6, 3, 3))
    there = perceive_sequence(model, inside(rubbed(seed), 6 + 8 * hops, row, column))
    assert there.pooled.tobytes() == here.pooled.tobytes() and here.pooled.any()
    on_skin, came_from = overlap((row - 3, column - 3), (9, 11))
    moved = there.contact_maps[hops:][(..., *on_skin)]
    expected = here.contact_maps[: len(here.contact_maps) - hops][(..., *came_from)]
    assert expected.any() and not there.contact_maps[:hops].any()
    np.testing.assert_allclose(moved, expected, atol=1e-6)


def test_rests_before_and_after_leave_no_trace(model):
    short = perceive_sequence(model, inside(rubbed(1), 6, 3, 3, frames=32))
    long = perceive_sequence(model, inside(rubbed(1), 6 + 80, 3, 3, frames=320))
    assert short.pooled.tobytes() == long.pooled.tobytes()


@pytest.mark.parametrize("spectrum", [AS_CHANNELS, OVER_PITCH], ids=["channels", "pitch"])
def test_whole_bins_of_pitch_leave_no_trace_only_where_the_network_slides_over_them(spectrum):
    network, _ = untrained(spectrum)
    bins = np.zeros((3, 1 + len(spectrum.frequencies), 4, 5), np.float32)
    bins[:, :3] = np.random.default_rng(5).random((3, 3, 4, 5), np.float32)
    moved = np.concatenate([bins[:, :1], np.roll(bins[:, 1:], 1, axis=1)], axis=1)

    def pooled(seen):
        batch = Batch([at_positions(seen, spectrum)], [3.0], [np.ones((1, len(seen)), bool)])
        with torch.no_grad():
            return pool_batch(network.features(batch.frames), batch).numpy()

    same = pooled(bins).tobytes() == pooled(moved).tobytes()
    assert same == (spectrum.reach > 0)


@pytest.mark.parametrize("spectrum", [AS_CHANNELS, OVER_PITCH], ids=["channels", "pitch"])
def test_a_moved_stroke(spectrum):
    errors = measure_stroke(assemble(*untrained(spectrum)), 9, 11)
    for exact in ("place", "hops"):
        assert errors[exact].same_bits and errors[exact].map_error <= 1e-6
    assert not errors["frames"].same_bits and errors["frames"].pooled_drift < 0.1
    assert (errors["pitch"].pooled_drift < 0.03) == (spectrum.reach > 0)


@settings(max_examples=6, deadline=None)
@given(
    seed=st.integers(0, 99),
    places=st.lists(st.integers(0, 6), min_size=4, max_size=4),
    hops=st.integers(0, 4),
)
def test_each_skin_of_a_hand_may_be_touched_anywhere_by_whole_hops_later(hand, seed, places, hops):
    later = 6 + 8 * hops
    recording = [inside(rubbed(seed + finger), 6, 3, 3) for finger in (0, 1)]
    moved = [inside(rubbed(seed + f), later, *places[2 * f : 2 * f + 2]) for f in (0, 1)]
    here, there = (perceive_sequence(hand, np.stack(r, axis=3)) for r in (recording, moved))
    assert here.pooled.any() and there.pooled.tobytes() == here.pooled.tobytes()


def test_a_hand_knows_its_fingers_and_one_skin_pools_both_in_one(hand):
    one = inside(rubbed(3), 6, 3, 3)
    first, other = (
        perceive_sequence(hand, np.stack(fingers, axis=3)).pooled.reshape(3, -1)
        for fingers in ((one, 0 * one), (0 * one, one))
    )
    assert first[0].any() and not first[1].any() and first[2].any()
    assert other[1].any() and not other[0].any() and other[2].any()


def test_the_maps_of_a_hand_are_those_of_its_skins(hand):
    fingers = [inside(rubbed(seed), 6, row, 3) for seed, row in ((1, 0), (2, 6))]
    both = perceive_sequence(hand, np.stack(fingers, axis=3)).contact_maps
    alone = [
        perceive_sequence(hand, np.stack([fingers[0] * keep, fingers[1] * (1 - keep)], axis=3))
        for keep in (1, 0)
    ]
    np.testing.assert_array_equal(both, np.maximum(alone[0].contact_maps, alone[1].contact_maps))


def test_the_total_load_is_that_of_all_taxels_in_any_order():
    pressure = (np.random.default_rng(0).random((5, 2, 3, 4)) * 10.0**6).astype(np.float32)
    mixed = np.random.default_rng(1).permutation(pressure.reshape(5, 2, 12), axis=2)
    load = total_load(pressure)
    assert load.shape == (5, 2, 1, 1)
    np.testing.assert_allclose(load[..., 0, 0], pressure.sum(axis=(2, 3)), rtol=1e-6)
    assert total_load(mixed.reshape(pressure.shape)).tobytes() == load.tobytes()


def test_the_beginning_and_the_end_of_touch_are_pooled_apart():
    windows = [np.zeros((9, 1, 1, 2, 2), np.float32) for _ in range(2)]
    windows[0][2:5, 0, 0, 1, 0] = windows[1][4:7, 0, 0, 0, 1] = 1  # touched: 2 to 6
    first, last = pooled_windows(windows, GRASP)
    assert np.flatnonzero(first[2:]).tolist() == [0, 1]
    assert np.flatnonzero(last[:7]).tolist() == [5, 6]
    assert pooled_windows(windows, HAND).tolist() == [[True] * 9]
    quiet = [np.zeros((3, 1, 1, 2, 2), np.float32)]
    assert pooled_windows(quiet, GRASP).shape == (2, 3)


def test_what_lies_between_the_ends_of_touch_is_not_pooled(hand):
    begins, ends = rubbed(1, frames=24), rubbed(2, frames=24)
    recordings = [
        np.concatenate([inside(part, 0, 3, 3, 48) for part in (begins, middle, ends)])
        for middle in (rubbed(3, frames=24), rubbed(4, frames=24))
    ]
    one, other = (perceive_sequence(hand, np.stack([r, r], axis=3)).pooled for r in recordings)
    assert (one.tobytes() == other.tobytes()) == (hand.card.spectrum.ends > 0)


def test_a_quarter_turn_keeps_the_features():
    model = assemble(*untrained(AS_CHANNELS, symmetry="c4"))
    recording = inside(rubbed(4), 6, 3, 3)
    here = perceive_sequence(model, recording)
    turned = perceive_sequence(model, np.rot90(recording, axes=(1, 2)))
    np.testing.assert_allclose(here.pooled, turned.pooled, rtol=1e-4)


@pytest.mark.parametrize("spectrum", [AS_CHANNELS, OVER_PITCH, HAND, GRASP])
def test_training_and_perceiving_pool_alike(spectrum):
    channels = 2 if spectrum.apart else 1
    network, card = untrained(spectrum, channels=channels)
    model = assemble(network, card)
    recordings = [
        np.stack(
            [inside(rubbed(seed + 9 * c), 6, 3, c, 30 + 10 * seed) for c in range(channels)], 3
        )
        for seed in range(3)
    ]
    batch = batch_of(recordings, NORMALISATION, spectrum)
    with torch.no_grad():
        pooled = pool_batch(network.features(batch.frames), batch).numpy()
    for recording, expected in zip(recordings, pooled, strict=True):
        np.testing.assert_allclose(
            perceive_sequence(model, recording).pooled, expected, rtol=1e-4, atol=1e-5
        )


def test_a_quiet_recording_has_no_texture_and_no_features(model):
    percept = perceive_sequence(model, np.full((40, 9, 11), 0.4))
    assert percept.texture is None
    assert not percept.pooled.any() and not percept.contact_maps.any()


def test_windows_lie_where_their_centres_say(model):
    percept = perceive_sequence(model, inside(rubbed(2, frames=1), 30, 3, 3))
    touched = percept.centres[(percept.contact_maps > 0).any(axis=(1, 2))]
    assert len(touched) == 2 and (np.abs(touched - 30) < 8).all()


def test_tare_and_invalid_taxels(model):
    recording, tare = inside(rubbed(2), 6, 3, 3), np.full((9, 11), 7.0, np.float32)
    plain = perceive_sequence(model, recording)
    tared = perceive_sequence(model, recording + tare, tare)
    np.testing.assert_allclose(tared.pooled, plain.pooled, rtol=1e-4)
    recording[10, 8, 10] = np.nan
    percept = perceive_sequence(model, recording)
    assert percept.invalid == 1 and np.isnan(percept.contact_maps[:, 8, 10]).all()
    np.testing.assert_array_equal(percept.pooled, plain.pooled)


@pytest.mark.parametrize(
    ("recording", "reason"),
    [
        (np.zeros((9, 11)), "shape"),
        (np.zeros((0, 9, 11)), "shape"),
        (np.zeros((20, 9, 11, 2)), "channels"),
        (np.full((20, 9, 11), 3e38), "range"),
        (np.full((20, 9, 11), np.nan), "invalid"),
        (np.zeros((20, 9, 11), "U1"), "type"),
    ],
)
def test_recordings_that_cannot_be_perceived_are_refused(model, recording, reason):
    with pytest.raises(FrameError) as error:
        perceive_sequence(model, recording)
    assert error.value.reason == reason


def test_a_tare_of_another_size_is_refused(model):
    with pytest.raises(FrameError, match="tare again"):
        perceive_sequence(model, np.zeros((20, 9, 11)), np.zeros((8, 11), np.float32))


def test_frames_and_recordings_need_models_of_their_own(model):
    with pytest.raises(FrameError, match="recordings"):
        perceive(model, np.ones((9, 11)))
    with pytest.raises(ModelError, match="a node perceives single frames"):
        for_frames(model)
    with pytest.raises(ModelError, match="trained on single frames"):
        perceive_sequence(load_model("config/models/tekscan_objects"), np.ones((20, 28, 50)))


def test_a_model_directory_keeps_the_spectrum_and_every_engine_agrees(tmp_path, model):
    save_model(tmp_path, *untrained(model.card.spectrum))
    recording = inside(rubbed(2), 6, 3, 3)
    expected = perceive_sequence(model, recording)
    for backend in ("torch", "onnxruntime"):
        loaded = load_model(tmp_path, backend)
        assert loaded.card.spectrum == model.card.spectrum
        seen = perceive_sequence(loaded, recording)
        np.testing.assert_allclose(seen.pooled, expected.pooled, rtol=1e-4, atol=1e-5)


def test_a_card_whose_network_does_not_fit_its_spectrum_is_refused():
    _, card = untrained(AS_CHANNELS)
    values = card.to_json()
    assert Card.from_json(values) == card
    for wrong in ({"reach": 1}, {"window": 3}, {"load": True}, {"apart": 1}, {"ends": 2}, "fast"):
        with pytest.raises(ModelError):
            Card.from_json({**values, "spectrum": wrong})


def test_correlations_are_of_frames_alone():
    _, card = untrained(AS_CHANNELS)
    with pytest.raises(ModelError, match="of frames alone"):
        replace(card, architecture=replace(card.architecture, correlations=True))
