"""Every broken network is caught, with the right layer and the right cause; exact ones pass."""

import functools
import re
from dataclasses import replace

import functions
import networks
import numpy as np
import pytest
import torch
from functions import Functions
from torch import nn

from tactile_equiv.audit import Thresholds, audit, load_thresholds
from tactile_equiv.audit.verdict import judge
from tactile_equiv.errors import SettingsError

SHAPE = (1, 32, 32)


@functools.cache
def report_of(name, **options):
    """One contact is enough to be caught by."""
    return audit(getattr(networks, name)(), SHAPE, seeds=1, **options)


BROKEN = {
    "zero_padded": (
        "border", 3, "padding", r"layer 3 `2` \(convolution, zero padding\): the first pixel from "
        r"the border differs by \d+",
    ),
    "replicate": ("border", 1, "padding", "layer 1 .*replicate padding.* first pixel"),
    "reflect": ("border", 1, "padding", "layer 1 .*reflect padding.* first pixel"),
    "circular": (
        "border", 1, "circular", "top, bottom, left and right border a second time|border a second",
    ),
    "functional_padding": ("border", 1, "padding", "layer 1 .*replicate padding"),
    "strided": (
        "integer", 3, "stride", r"layer 3 `2` \(convolution, stride 2\) breaks integer shifts that "
        r"are not multiples of 2 \(error \d+",
    ),
    "strided_thrice": ("integer", 3, "stride", "stride 3.* not multiples of 3"),
    "max_pool": ("integer", 3, "stride", "max pooling, stride 2.* not multiples of 2"),
    "average_pool": ("integer", 3, "stride", "average pooling, stride 2.* not multiples of 2"),
    "blur_pool": ("integer", 3, "stride", "not multiples of 2"),
    "invariant_scores": ("pooled_drift", 1, "cropping", "drifts by .* layer 1 .* at the border"),
    "flatten_head": ("pooled_drift", 3, "flatten", r"drifts by .* layer 3 `2` \(flatten\)"),
    "coordinates": ("integer", 3, "position", "breaks every integer shift.* empty frame differ"),
    "locally_connected": ("integer", 4, "position", "breaks every integer shift.* place to place"),
    "two_heads": ("border", 3, "padding", "layer 3 .*dilation 2, zero padding.* first 2 pixels"),
}  # fmt: skip
"""By name: what is lost, the layer where it begins, the cause, and what the sentence says."""


@pytest.mark.parametrize("name", BROKEN)
def test_a_broken_network_is_caught_where_it_breaks(name):
    limit_name, layer, cause, sentence = BROKEN[name]
    verdict = report_of(name).verdict
    assert not verdict.passed
    assert verdict.headline.startswith("Not equivariant: ")
    found = {f.limit_name: f for f in verdict.findings if f.outcome == "failed"}
    assert limit_name in found, str(verdict)
    finding = found[limit_name]
    assert (finding.layer, finding.cause) == (layer, cause), finding.sentence
    assert re.search(sentence, finding.sentence)
    assert finding.remedy


@pytest.mark.parametrize("name", ["exact", "pointwise"])
def test_an_exact_network_passes_with_errors_of_zero(name):
    report = report_of(name)
    assert report.verdict.outcome == "exact"
    assert report.verdict.headline.startswith("Exact: ")
    assert all(m.shift_error == 0 and m.border_error == 0 for m in report.layers)


def test_a_shipped_model_passes_with_errors_of_zero():
    report = audit("simulated_textures", (1, 24, 28), seeds=1)
    assert report.verdict.outcome == "exact", str(report.verdict)
    maps = [m for m in report.layers if m.grid and m.answers]
    assert len(maps) >= 8
    assert {m.shift_error for m in maps} == {m.border_error for m in maps} == {0.0}
    assert {m.ripple_error for m in maps} == {0.0}
    assert max(m.drift for m in report.layers if m.slides) < 1e-6


def test_what_is_right_is_not_blamed():
    kinds = {}
    for name in ("zero_padded", "replicate", "circular", "strided", "flatten_head"):
        findings = report_of(name).verdict.findings
        kinds[name] = {f.limit_name for f in findings if f.outcome == "failed"}
    assert kinds["zero_padded"] == {"border", "ripple"}
    assert kinds["replicate"] == kinds["circular"] == {"border"}
    assert kinds["strided"] == {"integer"}
    assert kinds["flatten_head"] == {"pooled_drift", "flips"}


