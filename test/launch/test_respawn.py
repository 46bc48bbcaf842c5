"""A killed node is started again by launch and answers every frame correctly; no time is judged."""

import sys
from pathlib import Path

import pytest
from tactile_equiv_sim.faults import __main__ as faults

pytestmark = pytest.mark.slow

ROOT = Path(__file__).resolve().parents[2]
RUNNER = Path(__file__).with_name("run_launch.py")


@pytest.fixture
def tried(ros_domain):
    """What came of kills under a launch file with these arguments."""
    pytest.importorskip("launch_ros", reason="launch_ros comes with a distribution, not with pip")

    def run(name, *given, patience=300):
        file = ROOT / "launch" / "perception.launch.py"
        command = " ".join([sys.executable, str(RUNNER), str(file), *given])
        arguments = [name, "--kills", "2", "--launch", command]
        limits = ["--within", "1e6", "--patience", str(patience)]
        (outcome,) = faults.run(faults.parser().parse_args([*arguments, *limits]))
        return outcome

    return run


@pytest.mark.parametrize("fault", ["killed", "killed_while_starting"])
def test_a_killed_node_is_started_again(tried, fault):
    outcome = tried(fault)
    assert outcome.all_problems() == []
    assert len(outcome.recoveries) == {"killed": 2, "killed_while_starting": 1}[fault]


def test_without_respawn_it_stays_away(tried):
    outcome = tried("killed", "respawn:=false", patience=10)
    assert outcome.recoveries == []
    assert outcome.verdict == "FAILED"
