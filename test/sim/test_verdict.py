"""The verdict passes what is exact, and fails every fault by its right name and reason."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import synthetic_stream as subjects
from synthetic_stream import answers, contact_at, exact, moved_contacts, pressed
from tactile_equiv_sim.check.criteria import CRITERIA
from tactile_equiv_sim.check.measurement import measure
from tactile_equiv_sim.check.records import Injected
from tactile_equiv_sim.check.thresholds import load_thresholds
from tactile_equiv_sim.check.verdict import exit_code, judge, quantity

from tactile_equiv.errors import SettingsError


@pytest.fixture(scope="module")
def thresholds():
    return load_thresholds()


@pytest.fixture
def verdict(injected, thresholds):
    def of(perceived, frames=injected, **options):
        return {f.name: f for f in judge(measure(frames, perceived, **options), thresholds)}

    return of


def failed(findings):
    return {name for name, finding in findings.items() if finding.outcome == "failed"}


def test_the_exact_subject_passes(verdict, perceived):
    findings = verdict(perceived)
    assert failed(findings) == set() and exit_code(list(findings.values())) == 0
    assert findings["map_shift_error"].measured == 0.0
    assert findings["map_shift_error"].sentence == (
        "the contact map moves with the contact: largest error 0 relative to the map over 153 "
        "whole-taxel shifts (limit: at most 1e-06)"
    )
    assert findings["class_accuracy"].outcome == "reported"
    assert "sensor_frame_rms" not in findings


BROKEN = {
    "strided": ("map_shift_error", "multiples of 2 taxels and on no others: a stride or pooling"),
    "max_pooled": ("score_drift", "multiples of 2 taxels and on no others: a stride or pooling"),
    "zero_padded": ("map_shift_error", "within 2 taxels of the border"),
    "circular": ("map_phantom", "circular"),
    "pooled_when_cropped": ("score_drift", "while the map is exact: pooling a map cropped"),
    "with_coordinates": ("map_shift_error", "grow with the shift"),
    "locally_connected": ("map_shift_error", "not shared between places"),
    "rounding": ("map_shift_error", "Winograd"),
    "coarse_map": ("map_shift_error", "another size"),
    "blind": ("map_blank", "dead-zone"),
}


@pytest.mark.parametrize("name", BROKEN)
def test_a_broken_network_fails_with_its_reason(name, verdict, injected):
    findings = verdict(answers(getattr(subjects, name), injected))
    finding, reason = BROKEN[name]
    assert finding in failed(findings)
    assert reason in findings[finding].sentence
    assert exit_code(list(findings.values())) == 1


def test_cropped_pooling_leaves_the_map_in_peace(verdict, injected):
    findings = verdict(answers(subjects.pooled_when_cropped, injected))
    assert not failed(findings) & {"map_shift_error", "map_phantom", "centroid_rms"}


@pytest.mark.parametrize("n", [2, 3, 4])
def test_the_stride_is_named(n, verdict, injected):
    findings = verdict(answers(lambda frame: subjects.strided(frame, n), injected))
    assert f"multiples of {n} taxels" in findings["map_shift_error"].sentence


def lost(perceived):
    return perceived[:20] + perceived[24:]


def doubled(perceived):
    return [*perceived, *perceived[30:32]]


def restamped(perceived):
    return [*perceived[:9], replace(perceived[9], stamp_ns=5), *perceived[10:]]


def disordered(perceived):
    late = perceived[40].received_ns
    return [*perceived[:30], replace(perceived[30], received_ns=late), *perceived[31:]]


def with_swapped_stamps(perceived):
    one, other = perceived[3], perceived[33]
    changed = {3: replace(one, stamp_ns=other.stamp_ns), 33: replace(other, stamp_ns=one.stamp_ns)}
    return [changed.get(k, answer) for k, answer in enumerate(perceived)]


def slow(perceived):
    return [replace(one, received_ns=one.received_ns + 10**9) for one in perceived]


def jittering(perceived):
    return moved_contacts(perceived, np.random.default_rng(0).normal(0, 0.1, (len(perceived), 2)))


def in_whole_taxels(perceived):
    contacts = [
        tuple(replace(c, row=round(c.row), column=round(c.column)) for c in one.contacts)
        for one in perceived
    ]
    return [replace(one, contacts=c) for one, c in zip(perceived, contacts, strict=True)]


def displaced(perceived):
    return moved_contacts(perceived, np.full((len(perceived), 2), 3.0))


def with_nan_centroids(perceived):
    return moved_contacts(perceived, np.full((len(perceived), 2), np.nan))


def flipping(perceived):
    every = [replace(one, label="other") if k % 9 == 0 else one for k, one in enumerate(perceived)]
    return every


def unflagged(perceived):
    contacts = [tuple(replace(c, clipped=False) for c in one.contacts) for one in perceived]
    return [replace(one, contacts=c) for one, c in zip(perceived, contacts, strict=True)]


def always_flagged(perceived):
    contacts = [tuple(replace(c, clipped=True) for c in one.contacts) for one in perceived]
    return [replace(one, contacts=c) for one, c in zip(perceived, contacts, strict=True)]


def with_nan_maps(perceived):
    def spoilt(values):
        return np.where(values == values.max(), np.float32(np.nan), values)

    return [
        *perceived[:6],
        replace(perceived[6], contact_map=spoilt(perceived[6].contact_map)),
        *perceived[7:],
    ]


def with_nan_scores(perceived):
    return [*perceived[:6], replace(perceived[6], scores={"ball": float("nan")}), *perceived[7:]]


def without_contacts_at_times(perceived):
    return [replace(one, contacts=()) if k == 60 else one for k, one in enumerate(perceived)]


def with_a_twin(perceived):
    return [replace(one, contacts=one.contacts * 2) for one in perceived]


def incomplete(perceived):
    return [replace(one, contact_map=None) if k == 50 else one for k, one in enumerate(perceived)]


FAULTS = [
    (lost, "answers_missing", "4 of 189 frames have no answer"),
    (doubled, "answers_duplicate", "two nodes"),
    (restamped, "answers_unknown", "copy header.stamp"),
    (disordered, "answers_out_of_order", "several threads"),
    (incomplete, "answers_incomplete", "1 of 189 answers"),
    (slow, "latency_p99", "1 s from frame to answer"),
    (with_swapped_stamps, "map_shift_error", "bear the stamp of another frame: 1030000000"),
    (subjects.late_map, "map_shift_error", "one frame earlier"),
    (subjects.late_contacts, "centroid_rms", "one frame earlier"),
    (jittering, "centroid_rms", "from frame to frame"),
    (in_whole_taxels, "centroid_rms", "steps of 1 taxels: an argmax"),
    (displaced, "centroid_offset", "rows and columns swapped"),
    (with_nan_centroids, "centroid_rms", "NaN"),
    (flipping, "class_flips", "the scores stay"),
    (flipping, "class_agreement", "see class_flips"),
    (unflagged, "clipped_unflagged", "flag is not set"),
    (always_flagged, "clipped_false", "whole contacts are flagged"),
    (with_nan_maps, "map_shift_error", "hold NaN"),
    (with_nan_scores, "score_drift", "NaN"),
    (without_contacts_at_times, "contacts_missed", "1 of 164"),
    (with_a_twin, "contacts_extra", "several"),
]


@pytest.mark.parametrize(
    ("fault", "name", "reason"), FAULTS, ids=[f"{f.__name__}-{name}" for f, name, _ in FAULTS]
)
def test_a_faulty_stream_fails_with_its_reason(fault, name, reason, verdict, perceived):
    findings = verdict(fault(perceived))
    assert name in failed(findings)
    assert reason in findings[name].sentence
    assert exit_code(list(findings.values())) == 1


def test_dropped_frames_fail_unless_they_are_allowed(injected, perceived, thresholds):
    measured = measure(injected, perceived[5:], dropped=5)
    assert exit_code(judge(measured, thresholds)) == 1
    assert exit_code(judge(measured, {**thresholds, "answers_dropped": 5.0})) == 0


def test_nothing_injected_and_nothing_answered_cannot_be_measured(verdict, injected, perceived):
    for frames, found, words in (
        ([], perceived, "no frame was injected"),
        (injected, [], "189 frames were injected and not one answer came"),
        (injected, [replace(one, stamp_ns=k) for k, one in enumerate(perceived)], "header.stamp"),
    ):
        findings = verdict(found, frames=frames)
        assert set(findings) == {"stream"} and words in findings["stream"].sentence
        assert exit_code(list(findings.values())) == 2


def test_what_the_subject_never_publishes_cannot_be_measured(verdict, perceived, thresholds):
    unscored = [replace(one, scores={}) for one in perceived]
    findings = verdict(unscored)
    assert findings["score_drift"].outcome == findings["score_ripple"].outcome == "unmeasurable"
    assert "no scores came" in findings["score_drift"].sentence
    assert exit_code(list(findings.values())) == 2
    mapless = verdict([replace(one, contact_map=None) for one in perceived])
    assert mapless["map_shift_error"].outcome == "unmeasurable"


def test_a_script_without_moving_contacts_proves_nothing(verdict):
    still = [Injected(k, "lift", c, pressed(c)) for k, c in enumerate([(contact_at(9, 9),)] * 9)]
    findings = verdict(answers(exact, still), frames=still)
    assert findings["moving_contacts"].outcome == "unmeasurable"
    assert exit_code(list(findings.values())) == 2


def test_an_imperfect_sensor_is_reported_and_does_not_blame_the_network(verdict, injected):
    gain = np.random.default_rng(0).normal(1, 0.1, pressed(()).shape).astype(np.float32)
    noisy = [replace(one, frame=one.frame * gain, ideal=one.frame) for one in injected]
    findings = verdict(answers(exact, noisy), frames=noisy)
    assert failed(findings) == set()
    assert findings["sensor_frame_rms"].measured > 0
    assert findings["imperfect_map_error"].measured > 0.01
    assert "map_shift_error" not in findings


def test_a_limit_of_null_is_not_judged(injected, thresholds):
    measured = measure(injected, answers(subjects.strided, injected))
    findings = judge(measured, dict.fromkeys(thresholds))
    assert {finding.outcome for finding in findings} == {"reported"}
    assert exit_code(findings) == 0 and not any(finding.cause for finding in findings)


def test_every_criterion_has_a_shipped_limit_and_says_its_number(thresholds):
    names = [criterion.name for criterion in CRITERIA]
    assert len(names) == len(set(names)) and set(names) == set(thresholds)
    for criterion in CRITERIA:
        assert "{value}" in criterion.quantity and "{count}" in criterion.quantity


def write(folder: Path, text: str) -> Path:
    file = folder / "limits.yaml"
    file.write_text(text)
    return file


def test_a_file_changes_the_limits_it_names(tmp_path, thresholds):
    changed = load_thresholds(write(tmp_path, "centroid_rms: 0.2\nscore_drift: null\n"))
    assert changed["centroid_rms"] == 0.2 and changed["score_drift"] is None
    assert changed["map_shift_error"] == thresholds["map_shift_error"] == 1e-6
    assert load_thresholds(write(tmp_path, "")) == thresholds


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("centroid_rsm: 1", "did you mean 'centroid_rms'"),
        ("3: 1", "is unknown"),
        ("class_flips: many", "a number >= 0"),
        ("class_flips: -1", "a number >= 0"),
        ("class_flips: .nan", "a number >= 0"),
        ("class_flips: true", "a number >= 0"),
        ("score_drift: 1e-6", "write 1.0e-6"),
        ("- 1", "lines of `name: limit`"),
        ("a: [", "cannot be read"),
    ],
)
def test_bad_limits_are_refused_in_one_line(text, words, tmp_path):
    with pytest.raises(SettingsError, match=words) as refused:
        load_thresholds(write(tmp_path, text))
    assert "\n" not in str(refused.value)


def test_a_missing_file_is_refused(tmp_path):
    with pytest.raises(SettingsError, match="cannot be read"):
        load_thresholds(tmp_path / "none.yaml")


def test_numbers_read_well():
    assert quantity(3.0, "") == "3" and quantity(0.12345, "taxel") == "0.123 taxel"
    assert quantity(0.99, "fraction") == "99 %" and quantity(1e-17, "taxel") == "0 taxel"
    assert quantity(float("nan"), "") == "nan" and quantity(float("inf"), "s") == "inf s"
