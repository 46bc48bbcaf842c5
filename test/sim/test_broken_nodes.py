"""Live: nodes with broken networks end the check with exit code 1 for their mistake, exact with 0.

Simulator, perception node and check are processes of their own, as in `tactile-equiv closed-loop`.
"""

import json
import re
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

import pytest
from broken_networks import BROKEN, REASONS

from tactile_equiv.process_descriptions import ClosedLoop, NodeDescription
from tactile_equiv.processes import running

pytest.importorskip("rclpy")

HERE = Path(__file__).parent
SCRIPT = HERE / "controls.yaml"
LIMIT_S = 120
AT_ONCE = 2
BATCHES = [list(BROKEN)[first : first + AT_ONCE] for first in range(0, len(BROKEN), AT_ONCE)]


@dataclass(frozen=True)
class WithNetwork(NodeDescription):
    """The perception node with a network of `broken_networks`."""

    network: str = "exact"

    def command(self):
        python, _, _, *arguments = super().command()
        return [python, str(HERE / "broken_node.py"), self.network, str(SCRIPT), *arguments]


def checked(names, folder):
    """By name of a network, exit code and report of a closed loop with it; all run at once."""
    with ExitStack() as stack:
        checks = {name: started(name, folder, stack) for name in names}
        codes = {name: check.wait(LIMIT_S) for name, check in checks.items()}
    reports = {name: folder / name / "shift_check.json" for name in names}
    return {name: (codes[name], json.loads(reports[name].read_text())) for name in names}


def started(name, folder, stack):
    """The check of a closed loop, which ends with `stack`."""
    limits = folder / "limits.yaml"
    limits.write_text("latency_p99: null  # several loops share the machine\n")
    loop = ClosedLoop(
        script=str(SCRIPT),
        report_dir=str(folder / name),
        thresholds=str(limits),
        namespace=name,
    )
    subject = WithNetwork(**vars(loop.perception), network=name)
    *_, check = stack.enter_context(running([loop.simulator, subject, loop.check]))
    return check


@pytest.mark.slow
@pytest.mark.parametrize("names", BATCHES, ids=" ".join)
def test_broken_nodes_are_failed_with_the_right_reason(names, ros_domain, tmp_path):
    for name, (code, report) in checked(names, tmp_path).items():
        criterion, reason = REASONS[name]
        (finding,) = (one for one in report["findings"] if one["name"] == criterion)
        assert code == 1, name
        assert finding["outcome"] == "failed", name
        assert re.search(reason, finding["sentence"]), (name, finding["sentence"])


@pytest.mark.slow
def test_the_exact_node_passes(ros_domain, tmp_path):
    ((code, report),) = checked(["exact"], tmp_path).values()
    failed = [one["sentence"] for one in report["findings"] if one["outcome"] == "failed"]
    assert (code, failed) == (0, [])
