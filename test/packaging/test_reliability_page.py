"""Each row of the table of faults names a test that exists."""

import re
from pathlib import Path

import pytest

PAGE = Path(__file__).resolve().parents[2] / "docs" / "reliability.md"
ROWS = [line for line in PAGE.read_text("utf-8").splitlines() if re.match(r"\| (?!fault )\w", line)]
NAMED = re.compile(r"\[([\w/]+\.py)\]\(\.\./test/([\w/]+\.py)\)((?:,? `\w+`)*)")


def missing(row):
    """What a row says of tests that is not so."""
    named = NAMED.findall(row.split("|")[4])
    if not named:
        return ["names no test"]
    wrong = []
    for shown, file, parts in named:
        path = PAGE.parents[1] / "test" / file
        tests = re.findall(r"(?m)^def (test_\w+)", path.read_text("utf-8"))
        wrong += [] if shown == file else [f"{shown} is {file}"]
        wrong += [
            f"{part} in {file}"
            for part in re.findall(r"`(\w+)`", parts)
            if not any(part in test for test in tests)
        ]
    return wrong


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.split("|")[1].strip()[:40])
def test_its_tests_exist(row):
    assert missing(row) == []


def test_there_are_rows_and_a_wrong_one_is_found():
    assert len(ROWS) > 40
    assert missing("| a | b | c | [a.py](a.py) |") == ["names no test"]
    wrong = "| a | b | c | [graph/test_time.py](../test/graph/test_time.py) `no_such_test` |"
    assert missing(wrong) == ["no_such_test in graph/test_time.py"]
