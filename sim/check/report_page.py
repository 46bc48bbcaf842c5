"""The HTML page of a report: self-contained, the verdict first, then why, then the plots."""

from __future__ import annotations

import base64
from collections.abc import Sequence
from html import escape

from .measurement import Measurements
from .report_plots import report_plots
from .verdict import Finding, Outcome, exit_code, quantity
from .worst_frames import worst_frames

STYLE = """
body { font: 15px/1.45 system-ui, sans-serif; color: #24292f; margin: 0 auto; padding: 24px;
  max-width: 1320px; }
h1 { font-size: 20px; font-weight: 600; margin: 0; }
h2 { font-size: 17px; margin: 32px 0 8px; }
.verdict { border-radius: 8px; color: white; padding: 18px 24px; }
.verdict p { margin: 6px 0 0; }
.verdict ul { margin: 8px 0 0; padding-left: 20px; }
.verdict .word { font-size: 32px; font-weight: 700; }
.v0 { background: #1a7f37; } .v1 { background: #cf222e; } .v2 { background: #7d4e00; }
.facts { color: #57606a; margin: 10px 0 0; }
table { border-collapse: collapse; width: 100%; }
th, td { border-bottom: 1px solid #d0d7de; padding: 4px 10px; text-align: left;
  vertical-align: top; }
th { color: #57606a; font-weight: 600; }
td.number { text-align: right; white-space: nowrap; font-variant-numeric: tabular-nums; }
.mark { border-radius: 10px; padding: 1px 10px; white-space: nowrap; font-size: 13px; }
.failed .mark { background: #cf222e; color: white; }
.unmeasurable .mark { background: #7d4e00; color: white; }
.passed .mark { background: #dafbe1; color: #116329; }
.reported .mark { background: #eaeef2; color: #57606a; }
tr.failed td { background: #fff1f0; } tr.unmeasurable td { background: #fff8e5; }
.name { color: #57606a; font: 13px ui-monospace, monospace; }
.failed .rest, .unmeasurable .rest { display: block; margin-top: 2px; }
.failed b { font-size: 16px; }
.plots { columns: 2 560px; column-gap: 16px; }
figure { border: 1px solid #d0d7de; border-radius: 8px; break-inside: avoid; margin: 0 0 16px;
  padding: 12px; }
figure img { max-width: 100%; display: block; margin: auto; }
figcaption { margin-bottom: 8px; } figcaption b { display: block; }
"""

WORDS = {0: "PASSED", 1: "FAILED", 2: "COULD NOT BE MEASURED"}
MARKS: dict[Outcome, str] = {
    "failed": "✗ failed",
    "unmeasurable": "? not measured",
    "passed": "✓ passed",
    "reported": "reported",
}


def report_page(measurements: Measurements, findings: Sequence[Finding], subject: str) -> str:
    """The page; needs nothing from elsewhere to be shown.

    Raises:
        ImportError: if matplotlib is missing.
    """
    return f"""<!doctype html>
<html lang="en"><head><meta charset="utf-8">
<title>{WORDS[exit_code(findings)].lower()}: shift check of {escape(subject)}</title>
<style>{STYLE}</style></head><body>
{_headline(measurements, findings, subject)}
<h2>Findings</h2>
{_table(findings)}
<h2>Plots</h2>
<div class="plots">{_plots(measurements, findings)}</div>
{_frames(measurements)}
</body></html>
"""


def _headline(measurements: Measurements, findings: Sequence[Finding], subject: str) -> str:
    code = exit_code(findings)
    wrong = [finding for finding in findings if not finding.passed]
    judged = [finding for finding in findings if finding.outcome != "reported"]
    reasons = "".join(_reason(finding) for finding in wrong)
    count = f"{len(judged) - len(wrong)} of {len(judged)} judged findings passed"
    live, stream = measurements.liveness, measurements.stream
    moves = ", ".join(dict.fromkeys(frame.move for frame in stream.injected))
    classes = ", ".join(
        sorted({contact.label for frame in stream.injected for contact in frame.contacts})
    )
    facts = (
        f"{live.injected} frames injected, {live.answered} answered; latency p50 "
        f"{1e3 * live.latency_p50:.3g} ms, p99 {1e3 * live.latency_p99:.3g} ms; moves: {moves}; "
        f"textures: {classes}"
    )
    return (
        f'<div class="verdict v{code}"><h1>Shift check of {escape(subject)}</h1>'
        f'<span class="word">{WORDS[code]}</span><p>{count}</p>'
        f"<ul>{reasons}</ul></div>"
        f'<p class="facts">{escape(facts)}</p>'
    )


def _reason(finding: Finding) -> str:
    why = finding.cause or finding.detail
    return f"<li><b>{escape(finding.claim)}</b>: {escape(why)}</li>"


def _table(findings: Sequence[Finding]) -> str:
    order = list(MARKS)
    rows = [_row(finding) for finding in sorted(findings, key=lambda f: order.index(f.outcome))]
    head = "<tr><th>outcome</th><th>finding</th><th>measured</th><th>limit</th></tr>"
    return f"<table>{head}{''.join(rows)}</table>"


def _row(finding: Finding) -> str:
    claim = f"<b>{escape(finding.claim)}</b>: " if finding.claim else ""
    rest = f"{finding.detail}; {finding.cause}" if finding.cause else finding.detail
    measured = "" if finding.measured is None else quantity(finding.measured, finding.unit)
    limit = ""
    if finding.limit is not None:
        limit = ("≥ " if finding.at_least else "≤ ") + quantity(finding.limit, finding.unit)
    return (
        f'<tr class="{finding.outcome}"><td><span class="mark">{MARKS[finding.outcome]}</span></td>'
        f'<td>{claim}<span class="rest">{escape(rest)}</span> '
        f'<span class="name">{escape(finding.name)}</span></td>'
        f'<td class="number">{measured}</td><td class="number">{limit}</td></tr>'
    )


def _plots(measurements: Measurements, findings: Sequence[Finding]) -> str:
    return "".join(
        _figure(plot.heading, plot.reading, "svg+xml", base64.b64encode(plot.svg.encode()).decode())
        for plot in report_plots(measurements, findings)
    )


def _frames(measurements: Measurements) -> str:
    frames = worst_frames(measurements)
    if not frames:
        return ""
    figures = "".join(_figure("", frame.caption, "png", frame.png) for frame in frames)
    return (
        "<h2>Worst frames</h2><p>Green cross: true place; orange cross: seen place; violet: "
        "nothing to compare with. Brightest = the maximum named above each picture.</p>"
        f'<div class="frames">{figures}</div>'
    )


def _figure(heading: str, reading: str, kind: str, data: str) -> str:
    title = f"<b>{escape(heading)}</b>" if heading else ""
    text = escape(reading)
    return (
        f"<figure><figcaption>{title}{text}</figcaption>"
        f'<img alt="{escape(heading or reading)}" src="data:image/{kind};base64,{data}"></figure>'
    )