def conv(inputs=4, outputs=4, **options):
    torch.manual_seed(inputs)
    return networks.convolution(inputs, outputs, **options)


def sentences(*layers, shape=SHAPE):
    return str(audit(nn.Sequential(*layers).eval(), shape, seeds=1).verdict)


def test_a_stride_along_one_axis_is_named():
    said = sentences(conv(1, stride=(2, 1)))
    assert "(convolution, stride 2x1) breaks integer shifts down the rows that are not mult" in said


def test_a_second_stride_coarsens_the_first():
    said = sentences(conv(1, stride=2), nn.ReLU(), nn.AvgPool2d(2))
    assert re.search(r"multiples of 2 .*, coarsened to 4 in layer 3 `2` \(average pooling", said)


def test_a_cylinder_is_seen_along_its_axis():
    report = audit(Functions(functions.wrapped_columns), seeds=1)
    (finding,) = (f for f in report.verdict.findings if f.limit_name == "border")
    assert finding.cause == "circular"
    assert not re.search("top|bottom", finding.sentence)
    assert re.search("left|right", finding.sentence)


def test_a_border_that_reaches_the_middle_is_called_by_its_name():
    layers = [part for _ in range(6) for part in (conv(4, padding=6, dilation=6), nn.Tanh())]
    report = audit(nn.Sequential(conv(1, padding=1), *layers), SHAPE, seeds=1)
    found = {f.limit_name: f for f in report.verdict.findings}
    assert found["border"].cause == "padding"
    assert found["integer"].cause == "border_inside"
    assert found["integer"].layer > found["border"].layer
    assert f"begins in layer {found['border'].layer} " in found["integer"].sentence


def test_a_statistic_over_the_map_feels_the_border():
    report = audit(nn.Sequential(conv(1), nn.GroupNorm(2, 4)).eval(), SHAPE, seeds=1)
    (finding,) = (f for f in report.verdict.findings if f.outcome == "failed")
    assert (finding.layer, finding.cause) == (2, "statistics")
    assert "(group norm): with a contact near the border its whole map differs" in finding.sentence


def test_a_corner_of_other_gain_is_found():
    def weak_corner(maps):
        gain = np.ones(maps.shape[2:])
        gain[-4:, :4] = 0.9
        return maps * gain

    (finding,) = (
        f for f in audit(Functions(weak_corner), seeds=1).verdict.findings if f.outcome == "failed"
    )
    assert (finding.limit_name, finding.cause) == ("border", "position")
    assert "contacts in a corner at the bottom border differ by 9" in finding.sentence


def test_what_is_lost_among_vectors_is_named_where_it_begins():
    class Recurrent(nn.Module):
        def __init__(self):
            super().__init__()
            self.rows = nn.LSTM(32, 4, batch_first=True)
            self.head = nn.Linear(4, 2)

        def forward(self, frames):
            return self.head(self.rows(frames[:, 0])[0][:, -1])

    torch.manual_seed(0)
    said = str(audit(Recurrent(), SHAPE, seeds=1).verdict)
    assert "while the contact moves: it begins in layer 1 `rows` (lstm)" in said


def test_a_background_makes_zero_padding_a_step():
    first = report_of("zero_padded", background=0.5).verdict.findings[0]
    assert first.layer == 1


def test_a_recorded_press_finds_the_same(tmp_path):
    frame = np.zeros((32, 32), np.float32)
    frame[3:12, 5:12] = np.random.default_rng(0).uniform(10, 50, (9, 7))
    np.savez(tmp_path / "press.npz", frame=frame)
    report = audit(networks.strided(), SHAPE, frame=tmp_path / "press.npz")
    assert "not multiples of 2" in str(report.verdict)


def test_limits_decide():
    report = report_of("strided")
    error = max(m.shift_error for m in report.layers)
    assert not report.passed()
    assert not report.passed(Thresholds(integer=0.9 * error))
    assert report.passed(Thresholds(integer=error))
    assert report.passed(Thresholds(integer=None))
    within = judge(report.layers, Thresholds(integer=error))
    assert (within.outcome, within.passed) == ("within", True)
    assert "within the limits" in within.headline.lower()


