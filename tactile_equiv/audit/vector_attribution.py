"""Finds what makes a vector depend on the position of the contact."""

from __future__ import annotations

from collections.abc import Iterator

from tactile_equiv.audit.attribution import Account, Layers
from tactile_equiv.audit.findings import Cause, judged_maps
from tactile_equiv.audit.measurements import LayerMeasurement
from tactile_equiv.audit.wording import layer_words, listed, percent


def account_for_drift(layers: Layers, output: LayerMeasurement) -> Account:
    """Why an output drifts while the contact moves by whole pixels."""
    text = f"{output_words(output)} drifts by {percent(output.drift)} while the contact moves"
    return _because(layers, output, text)


def account_for_flips(layers: Layers, output: LayerMeasurement) -> Account:
    """Why another class wins while the contact moves by whole pixels."""
    assert output.slides is not None
    text = (
        f"in {output_words(output)} another value becomes the largest at {output.slides.flips} of "
        f"{output.slides.steps} steps of one pixel"
    )
    return _because(layers, output, text)


def output_words(output: LayerMeasurement) -> str:
    """Such as: output `head` (22 values)."""
    return f"output `{output.layer.name}` ({output.layer.shape[0]} values)"


def _because(layers: Layers, output: LayerMeasurement, text: str) -> Account:
    before = [measured for measured in layers if measured.number <= output.number]
    vectors = _after_the_maps(before)
    flat = next((m for m in vectors if m.layer.operation == "flatten"), None)
    if flat is not None:
        why = f"{layer_words(flat)} gives every position weights of its own"
        return flat, "flatten", f"{text}: {why}"
    reasons = sorted(_on_maps(judged_maps(before), output), key=lambda r: -r[0])
    if not reasons:
        first = next((m for m in vectors if not m.drift <= m.exact), output)
        return first, "unknown", f"{text}: it begins in {layer_words(first)}"
    _, culprit, cause, _ = reasons[0]
    return culprit, cause, f"{text}: {listed([why for *_, why in reasons])}"


def _on_maps(
    maps: Layers, output: LayerMeasurement
) -> Iterator[tuple[float, LayerMeasurement, Cause, str]]:
    """Drift, layer, cause and words for the middle of the sensor and for its border."""
    unsteady = next((m for m in maps if not m.shifts.drift_whole <= m.exact), None)
    inside, outside = output.shifts.drift_whole, output.border.drift
    if unsteady is not None and not inside <= output.exact:
        cause: Cause = "position" if None in unsteady.lattice else "stride"
        words = f"the sum over the map of {layer_words(unsteady)} is not steady"
        yield inside, unsteady, cause, f"{words} ({percent(inside)} in the middle)"
    cropped = next((m for m in maps if not m.border.drift <= m.exact), None)
    if cropped is not None and not outside <= output.exact and cropped is not unsteady:
        words = f"{layer_words(cropped)} loses part of the response at the border"
        yield outside, cropped, "cropping", f"{words} ({percent(outside)})"


def _after_the_maps(before: Layers) -> list[LayerMeasurement]:
    """The vectors that follow the last map."""
    last = max((m.number for m in before if m.layer.is_map), default=0)
    return [measured for measured in before if measured.number > last]
