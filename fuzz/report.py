"""What a run found, as a table, and on the page docs/fuzzing.md."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Any

COMMAND = "make fuzz"
"""Begins the block of docs/fuzzing.md that shows a run."""

KINDS = ("message", "live", "parameter", "file")

Result = dict[str, Any]


def findings(results: Sequence[Result]) -> list[dict[str, Any]]:
    """Everything that broke the law."""
    return [finding for result in results for finding in result["findings"]]


def table(results: Sequence[Result]) -> str:
    """Figures of a run: by kind of input, by reason of refusal, by campaign."""
    return "\n".join([*_kinds(results), "", *_reasons(results), "", *_campaigns(results)]) + "\n"


def told(finding: dict[str, Any]) -> str:
    """A finding in full."""
    head = f"{finding['subject']}: {finding['kind']}, {finding['place']}, {finding['count']} times"
    return f"{head}\n  {finding['source']}\n  {finding['detail']}\n"


def _kinds(results: Sequence[Result]) -> list[str]:
    lines = [f"{'':10} {'inputs':>8} {'refused':>8} {'answered':>8}  slowest, ms"]
    tallies = [tally for result in results for tally in result["tallies"].values()]
    for kind in KINDS:
        mine = [tally for tally in tallies if tally["kind"] == kind]
        if mine:
            inputs, answered = (sum(t[name] for t in mine) for name in ("inputs", "answered"))
            refused = sum(sum(tally["refused"].values()) for tally in mine)
            slowest = max(tally["slowest_s"] for tally in mine)
            shown = f"{1e3 * slowest:11.0f}" if slowest else ""
            lines.append(f"{kind:10} {inputs:8} {refused:8} {answered:8}  {shown}".rstrip())
    return lines


def _reasons(results: Sequence[Result]) -> list[str]:
    counts: dict[str, Counter[str]] = {kind: Counter() for kind in KINDS}
    for result in results:
        for tally in result["tallies"].values():
            counts[tally["kind"]].update(tally["refused"])
    return [
        f"{kind:10} " + ", ".join(f"{reason} {n}" for reason, n in counted.most_common())
        for kind, counted in counts.items()
        if counted
    ]


def _campaigns(results: Sequence[Result]) -> list[str]:
    head = f"{'campaign':22} {'inputs':>8} {'s':>6} {'peak MB':>8} {'bytes/input':>12}"
    return [head, *map(_campaign, results), "", _verdict(results)]


def _campaign(result: Result) -> str:
    inputs = sum(tally["inputs"] for tally in result["tallies"].values())
    memory = result["memory"] or {"peak_mb": 0.0, "bytes_an_input": 0.0}
    return (
        f"{result['name'] + ', ' + result['driver']:22} {inputs:8} {result['processor_s']:6.0f} "
        f"{memory['peak_mb']:8.0f} {memory['bytes_an_input']:12.1f}"
    )


def _verdict(results: Sequence[Result]) -> str:
    found = Counter(finding["kind"] for finding in findings(results))
    if not found:
        return "no crash, no hang, no wrong answer, no leak"
    return "FOUND: " + ", ".join(f"{count} x {kind}" for kind, count in found.items())