def test_limits_below_the_usual_rounding_are_kept():
    def nearly(maps):
        return maps * (1 + 3e-6 * np.random.default_rng(0).uniform(-1, 1, maps.shape[1:]))

    report = audit(Functions(nearly), seeds=1)
    assert report.verdict.outcome == "exact"
    assert not report.passed(Thresholds(integer=1e-6))


@pytest.mark.parametrize("name", ["subpixel", "pooled_subpixel", "rotation"])
def test_what_no_network_keeps_is_judged_on_request(name):
    report = report_of("invariant_scores")
    relaxed = Thresholds(pooled_drift=None)
    assert report.passed(relaxed)
    assert not report.passed(relaxed.changed({name: 1e-4}))
    assert report.passed(relaxed.changed({name: 10}))


def test_flips_of_half_pixels_are_judged_on_request():
    report = report_of("flatten_head")
    relaxed = Thresholds(pooled_drift=None, flips=None)
    assert report.passed(relaxed)
    assert not report.passed(relaxed.changed({"half_flips": 0}))


def spoilt(measured, what):
    """The same measurement with NaN in one number."""
    nan = float("nan")
    shifts, border = measured.shifts, measured.border
    changed = {
        "shift": {"shifts": replace(shifts, whole=({1: nan, 2: 0.0}, shifts.whole[1]))},
        "border": {"border": replace(border, by_distance={**border.by_distance, "top": {0: nan}})},
        "ripple": {"ripple": replace(measured.ripple, anywhere=nan)} if measured.ripple else {},
        "drift": {"shifts": replace(shifts, drift_whole=nan)},
        "parts": {"shifts": replace(shifts, parts={0.5: nan})},
        "turn": {"rotation": nan},
    }
    return replace(measured, **changed[what])


@pytest.mark.parametrize("what", ["shift", "border", "ripple", "parts", "turn"])
def test_nan_never_passes_on_a_map(what):
    layers = list(report_of("exact").layers)
    layers[1] = spoilt(layers[1], what)
    assert not judge(layers, Thresholds()).passed
    assert not judge(layers, Thresholds(integer=1e9, border=1e9, ripple=1e9)).passed


def test_nan_never_passes_on_a_vector():
    layers = [*report_of("invariant_scores").layers]
    layers[-1] = spoilt(layers[-1], "drift")
    assert not judge(layers, Thresholds(pooled_drift=1e9)).passed


def test_an_output_without_a_response_is_told():
    class OneSilent(nn.Module):
        def forward(self, frames):
            return {"felt": frames * 2, "still": (frames * 1e-9 + 1)}

    headline = audit(OneSilent(), SHAPE, seeds=1).verdict.headline
    assert headline.startswith("Exact: ")
    assert "Not judged, as no contact changes it: output `still`" in headline


def test_limits_from_a_file_and_from_lines(tmp_path):
    file = tmp_path / "limits.yaml"
    file.write_text("integer: 0.5\nripple: null\nrotation: 1\n")
    limits = load_thresholds(file, ["integer=0.25", "border=none", "flips = 0.1"])
    assert limits == Thresholds(integer=0.25, border=None, ripple=None, rotation=1.0, flips=0.1)


@pytest.mark.parametrize(
    ("text", "lines", "message"),
    [
        ("intger: 1", [], "did you mean 'integer'"),
        ("integer: 1e-6", [], "write 1.0e-6"),
        ("integer: -1", [], "number >= 0"),
        ("integer: .nan", [], "number >= 0"),
        ("integer: true", [], "number >= 0"),
        ("- integer", [], "lines of"),
        ("integer: [", [], "cannot be read"),
        ("", ["integer"], "name=value"),
        ("", ["integer=much"], "'much'"),
        ("", ["integer=nan"], "number >= 0"),
        ("", ["speed=1"], "unknown"),
    ],
)
def test_limits_that_say_nothing_are_refused(tmp_path, text, lines, message):
    file = tmp_path / "limits.yaml"
    file.write_text(text)
    with pytest.raises(SettingsError, match=message):
        load_thresholds(file, lines)
