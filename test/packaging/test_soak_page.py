"""docs/soak.md shows what the recorded soak measured, as it is judged now."""

import json
from pathlib import Path

import pytest
from tactile_equiv_sim.soak_record import SoakRecord
from tactile_equiv_sim.soak_report import report_json
from tactile_equiv_sim.soak_table import table
from tactile_equiv_sim.soak_verdict import exit_code, judge

from tactile_equiv.json_values import json_value

DOCS = Path(__file__).resolve().parents[2] / "docs"


@pytest.fixture(scope="module")
def record():
    return SoakRecord.load(DOCS / "soak" / "soak.npz")


def test_the_page_shows_the_record(record):
    lines = (DOCS / "soak.md").read_text("utf-8").splitlines()
    shown = table(record, judge(record)).splitlines()
    drawn = "latency p99"  # the interval of this one rests on numpy's random numbers
    assert [line for line in shown if line not in lines and not line.startswith(drawn)] == []


def test_the_figures_are_those_of_the_record(record):
    written = json.loads((DOCS / "soak" / "soak.json").read_text("utf-8"))
    expected = json_value(report_json(record, judge(record)))
    assert [one["outcome"] for one in written["findings"]] == [
        one["outcome"] for one in expected["findings"]
    ]
    assert written["frames"] == expected["frames"]


def test_the_record_took_an_hour_in_which_nothing_failed(record):
    assert record.plan.seconds >= 3600
    assert record.plan.rate_hz == 200
    assert exit_code(judge(record), decide=False) == 0
