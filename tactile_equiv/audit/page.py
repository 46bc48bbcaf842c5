"""The page of an audit (HTML): self-contained, the verdict first, then why, then every layer."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from html import escape
from typing import TYPE_CHECKING

from tactile_equiv.audit.charts import bars, colour_of, curves
from tactile_equiv.audit.findings import Finding
from tactile_equiv.audit.measurements import LayerMeasurement
from tactile_equiv.audit.plates import plate
from tactile_equiv.audit.shifts import worse
from tactile_equiv.audit.table import figure, lattice_text
from tactile_equiv.audit.wording import layer_words, operation_words

if TYPE_CHECKING:
    from tactile_equiv.audit.report import AuditReport

STYLE = """
body { font: 15px/1.45 system-ui, sans-serif; color: #24292f; margin: 0 auto; padding: 24px;
  max-width: 1240px; }
h1 { font-size: 20px; font-weight: 600; margin: 0; }
h2 { font-size: 17px; margin: 32px 0 8px; }
h3 { font-size: 15px; margin: 0 0 6px; }
.verdict { border-radius: 8px; color: white; padding: 18px 24px; }
.verdict p { margin: 6px 0 0; font-size: 17px; }
.verdict .word { font-size: 32px; font-weight: 700; text-transform: uppercase; }
.exact, .within { background: #1a7f37; } .beyond { background: #cf222e; }
.facts, .reading { color: #57606a; margin: 10px 0; }
.finding { border-left: 5px solid #cf222e; margin: 10px 0; padding: 4px 14px; }
.finding.told { border-color: #8c959f; }
.finding p { margin: 2px 0; overflow-wrap: anywhere; }
.finding .remedy, .finding .limit { color: #57606a; }
table { border-collapse: collapse; width: 100%; font-variant-numeric: tabular-nums; }
th, td { border-bottom: 1px solid #e1e4e8; padding: 3px 8px; text-align: left; }
th { color: #57606a; font-weight: 600; vertical-align: bottom; }
td.n { text-align: right; white-space: nowrap; }
td.name { font: 13px ui-monospace, monospace; overflow-wrap: anywhere; max-width: 260px; }
tr.culprit td:first-child { box-shadow: inset 4px 0 #cf222e; font-weight: 700; }
tr.silent td { color: #8c959f; }
.cards { display: flex; flex-wrap: wrap; gap: 16px; }
.card { border: 1px solid #d0d7de; border-radius: 8px; padding: 12px; }
.wide { flex: 1 1 100%; }
.panels, .sides { display: flex; flex-wrap: wrap; gap: 12px; }
.panels { flex-wrap: nowrap; }
.panels figure { flex: 0 1 160px; }
.charts { flex: 0 0 430px; align-content: flex-start; }
.plates { flex: 1 1 500px; }
.scrolled { overflow-x: auto; }
svg.curves, figure img { max-width: 100%; height: auto; }
code { font: 13px ui-monospace, monospace; background: #f0f1f3; padding: 1px 4px;
  border-radius: 4px; }
figure { margin: 0; } figcaption { color: #57606a; font-size: 13px; }
figure img { border: 1px solid #d0d7de; box-sizing: border-box; display: block;
  image-rendering: pixelated; }
svg text { fill: #57606a; font: 11px system-ui, sans-serif; }
"""

COLUMNS = (
    ("#", "in order of execution"),
    ("layer", ""),
    ("operation", ""),
    ("output", "channels x rows x columns"),
    ("lattice", "all shifts by multiples of so many pixels are exact"),
    ("shift", "whole pixels, in the middle"),
    ("1, 2, 3 ... px", "error by the shift, rows and columns"),
    ("border", "near the border, phantoms included"),
    ("0, 1, 2 ... px", "error by the distance to the border"),
    ("ripple", "differences between cells of the empty frame"),
    ("sub-px", "shifts by quarters of a pixel"),
    ("turn", "by 90 degrees"),
    ("pooled", "drift of the vector, or of the sum over the map"),
    ("flips", "one-pixel steps at which another class wins"),
)


def page(report: AuditReport) -> str:
    """The page; needs nothing from elsewhere to be shown."""
    verdict = report.verdict
    title, (word, _, reason) = f"Audit of {escape(report.name)}", verdict.headline.partition(": ")
    return f"""<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>{title}</title>
<style>{STYLE}</style></head><body>
<div class="verdict {verdict.outcome}"><h1>{title}</h1>
<span class="word">{escape(word)}</span><p>{escape(reason[:1].upper() + reason[1:])}</p></div>
<p class="facts">{escape(_facts(report))}</p>
{_findings(verdict.findings)}
<h2>Through the network</h2>
<p class="reading">Worst error of every layer; dashed: the limit at the border.</p>
{_course(report)}
<h2>{"Where it begins" if verdict.outcome == "beyond" else "One of the maps"}</h2>
<div class="cards">{_cards(report)}</div>
<h2>Every layer</h2>
<p class="reading">Errors are relative to the layer's largest response to the contact; 0 is exactly
0. Bars are logarithmic, green is exact. Point at a heading or a bar for its meaning.</p>
<div class="scrolled">{_table(report)}</div>
</body></html>
"""


def _facts(report: AuditReport) -> str:
    channels, rows, columns = report.input_shape
    told = report.stimulus
    return (
        f"{len(report.layers)} layers; frames of {channels}x{rows}x{columns}; contacts: "
        f"{told['contacts']}, up to {told['amplitude']:g} on {told['background']:g}"
    )


def _findings(findings: Sequence[Finding]) -> str:
    lost = "".join(_finding(f) for f in findings if f.outcome == "failed")
    told = "".join(_finding(f) for f in findings if f.outcome == "told")
    return (f"<h2>Beyond the limits</h2>{lost}" if lost else "") + (
        f"<h2>Not exact, within the limits or not judged</h2>{told}" if told else ""
    )


def _finding(finding: Finding) -> str:
    limit = "not judged" if finding.limit is None else f"limit {finding.limit:g}"
    remedy = f'<p class="remedy">What helps: {escape(finding.remedy)}.</p>'
    return (
        f'<div class="finding {finding.outcome}"><p>{_prose(finding.sentence)} '
        f'<span class="limit">[{finding.limit_name}: {limit}]</span></p>'
        f"{remedy if finding.outcome == 'failed' else ''}</div>"
    )


def _prose(text: str) -> str:
    """Escaped, with `names` as code."""
    return re.sub("`([^`]*)`", r"<code>\1</code>", escape(text))


def _course(report: AuditReport) -> str:
    """Errors against the number of the layer."""
    answering = [measured for measured in report.layers if measured.answers]
    maps = [measured for measured in answering if measured.grid]
    vectors = [measured for measured in answering if not measured.grid]
    kinds = (
        ("shift", [(float(m.number), m.shift_error) for m in maps]),
        ("border", [(float(m.number), m.border_error) for m in maps]),
        ("ripple", [(float(m.number), m.ripple_error) for m in maps]),
        ("drift", [(float(m.number), m.drift) for m in vectors]),
    )
    series = [(name, points) for name, points in kinds if points]
    count = len(report.layers)
    ticks = sorted({1.0, float(count), *map(float, range(1, count, max(1, count // 30)))})
    return curves(series, "layer", report.thresholds.border, ticks, (1180, 230))


def _cards(report: AuditReport) -> str:
    numbers = dict.fromkeys(
        [f.layer for f in report.verdict.findings if f.outcome == "failed"]
        + [picture.layer for picture in report.pictures]
    )
    return "".join(_card(report, report.layers[number - 1]) for number in numbers)


def _card(report: AuditReport, measured: LayerMeasurement) -> str:
    drawn = _map_curves(report, measured) if measured.grid else _vector_curves(report, measured)
    plates = [plate(picture) for picture in report.pictures if picture.layer == measured.number]
    return (
        f'<div class="card wide"><h3>{_prose(layer_words(measured))}</h3><div class="sides">'
        f'<div class="sides charts">{"".join(drawn)}</div>'
        f'<div class="plates">{"".join(plates)}</div></div></div>'
    )


def _map_curves(report: AuditReport, measured: LayerMeasurement) -> Iterator[str]:
    """Error against the shift, and against the distance to the border."""
    limits, (rows, columns) = report.thresholds, measured.shifts.whole
    by_shift = [
        (name, [(0, 0.0), *sorted(found.items())])
        for name, found in (("rows", rows), ("columns", columns))
    ]
    yield curves(by_shift, "shift in pixels", limits.integer, sorted({0, *rows, *columns}))
    sides = [
        (s, sorted(found.items())) for s, found in measured.border.by_distance.items() if found
    ]
    if sides:
        ticks = sorted({distance for _, points in sides for distance, _ in points})
        yield curves(sides, "empty pixels between contact and border", limits.border, ticks)


def _vector_curves(report: AuditReport, measured: LayerMeasurement) -> Iterator[str]:
    """Drift against the position of the contact."""
    if measured.slides:
        rows, columns = measured.slides.drift_by_position
        by_place = [("rows", sorted(rows.items())), ("columns", sorted(columns.items()))]
        last = max({*rows, *columns})
        ticks = [*range(0, last, max(1, last // 8)), last]
        limit = report.thresholds.pooled_drift
        yield curves(by_place, "first pixel of the contact", limit, ticks)


def _table(report: AuditReport) -> str:
    head = "".join(f'<th title="{escape(told)}">{name}</th>' for name, told in COLUMNS)
    begins = {f.layer for f in report.verdict.findings if f.outcome == "failed"}
    rows = "".join(_row(report, m, m.number in begins) for m in report.layers)
    return f"<table><tr>{head}</tr>{rows}</table>"


def _row(report: AuditReport, measured: LayerMeasurement, begins: bool) -> str:
    layer, limits = measured.layer, report.thresholds
    cells = [
        f'<td class="n">{measured.number}</td>',
        f'<td class="name">{escape(layer.name)}</td>',
        f"<td>{escape(operation_words(layer.operation))}</td>",
        f'<td class="n">{"x".join(map(str, layer.shape))}</td>',
    ]
    if not measured.answers:
        return f'<tr class="silent">{"".join(cells)}<td colspan="10">no response</td></tr>'
    if measured.grid:
        cells += [f'<td class="n">{lattice_text(measured)}</td>', *_map_cells(measured, report)]
    else:
        cells += 6 * ["<td></td>"]
        cells.append(_heat(measured.shifts.drift_parts, limits.pooled_subpixel, measured))
    turned = measured.rotation
    cells.append("<td></td>" if turned is None else _heat(turned, limits.rotation, measured))
    cells.append(_heat(measured.drift, limits.pooled_drift, measured, judged=not measured.grid))
    slides = measured.slides
    cells.append(f'<td class="n">{f"{slides.flips}/{slides.steps}" if slides else ""}</td>')
    return f'<tr class="{"culprit" if begins else ""}">{"".join(cells)}</tr>'


def _map_cells(measured: LayerMeasurement, report: AuditReport) -> list[str]:
    limits, (rows, columns) = report.thresholds, measured.shifts.whole
    by_shift = {s: worse(rows.get(s, 0.0), columns.get(s, 0.0)) for s in {*rows, *columns}}
    by_distance: dict[int, float] = {}
    for found in measured.border.by_distance.values():
        for distance, error in found.items():
            by_distance[distance] = worse(by_distance.get(distance, 0.0), error)
    return [
        _heat(measured.shift_error, limits.integer, measured),
        f"<td>{bars(by_shift, measured.exact, 'error by shift')}</td>",
        _heat(measured.border_error, limits.border, measured)
        if measured.border.measured
        else "<td></td>",
        f"<td>{bars(by_distance, measured.exact, 'error by distance')}</td>",
        _heat(measured.ripple_error, limits.ripple, measured),
        _heat(measured.part_error, limits.subpixel, measured),
    ]


def _heat(
    error: float, limit: float | None, measured: LayerMeasurement, judged: bool = True
) -> str:
    """A number on the colour of its size; grey where nothing is judged by it."""
    colour = "#f3f4f6"
    if judged and limit is not None:
        colour = colour_of(error, max(limit, measured.exact))
    return f'<td class="n" style="background:{colour}">{figure(error)}</td>'
