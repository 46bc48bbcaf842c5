"""The check measures what was put into a stream, pairing by stamp."""

import json
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from synthetic_stream import (
    COLUMNS,
    LATENCY_NS,
    ROWS,
    answers,
    contact_at,
    exact,
    late_contacts,
    moved_contacts,
    pooled_when_cropped,
    pressed,
    strided,
    zero_padded,
)
from tactile_equiv_sim.check.error_patterns import depth_profile, vanishing
from tactile_equiv_sim.check.map_depth import border_distance, by_depth
from tactile_equiv_sim.check.measurement import measure
from tactile_equiv_sim.check.records import Injected
from tactile_equiv_sim.check.shift_pairs import most_central, shift_between, shift_groups

from tactile_equiv.errors import DataError
from tactile_equiv.overlap import overlap


def injected_at(stamp, *contacts, move="grid"):
    return Injected(stamp, move, contacts, pressed(contacts))


def test_an_exact_subject_has_no_errors(injected, perceived):
    found = measure(injected, perceived)
    shifts, tracks, live = found.shifts, found.tracks, found.liveness
    assert shifts.asked == len(shifts.compared) > 100
    assert shifts.map_error == shifts.score_drift == shifts.flips == shifts.lag == 0
    assert tracks.frames == tracks.asked == tracks.felt and tracks.lag == 0
    assert 0 < tracks.centroid_rms < 0.05 and tracks.class_agreement == 1
    assert live.answered == live.injected == len(injected)
    assert live.missing == live.duplicates == live.strangers == live.out_of_order == 0
    assert found.sensor.frames == 0 and found.counts.empty == 5


def test_the_order_of_arrival_does_not_matter_for_pairing(injected, perceived):
    shuffled = [perceived[k] for k in np.random.default_rng(0).permutation(len(perceived))]
    there, here = measure(injected, perceived), measure(injected, shuffled)
    for group in ("shifts", "tracks", "border", "counts"):
        assert json.dumps(there.to_json()[group]) == json.dumps(here.to_json()[group])


@given(
    row=st.floats(2.0, 8.0),
    column=st.floats(2.0, 8.0),
    down=st.integers(-2, 9),
    right=st.integers(-2, 9),
    error=st.floats(-1e-6, 1e-6),
)
def test_whole_taxel_shifts_are_found_wherever_the_contact_starts(row, column, down, right, error):
    row, column = max(row, 2 - min(down, 0)), max(column, 2 - min(right, 0))
    one = injected_at(0, contact_at(row, column))
    moved = contact_at(row + down + 0.9 * error, column + right)
    other = injected_at(1, replace(moved, margin=3.0, clipped=False))
    one = replace(one, contacts=(replace(one.contacts[0], clipped=False),))
    assert shift_between(other, one) == (down, right)
    groups = shift_groups([one, other])
    assert [len(group) for group in groups] == ([2] if (down, right) != (0, 0) else [])


@pytest.mark.parametrize(
    "other",
    [
        injected_at(1, contact_at(9.5, 9)),
        injected_at(1, contact_at(9 + 2e-6, 9)),
        injected_at(1, contact_at(9, 9, "ring")),
        injected_at(1, contact_at(9, 9), move="slide"),
        injected_at(1, replace(contact_at(9, 9), load=2.0)),
        injected_at(1, replace(contact_at(9, 9), angle=0.1)),
        injected_at(1, contact_at(9, 9), contact_at(15, 15)),
        injected_at(1),
    ],
)
def test_other_frames_are_no_whole_taxel_shift(other):
    assert shift_between(other, injected_at(0, contact_at(5, 5))) is None


def test_several_contacts_must_shift_together():
    one = injected_at(0, contact_at(5, 5), contact_at(15, 15))
    together = injected_at(1, contact_at(6, 7), contact_at(16, 17))
    apart = injected_at(1, contact_at(6, 7), contact_at(16, 16))
    assert shift_between(together, one) == (1, 2)
    assert shift_between(apart, one) is None


def test_the_reference_is_the_most_central_frame():
    frames = [injected_at(k, contact_at(5 + k, 12)) for k in range(10)]
    assert most_central(frames, (ROWS, COLUMNS)).contacts[0].row == 11
    assert most_central(frames, None).contacts[0].margin == max(
        frame.contacts[0].margin for frame in frames
    )


def test_cut_contacts_are_kept_out_of_the_shifts(injected, perceived):
    found = measure(injected, perceived)
    cut = {frame.stamp_ns for frame in injected if frame.contacts and not frame.contained}
    assert cut and not cut & {error.stamp_ns for error in found.shifts.compared}
    assert found.border.clipped == len(cut)
    assert found.border.clipped_centroid_rms > 0.3 and found.border.unflagged == 0


def test_contacts_whose_surroundings_are_cut_are_compared_with_nothing():
    grazing = replace(contact_at(9, 9), felt_whole=False)
    assert shift_groups([injected_at(0, grazing), injected_at(1, contact_at(12, 9))]) == []


def test_missing_duplicate_foreign_and_late_answers_are_counted(injected, perceived):
    lost = perceived[:10] + perceived[13:]
    assert measure(injected, lost).liveness.missing == 3
    assert measure(injected, lost, dropped=2).liveness.missing == 1
    assert measure(injected, [*perceived, perceived[4], perceived[4]]).liveness.duplicates == 2
    foreign = replace(perceived[0], stamp_ns=77)
    assert measure(injected, [*perceived, foreign]).liveness.strangers == 1
    swapped = list(perceived)
    swapped[5] = replace(perceived[5], received_ns=perceived[8].received_ns + 1)
    assert measure(injected, swapped).liveness.out_of_order == 1


