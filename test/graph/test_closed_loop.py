"""`tactile-equiv closed-loop`: simulator, perception node and check as three processes."""

import json
import os
import select
import signal
import subprocess
import sys
from pathlib import Path
from xml.etree import ElementTree

import pytest
from graph_client import LIMIT_S, ROOT, Client

from tactile_equiv.console import main
from tactile_equiv.errors import SettingsError
from tactile_equiv.process_descriptions import ClosedLoop, NodeDescription
from tactile_equiv.processes import run_closed_loop

COMMAND = [sys.executable, "-m", "tactile_equiv.console", "closed-loop"]
RUN_LIMIT_S = 4 * LIMIT_S


@pytest.fixture
def limits(tmp_path):
    """Times say how busy this machine is, so they are not judged here."""
    file = tmp_path / "limits.yaml"
    file.write_text("latency_p99: null\n")
    return str(file)


@pytest.mark.slow
def test_the_shipped_model_passes(ros_domain, limits, tmp_path, capfd):
    given = ["--report-dir", str(tmp_path / "report"), "--thresholds", limits]
    assert main(["closed-loop", *given]) == 0
    said = capfd.readouterr().out
    assert f"page: {tmp_path / 'report' / 'shift_check.html'}" in said
    report = json.loads((tmp_path / "report" / "shift_check.json").read_text())
    assert report["verdict"] == "passed" and report["exit_code"] == 0
    assert report["subject"] == "/closed_loop/tactile_perception"
    assert report["measurements"]["liveness"]["missing"] == 0
    judged = {one["name"] for one in report["findings"] if one["outcome"] == "passed"}
    assert {"map_shift_error", "class_flips", "centroid_rms", "clipped_unflagged"} <= judged
    suite = ElementTree.parse(tmp_path / "report" / "shift_check.xml").getroot()
    assert suite.get("failures") == "0"


@pytest.mark.slow
def test_what_the_limits_refuse_ends_with_1(ros_domain, limits, tmp_path):
    Path(limits).write_text("latency_p99: 0.0\n")
    loop = ClosedLoop(report_dir=str(tmp_path / "report"), thresholds=limits)
    assert run_closed_loop(loop) == 1


@pytest.mark.parametrize(
    ("option", "value", "word"),
    [
        ("--script", "no_such_script", "simulator_node: script 'no_such_script' does not exist"),
        ("--thresholds", "no_such_file", "shift_check: thresholds no_such_file cannot be read"),
        ("--namespace", "/", "tactile-equiv: namespace is '/'"),
    ],
)
def test_what_is_given_wrongly_ends_with_2_and_a_line(
    ros_domain, tmp_path, capfd, option, value, word
):
    assert main(["closed-loop", "--report-dir", str(tmp_path / "report"), option, value]) == 2
    said = capfd.readouterr().err
    assert word in said and "Traceback" not in said


def children(process):
    """Ids of the processes that `process` started."""
    listed = Path(f"/proc/{process}/task/{process}/children")
    return [int(one) for one in listed.read_text().split()]


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere only an orderly end is followed")
@pytest.mark.parametrize("name", ["SIGINT", "SIGTERM", "SIGKILL"])
def test_the_children_end_with_their_parent(ros_context, tmp_path, name):
    client = Client(ros_context)
    with (tmp_path / "log").open("w") as log:
        parent = subprocess.Popen(
            [*COMMAND, "--script", "closed_loop", "--report-dir", str(tmp_path / "report")],
            cwd=ROOT,
            stdout=log,
            stderr=log,
        )

    def simulator_stands():
        assert parent.poll() is None, (tmp_path / "log").read_text()
        return client.node.count_publishers("/closed_loop/image")

    client.until(simulator_stands, "the simulator")
    watched = [os.pidfd_open(child) for child in children(parent.pid)]
    assert len(watched) == 3
    parent.send_signal(getattr(signal, name))
    parent.wait(LIMIT_S)
    for handle in watched:
        assert select.select([handle], [], [], LIMIT_S)[0], "a child lives on"
        os.close(handle)
    client.close()
    assert "Traceback" not in (tmp_path / "log").read_text()


def test_the_loop_needs_a_namespace_of_its_own():
    with pytest.raises(SettingsError, match="namespace"):
        ClosedLoop(namespace="/")


def test_a_description_says_everything_on_the_command_line(tmp_path):
    description = NodeDescription(
        executable="perception_node",
        module="tactile_equiv.perception_node",
        name="skin",
        namespace="left",
        parameters={"model_path": "a b", "rows": 3, "autostart": False},
        parameters_file=tmp_path / "parameters.yaml",
        remappings={"image": "/camera/image"},
    )
    command = description.command()
    assert command[:3] == [sys.executable, "-m", "tactile_equiv.perception_node"]
    for words in (
        ["-r", "__node:=skin"],
        ["-r", "__ns:=/left"],
        ["--params-file", str(tmp_path / "parameters.yaml")],
        ["-p", 'model_path:="a b"'],
        ["-p", "rows:=3"],
        ["-p", "autostart:=false"],
        ["-r", "image:=/camera/image"],
    ):
        assert any(command[i : i + 2] == words for i in range(len(command))), words
