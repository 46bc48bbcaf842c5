"""Leaves a verdict behind: JSON for programs, JUnit XML for CI, one HTML page for people."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from xml.etree import ElementTree

from tactile_equiv.errors import TactileError
from tactile_equiv.json_values import json_value
from tactile_equiv.text_files import write_whole

from .measurement import Measurements
from .verdict import Finding, exit_code

SUITE = "tactile_equiv.shift_check"
VERDICTS = {0: "passed", 1: "failed", 2: "unmeasurable"}


@dataclass(frozen=True)
class ReportFiles:
    """Where a report lies: `json` and `junit` for machines, `page` (HTML) for people."""

    json: Path
    junit: Path
    page: Path


def write_report(
    folder: Path, measurements: Measurements, findings: Sequence[Finding], subject: str
) -> ReportFiles:
    """Write shift_check.json, shift_check.xml and shift_check.html; makes the folder.

    Each file is whole or not there; one of an earlier report never stays beside a new one.

    Args:
        folder: where; files of an earlier report are removed first.
        measurements, findings: what was measured and judged.
        subject: what was checked, for the headings.

    Raises:
        TactileError: if the folder cannot be written, or matplotlib is missing (the page only).
    """
    files = ReportFiles(*(folder / f"shift_check.{end}" for end in ("json", "xml", "html")))
    whole = (files.json, files.junit, files.page)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for file in whole:
            file.unlink(missing_ok=True)
        write_whole(files.json, report_json(measurements, findings, subject).encode())
        write_whole(files.junit, report_junit(findings, subject).encode())
        from .report_page import report_page

        write_whole(files.page, report_page(measurements, findings, subject).encode())
    except OSError as error:
        written = ", ".join(file.name for file in whole if file.is_file()) or "nothing"
        raise TactileError(
            f"report cannot be written: {error}; whole in {folder} is {written}; make room or "
            "name another folder"
        ) from error
    except ImportError as error:
        raise TactileError(
            f"the HTML page needs matplotlib ({error}): install it; {files.json.name} and "
            f"{files.junit.name} are written"
        ) from error
    return files


def report_json(measurements: Measurements, findings: Sequence[Finding], subject: str) -> str:
    """Verdict, findings and every number as JSON; NaN and infinity are null."""
    code = exit_code(findings)
    content = {
        "subject": subject,
        "verdict": VERDICTS[code],
        "exit_code": code,
        "findings": [finding.to_json() for finding in findings],
        "measurements": measurements.to_json(),
    }
    return json.dumps(json_value(content), indent=1, allow_nan=False)


def report_junit(findings: Sequence[Finding], subject: str) -> str:
    """One test case for every finding: failure, error when unmeasurable, skipped when unjudged."""
    outcomes = [finding.outcome for finding in findings]
    suite = ElementTree.Element(
        "testsuite",
        name=f"{SUITE} {subject}",
        tests=str(len(findings)),
        failures=str(outcomes.count("failed")),
        errors=str(outcomes.count("unmeasurable")),
        skipped=str(outcomes.count("reported")),
    )
    tags = {"failed": "failure", "unmeasurable": "error", "reported": "skipped"}
    for finding in findings:
        case = ElementTree.SubElement(suite, "testcase", classname=SUITE, name=finding.name)
        tag = tags.get(finding.outcome)
        if tag:
            ElementTree.SubElement(case, tag, message=finding.sentence)
        else:
            ElementTree.SubElement(case, "system-out").text = finding.sentence
    ElementTree.indent(suite)
    return ElementTree.tostring(suite, encoding="unicode", xml_declaration=True)
