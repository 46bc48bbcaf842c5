"""Judges measurements against thresholds: the only place where the audit says good or bad."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from operator import attrgetter

import numpy as np

from tactile_equiv.audit.attribution import (
    Account,
    Layers,
    account_for_border,
    account_for_ripple,
    account_for_shifts,
)
from tactile_equiv.audit.findings import (
    REMEDIES,
    Cause,
    Finding,
    growth,
    judged_maps,
    judged_vectors,
)
from tactile_equiv.audit.measurements import LayerMeasurement
from tactile_equiv.audit.thresholds import Thresholds
from tactile_equiv.audit.vector_attribution import (
    account_for_drift,
    account_for_flips,
    output_words,
)
from tactile_equiv.audit.wording import layer_words, listed, percent
from tactile_equiv.printable import printable

SHORT: dict[Cause, str] = {
    "stride": "shifts are exact only on the lattice of a stride",
    "position": "answers differ from place to place",
    "border_inside": "the border is felt in the middle",
    "padding": "padding changes the border",
    "circular": "contacts wrap around the border",
    "statistics": "the whole map feels contacts near the border",
    "cropping": "responses are cut off at the border",
    "flatten": "every position has weights of its own",
    "sampling": "parts of a pixel change the answer",
    "orientation": "the answer does not turn with the contact",
    "unknown": "outputs depend on position",
}


@dataclass(frozen=True)
class Criterion:
    """One property: which layers are judged, by which number, and who accounts for it."""

    limit_name: str
    judged: Callable[[Layers], list[LayerMeasurement]]
    error: Callable[[LayerMeasurement], float]
    account: Callable[[Layers, LayerMeasurement], Account]


@dataclass(frozen=True)
class Verdict:
    """The judgement; printed, it is the headline and a line for every finding.

    Attributes:
        outcome: "exact" = no finding but those that sampling and orientation give every network,
            "within" = within the limits, "beyond" = beyond one of them.
        headline: one sentence.
        findings: what is lost; failures first, by layer.
    """

    outcome: str
    headline: str
    findings: tuple[Finding, ...]

    @property
    def passed(self) -> bool:
        """No limit is passed over."""
        return self.outcome != "beyond"

    def __str__(self) -> str:
        lines, advised = [self.headline], set()
        for finding in self.findings:
            failed = finding.outcome == "failed"
            lines.append(f"{'x' if failed else '-'} {finding.sentence}")
            if failed and finding.cause not in advised:
                lines.append(f"  what helps: {finding.remedy}")
                advised.add(finding.cause)
        return "\n".join(map(printable, lines))


def judge(layers: Layers, thresholds: Thresholds) -> Verdict:
    """A finding for every property that is lost, and what they come to."""
    found = (_finding(criterion, layers, thresholds) for criterion in CRITERIA)
    findings = _independent([finding for finding in found if finding is not None])
    failed = [finding for finding in findings if finding.outcome == "failed"]
    silent = _silent(layers)
    if failed:
        return Verdict("beyond", _failure(failed) + silent, findings)
    lost = [f for f in findings if f.limit_name not in UNAVOIDABLE]
    if lost:
        worst = [f"{f.limit_name} {percent(f.error)}" for f in lost]
        told = f"Within the limits: not exact are {listed(worst)}."
        return Verdict("within", told + silent, findings)
    return Verdict("exact", _praise(layers) + silent, findings)


def _independent(findings: list[Finding]) -> tuple[Finding, ...]:
    """Failures first, by layer; without the border of a layer that fails everywhere anyway."""
    failed = [f for f in findings if f.outcome == "failed"]
    everywhere = {f.layer for f in failed if f.limit_name == "integer" and f.cause == "position"}
    kept = [f for f in findings if not (f.limit_name == "border" and f.layer in everywhere)]
    return tuple(sorted(kept, key=lambda f: (f.outcome != "failed", f.layer)))


UNAVOIDABLE = ("subpixel", "pooled_subpixel", "half_flips", "rotation")
"""Lost by every network to some degree, and judged only where a limit is given."""


def _finding(criterion: Criterion, layers: Layers, thresholds: Thresholds) -> Finding | None:
    limit: float | None = getattr(thresholds, criterion.limit_name)
    judged = criterion.judged(layers)
    errors = [criterion.error(measured) for measured in judged]
    lost = [
        m
        for m, e in zip(judged, errors, strict=True)
        if not e <= (m.exact if limit is None else min(m.exact, max(limit, m.layer.noise)))
    ]
    if not lost:
        return None
    beyond = [
        m
        for m, e in zip(judged, errors, strict=True)
        if not math.isfinite(e) or (limit is not None and not e <= max(limit, m.layer.noise))
    ]
    begins = (beyond or lost)[0]
    if not beyond and criterion.limit_name in UNAVOIDABLE:
        begins = judged[int(np.argmax(errors))]
    layer, cause, sentence = criterion.account(layers, begins)
    return Finding(
        limit_name=criterion.limit_name,
        outcome="failed" if beyond else "told",
        error=float(np.max(errors)),  # unlike max, np.max keeps NaN
        limit=limit,
        layer=layer.number,
        cause=cause,
        sentence=sentence,
        remedy=REMEDIES[cause],
    )


def _failure(failed: list[Finding]) -> str:
    first: dict[Cause, int] = {}
    for finding in failed:
        first[finding.cause] = min(finding.layer, first.get(finding.cause, finding.layer))
    reasons = [f"{SHORT[cause]} (from layer {layer})" for cause, layer in first.items()]
    return f"Not equivariant: {'; '.join(reasons)}."


def _silent(layers: Layers) -> str:
    names = [f"`{m.layer.name}`" for m in layers if m.layer.is_output and not m.answers]
    return f" Not judged, as no contact changes it: output {listed(names)}." if names else ""


def _praise(layers: Layers) -> str:
    maps, vectors = judged_maps(layers), judged_vectors(layers)
    errors = [e for m in maps for e in (m.shift_error, m.border_error)]
    errors += [m.drift for m in vectors]
    what = []
    if maps:
        what.append(f"{len(maps)} maps move by whole pixels with the contact, up to the border")
    if vectors:
        what.append(f"{len(vectors)} outputs stay")
    worst = float(np.max(errors))
    return f"Exact: {', and '.join(what)}; worst error {worst:.1g} of the response."


def _account_for_parts(layers: Layers, first: LayerMeasurement) -> Account:
    raised = growth(judged_maps(layers), first, attrgetter("part_error"))
    error = percent(first.part_error)
    text = f"moved by parts of a pixel, {layer_words(first)} differs by up to {error}"
    return first, "sampling", text + raised


def _account_for_pooled_parts(layers: Layers, output: LayerMeasurement) -> Account:
    drift = percent(output.shifts.drift_parts)
    text = f"moved by parts of a pixel, {output_words(output)} drifts by up to {drift}"
    return output, "sampling", text


def _account_for_half_flips(layers: Layers, output: LayerMeasurement) -> Account:
    assert output.slides is not None
    text = (
        f"in {output_words(output)} another value becomes the largest at "
        f"{output.slides.half_flips} of {output.slides.half_steps} steps of half a pixel"
    )
    return output, "sampling", text


def _account_for_rotation(layers: Layers, first: LayerMeasurement) -> Account:
    error = percent(first.rotation_error)
    text = f"turned by 90°, {layer_words(first)} differs by up to {error}"
    return first, "orientation", text + growth(layers, first, attrgetter("rotation_error"))


def _judged_turns(layers: Layers) -> list[LayerMeasurement]:
    return judged_maps(layers) + judged_vectors(layers)


def _parts_drift(measured: LayerMeasurement) -> float:
    return measured.shifts.drift_parts


CRITERIA = (
    Criterion("integer", judged_maps, attrgetter("shift_error"), account_for_shifts),
    Criterion("border", judged_maps, attrgetter("border_error"), account_for_border),
    Criterion("ripple", judged_maps, attrgetter("ripple_error"), account_for_ripple),
    Criterion("pooled_drift", judged_vectors, attrgetter("drift"), account_for_drift),
    Criterion("flips", judged_vectors, attrgetter("flips"), account_for_flips),
    Criterion("subpixel", judged_maps, attrgetter("part_error"), _account_for_parts),
    Criterion("pooled_subpixel", judged_vectors, _parts_drift, _account_for_pooled_parts),
    Criterion("half_flips", judged_vectors, attrgetter("half_flips"), _account_for_half_flips),
    Criterion("rotation", _judged_turns, attrgetter("rotation_error"), _account_for_rotation),
)
