"""The result of an audit: everything measured, judged, as text, JSON and a page."""

from __future__ import annotations

import json
import textwrap
from dataclasses import dataclass
from typing import Any

import tactile_equiv
from tactile_equiv.audit.measurements import LayerMeasurement
from tactile_equiv.audit.pictures import Picture
from tactile_equiv.audit.table import WIDTH, table
from tactile_equiv.audit.thresholds import Thresholds
from tactile_equiv.audit.verdict import Verdict, judge
from tactile_equiv.json_values import json_value
from tactile_equiv.printable import printable

SCHEMA = 1
"""Version of the JSON: keys are added, never renamed or removed, without a new number."""


@dataclass(frozen=True)
class AuditReport:
    """What an audit found.

    Attributes:
        name, kind, input_shape: of the network, see `Subject`.
        stimulus: amplitude, background and contacts in words and numbers.
        layers: the measurements, in order of execution.
        thresholds: what `verdict` judges by.
        pictures: responses of the layers in which something begins.
    """

    name: str
    kind: str
    input_shape: tuple[int, int, int]
    stimulus: dict[str, Any]
    layers: tuple[LayerMeasurement, ...]
    thresholds: Thresholds
    pictures: tuple[Picture, ...]

    @property
    def verdict(self) -> Verdict:
        """Headline and findings; prints as lines of text."""
        return judge(self.layers, self.thresholds)

    def passed(self, thresholds: Thresholds | None = None) -> bool:
        """True if no limit is passed over, those of the report where none are given."""
        return judge(self.layers, thresholds or self.thresholds).passed

    def to_text(self) -> str:
        """A line for every layer, then the verdict; at most 100 characters wide."""
        channels, rows, columns = self.input_shape
        title = printable(f"{self.name}, frames of {channels}x{rows}x{columns}")
        said = map(_wrapped, str(self.verdict).splitlines())
        return "\n".join([title, "", table(self.layers), "", *said])

    def to_json(self) -> str:
        """Everything, as a JSON object; NaN and infinity are null."""
        verdict = self.verdict
        content = {
            "schema": SCHEMA,
            "version": tactile_equiv.__version__,
            "model": self.name,
            "kind": self.kind,
            "input_shape": list(self.input_shape),
            "stimulus": self.stimulus,
            "passed": verdict.passed,
            "outcome": verdict.outcome,
            "headline": verdict.headline,
            "thresholds": self.thresholds.to_json(),
            "findings": [finding.to_json() for finding in verdict.findings],
            "layers": [measured.to_json() for measured in self.layers],
        }
        return json.dumps(json_value(content), indent=1, allow_nan=False)

    def to_html(self) -> str:
        """One page that needs nothing from elsewhere."""
        from tactile_equiv.audit.page import page

        return page(self)


def _wrapped(line: str) -> str:
    """Broken at spaces, but not between a number and its per cent."""
    joined = line.replace(" %", "\N{NO-BREAK SPACE}%")
    broken = textwrap.fill(joined, WIDTH, subsequent_indent="  ", break_on_hyphens=False)
    return broken.replace("\N{NO-BREAK SPACE}", " ")
