"""See where a network stops being equivariant: layer by layer, under every shift.

from tactile_equiv.audit import audit
report = audit(my_module, input_shape=(1, 32, 32))
print(report.verdict)
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from tactile_equiv.audit.measurements import contacts_of, measure
from tactile_equiv.audit.one_period import OnePeriod
from tactile_equiv.audit.pictures import pictures
from tactile_equiv.audit.probe import Probe
from tactile_equiv.audit.report import AuditReport
from tactile_equiv.audit.stimuli import Stage, recorded_contact
from tactile_equiv.audit.thresholds import Thresholds, load_thresholds
from tactile_equiv.audit.traced import LayerOutput, Subject
from tactile_equiv.audit.verdict import Verdict, judge
from tactile_equiv.errors import AuditError
from tactile_equiv.topology import PLANE, wrapped_axis

if TYPE_CHECKING:
    from torch import nn

__all__ = [
    "AuditError",
    "AuditReport",
    "LayerOutput",
    "Subject",
    "Thresholds",
    "Verdict",
    "audit",
    "load_thresholds",
]


def audit(
    model: str | nn.Module | Subject,
    input_shape: tuple[int, int, int] | None = None,
    *,
    amplitude: float = 1.0,
    background: float = 0.0,
    seeds: int = 2,
    frame: Path | None = None,
    frame_index: int = 0,
    thresholds: Thresholds | None = None,
    trust_code: bool = False,
    topology: str = PLANE,
) -> AuditReport:
    """Measure a network layer by layer under moved contacts.

    Args:
        model: a torch module; a name or file, see `load_subject`; or anything that is a `Subject`.
        input_shape: (C, H, W) of the frames; needed where the network does not tell it.
        amplitude: largest value of a contact above the background, in the network's input units.
        background: value of an untouched pixel.
        seeds: simulated contacts of each kind, from 1.
        frame: .npz whose contact is taken instead, see `recorded_contact`.
        frame_index: which frame of the file.
        thresholds: the limits to judge by.
        trust_code: run programs from files, see `load_subject`.
        topology: of the sensor; round a finger contacts go on over the seam, and maps are compared
            rolled. A model of this package wraps there as `perceive` does, any other as it pads.

    Raises:
        SettingsError: for an unknown topology.
        AuditError: if the network cannot be loaded or traced, or answers NaN, or not to contacts,
            or an argument is out of range: there is no report then.
    """
    if seeds < 1:
        raise AuditError(f"seeds is {seeds}: audit with at least one contact")
    axis = wrapped_axis(topology)
    subject = _subject(model, input_shape, trust_code, axis)
    if axis is not None:
        subject = OnePeriod(subject, axis)
    stage = Stage(subject.input_shape, amplitude, background, axis)
    recorded = recorded_contact(frame, stage, frame_index) if frame else None
    probe = Probe(subject, stage)
    smooth, steep = contacts_of(stage, seeds, recorded)
    layers = measure(probe, smooth, steep)
    limits = thresholds or Thresholds()
    findings = judge(layers, limits).findings
    return AuditReport(
        name=subject.name,
        kind=subject.kind,
        input_shape=subject.input_shape,
        stimulus={
            "amplitude": amplitude,
            "background": background,
            "contacts": f"frame {frame_index} of {frame}" if frame else f"{seeds} simulated",
            **({} if axis is None else {"topology": topology}),
        },
        layers=layers,
        thresholds=limits,
        pictures=pictures(probe, layers, findings, smooth[0], steep[0]),
    )


def _subject(
    model: str | nn.Module | Subject,
    input_shape: tuple[int, int, int] | None,
    trust_code: bool,
    axis: int | None,
) -> Subject:
    from torch import nn

    from tactile_equiv.audit.subjects import load_subject, subject_of_module

    if isinstance(model, str):
        return load_subject(model, input_shape, trust_code=trust_code, axis=axis)
    if isinstance(model, nn.Module):
        if input_shape is None:
            raise AuditError("a torch module needs input_shape, such as (1, 32, 32)")
        return subject_of_module(model, input_shape)
    return model
