"""docs/results.md shows what the accuracy scripts recorded."""

import importlib
import sys
from pathlib import Path

import pytest

from tactile_equiv.markdown_blocks import TABLE

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def rows(monkeypatch):
    monkeypatch.syspath_prepend(str(ROOT / "benchmarks" / "accuracy"))
    monkeypatch.delitem(sys.modules, "rows", raising=False)
    return importlib.import_module("rows")


@pytest.fixture
def figures(rows, monkeypatch, tmp_path):
    monkeypatch.setattr(rows, "FIGURES", tmp_path)
    return rows


def test_the_page_shows_the_recorded_tables(rows):
    page = rows.PAGE.read_text("utf-8")
    assert rows.renewed(page) == page


def test_every_recorded_table_has_a_place_in_the_page(rows):
    places = {place[1] for place in TABLE.findall(rows.PAGE.read_text("utf-8"))}
    assert {file.stem for file in rows.FIGURES.glob("*.json")} <= places


def test_a_row_of_the_same_name_is_replaced(figures):
    old, other = figures.Row("a", {"mean": [0.5]}, "run a"), figures.Row("b", {}, "run b")
    figures.record("one", [old, other])
    new = figures.Row("a", {"mean": [0.25, 0.75]}, "run a", "again")
    figures.record("one", [new])
    assert figures.recorded("one") == [new, other]


def test_a_table_tells_mean_spread_and_number(figures):
    figures.record("one", [figures.Row("a", {"share": [0.25, 0.75], "px": [2.0]}, "run a")])
    page = "before\n<!-- table one -->\nold\n<!-- end of table -->\nafter\n"
    row = "| a | 0.500 ± 0.354 (2) | 2 |  | `run a` |\n"
    titles = "|  | share | px | note | command |\n| --- | --- | --- | --- | --- |\n"
    marks = "before\n<!-- table one -->\n", "<!-- end of table -->\nafter\n"
    assert figures.renewed(page) == marks[0] + titles + row + marks[1]


def test_an_unrecorded_table_stays_empty(figures):
    page = "<!-- table none -->\n<!-- end of table -->"
    assert "none" in figures.renewed(page)
