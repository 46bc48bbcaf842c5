"""The CI example of the documentation names only what exists."""

import re
from dataclasses import fields
from pathlib import Path

import pytest
import yaml
from tactile_equiv_sim.check.thresholds import load_thresholds
from tactile_equiv_sim.check_settings import CheckSettings
from tactile_equiv_sim.simulator_settings import SimulatorSettings

ROOT = Path(__file__).resolve().parents[2]
TEXT = (ROOT / "docs" / "continuous-integration.md").read_text()
SETTINGS = {"simulator_node": SimulatorSettings, "shift_check": CheckSettings}


@pytest.fixture(scope="module")
def steps():
    workflow = yaml.safe_load(re.search(r"```yaml\n(.*?)```", TEXT, re.S).group(1))
    return workflow["jobs"]["shift-check"]["steps"]


def commands(steps):
    """Executable and arguments of every `ros2 run tactile_equiv` in the example."""
    (check,) = (step["run"] for step in steps if step.get("name") == "Check")
    return re.findall(r"ros2 run tactile_equiv (\w+) ((?:.|\\\n)*?)(?:&|$)\n?", check)


def test_parameters_of_the_example_are_declared(steps):
    found = commands(steps)
    assert [executable for executable, _ in found] == list(SETTINGS)
    for executable, arguments in found:
        given = re.findall(r"-p (\w+):=", arguments)
        assert given
        assert set(given) <= {declared.name for declared in fields(SETTINGS[executable])}


def test_limits_of_the_example_are_known(tmp_path):
    file = tmp_path / "limits.yaml"
    file.write_text("\n".join(re.findall(r"^    (\w+: [\d.e-]+)$", TEXT, re.M)))
    assert len(file.read_text().splitlines()) == 3
    assert load_thresholds(file)["map_shift_error"] == 0.05


def test_the_arguments_of_both_short_ways_exist():
    from tactile_equiv.process_descriptions import ClosedLoop

    names = {declared.name for declared in fields(ClosedLoop)}
    (line,) = re.findall(r"closed_loop.launch.py (.*?)`", TEXT)
    assert set(re.findall(r"(\w+):=", line)) <= names
    (line,) = re.findall(r"^    tactile-equiv closed-loop (.*)$", TEXT, re.M)
    assert {name.replace("-", "_") for name in re.findall(r"--([\w-]+)", line)} <= names