def test_frames_that_the_sensor_dropped_need_no_answer(injected, perceived):
    dropped = [replace(injected[0], lost=True), *injected[1:]]
    live = measure(dropped, perceived[1:]).liveness
    assert (live.lost, live.missing, live.answered) == (1, 0, len(injected) - 1)


def test_latency_counts_from_publishing_and_age_from_the_stamp(injected, perceived):
    late = [replace(one, sent_ns=one.stamp_ns + 2_000_000) for one in injected]
    live = measure(late, perceived).liveness
    assert live.age_p50 == pytest.approx(LATENCY_NS * 1e-9)
    assert live.latency_p99 == pytest.approx((LATENCY_NS - 2_000_000) * 1e-9)


def test_one_stamp_for_two_frames_is_refused(injected, perceived):
    with pytest.raises(DataError, match=r"bear the stamp 1000000000 ns"):
        measure([*injected, injected[0]], perceived)


def test_a_constant_offset_is_removed_and_reported(injected, perceived):
    moved = moved_contacts(perceived, np.tile([0.3, -0.4], (len(perceived), 1)))
    there, here = measure(injected, perceived).tracks, measure(injected, moved).tracks
    assert here.centroid_rms == pytest.approx(there.centroid_rms)
    assert here.offset == pytest.approx(0.5, abs=0.01)


def test_centroids_that_lag_are_recognised(injected, perceived):
    assert measure(injected, late_contacts(perceived)).tracks.lag == 1


def test_a_steady_slide_that_lags_shows_as_an_offset():
    steady = [injected_at(k, contact_at(10, 4 + 0.5 * k), move="slide") for k in range(30)]
    tracks = measure(steady, late_contacts(answers(exact, steady))[1:]).tracks
    assert tracks.offset == pytest.approx(0.5, abs=0.05)


def test_errors_of_padding_lie_near_the_border(injected):
    errors = measure(injected, answers(zero_padded, injected)).shifts
    profile = depth_profile(errors.compared)
    assert profile[0] == pytest.approx(errors.map_error)
    assert vanishing(profile, 1e-6) == 2


def test_errors_are_binned_by_distance_to_the_edge(injected):
    border = measure(injected, answers(pooled_when_cropped, injected)).border
    drifts = {d.distance: d.score_drift for d in border.distances if d.shifts}
    assert drifts[0] > drifts[2] > 0 and drifts[max(drifts)] <= 1e-6
    assert all(d.map_error == 0 for d in border.distances)


def test_an_imperfect_sensor_is_kept_apart(injected):
    gain = np.random.default_rng(0).normal(1, 0.1, (ROWS, COLUMNS)).astype(np.float32)
    noisy = [replace(one, frame=one.frame * gain, ideal=one.frame) for one in injected]
    found = measure(noisy, answers(exact, noisy))
    assert found.shifts.compared == () and found.sensor.shifts == found.shifts.asked
    assert found.tracks.asked == 0 and found.sensor.tracks.frames > 100
    assert found.sensor.map_error > 0.01 and 0.01 < found.sensor.frame_worst < 0.5
    assert 0 < found.sensor.sensor_centroid_rms < 0.2
    assert found.liveness.answered == len(noisy)


def test_the_sensors_centroid_error_is_not_the_networks(injected):
    noisy = []
    for one in injected:
        moved = [replace(c, row=c.row + 0.25 * (one.stamp_ns // 10**7 % 2)) for c in one.contacts]
        noisy.append(replace(one, frame=pressed(moved), ideal=one.frame))
    sensor = measure(noisy, answers(exact, noisy)).sensor
    assert sensor.sensor_centroid_rms > 0.1
    assert sensor.network_centroid_rms < 0.6 * sensor.sensor_centroid_rms


def test_quantised_frames_are_as_good_as_ideal(injected):
    coarse = [
        replace(one, frame=np.rint(255 * one.frame) / 255, ideal=one.frame) for one in injected
    ]
    found = measure(coarse, answers(exact, coarse))
    assert found.sensor.frames == 0 and len(found.shifts.compared) == found.shifts.asked


def test_numbers_are_plain_json(injected):
    content = measure(injected, answers(strided, injected)).to_json()
    assert content["shifts"]["map_error"] > 0.1 and content["shifts"]["compared"]
    assert content["tracks"]["tracks"][0]["move"] == "grid"
    assert set(content) == {"liveness", "shifts", "tracks", "border", "counts", "sensor"}


def test_depth_is_the_distance_to_the_nearer_border_of_the_two_maps():
    assert border_distance((3, 4)).tolist() == [[0, 0, 0, 0], [0, 1, 1, 0], [0, 0, 0, 0]]
    seen, reference = np.zeros((6, 6), np.float32), np.zeros((6, 6), np.float32)
    seen[3, 3] = 1.0
    here, there = overlap((1, 0), seen.shape)
    assert seen[here].shape == reference[there].shape == (5, 6)
    assert by_depth(seen, reference, (0, 0), 1.0) == (0.0, 0.0, 1.0)
    assert by_depth(seen, reference, (2, 0), 1.0) == (0.0, 1.0)
