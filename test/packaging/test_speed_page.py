"""docs/speed.md shows what the recorded run of `make bench` measured."""

import importlib.util
import json
import sys
from pathlib import Path

import pytest

from tactile_equiv.markdown_blocks import output_of

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def bench(monkeypatch):
    monkeypatch.syspath_prepend(str(ROOT / "benchmarks"))
    spec = importlib.util.spec_from_file_location("bench_run", ROOT / "benchmarks" / "run.py")
    module = importlib.util.module_from_spec(spec)
    monkeypatch.setitem(sys.modules, "bench_run", module)
    spec.loader.exec_module(module)
    return module


@pytest.fixture
def recorded():
    return json.loads((ROOT / "benchmarks" / "results.json").read_text("utf-8"))


def test_the_page_shows_the_recorded_targets(bench, recorded):
    page = (ROOT / "docs" / "speed.md").read_text("utf-8")
    assert output_of(page, bench.COMMAND) == bench.report(recorded["targets"]) + "\n"


def test_the_recorded_targets_follow_from_the_recorded_figures(bench, recorded):
    assert bench.judged(recorded["parts"]) == recorded["targets"]


def test_a_figure_that_is_no_number_reaches_no_target(bench):
    assert not any(target.reached(float("nan")) for target in bench.TARGETS)
