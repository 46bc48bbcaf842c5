"""docs/fuzzing.md shows a whole run of `make fuzz` in which nothing was found."""

import re
from pathlib import Path

import pytest

from fuzz import report
from tactile_equiv.markdown_blocks import output_of

PAGE = Path(__file__).resolve().parents[2] / "docs" / "fuzzing.md"


def result(kind="message", findings=()):
    """A campaign of three inputs."""
    tally = {"kind": kind, "inputs": 3, "answered": 1, "refused": {"data": 2}, "slowest_s": 0.5}
    memory = {"peak_mb": 1.0, "bytes_an_input": 2.0}
    named = {"name": "messages", "driver": "random", "processor_s": 4.0}
    return {"tallies": {"image": tally}, "findings": list(findings), "memory": memory, **named}


def refused(kind):
    """Inputs of a kind that were refused in the run on the page."""
    block = output_of(PAGE.read_text("utf-8"), report.COMMAND)
    (line,) = re.findall(rf"^{kind} +\d+ +(\d+) +\d+", block, re.MULTILINE)
    return int(line)


def test_the_run_on_the_page_is_whole_and_found_nothing():
    if not output_of(PAGE.read_text("utf-8"), report.COMMAND):
        pytest.skip("no run is on the page: make fuzz ARGS='--page docs/fuzzing.md'")
    assert "no crash, no hang, no wrong answer, no leak" in PAGE.read_text("utf-8")
    assert refused("message") + refused("live") >= 200_000
    assert refused("live") >= 20_000
    assert refused("file") >= 10_000


def test_the_table_says_what_was_found():
    finding = {"kind": "hang", "subject": "image", "place": "cdr.py:1", "count": 1}
    said = report.table([result(), result("file", [finding])])
    assert "FOUND: 1 x hang" in said
    assert re.search(r"^message +3 +2 +1 +500$", said, re.MULTILINE)
    assert "FOUND" not in report.table([result()])
