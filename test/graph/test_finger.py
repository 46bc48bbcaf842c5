"""A finger rolls over objects in the live graph: the topology of its skin reaches the node."""

import json

import pytest

from tactile_equiv.errors import SettingsError
from tactile_equiv.process_descriptions import ClosedLoop
from tactile_equiv.processes import run_closed_loop


@pytest.mark.slow
@pytest.mark.parametrize(
    ("topology", "code"), [("", 0), ("plane", 1)], ids=["as it is", "taken for a plane"]
)
def test_a_finger_rolls_over_objects(ros_domain, tmp_path, topology, code):
    limits = tmp_path / "limits.yaml"
    limits.write_text("latency_p99: null\n")  # times say how busy this machine is
    loop = ClosedLoop(
        script="finger_roll",
        rate_hz=300.0,
        model="simulated_textures",
        topology=topology,
        thresholds=str(limits),
        report_dir=str(tmp_path / "report"),
    )
    assert run_closed_loop(loop) == code
    report = json.loads((tmp_path / "report" / "shift_check.json").read_text())
    failed = {one["name"] for one in report["findings"] if one["outcome"] == "failed"}
    assert failed == set() if code == 0 else {"map_shift_error", "score_drift"} <= failed


def test_the_topology_of_the_script_is_handed_to_the_node():
    for given, topology in (
        ({"script": "finger_roll"}, "cylinder_rows"),
        ({"script": "quick"}, "plane"),
        ({"script": "finger_roll", "recording": "presses.npz"}, "plane"),
        ({"script": "finger_roll", "topology": "cylinder_cols"}, "cylinder_cols"),
    ):
        assert ClosedLoop(**given).perception.parameters["topology"] == topology
    with pytest.raises(SettingsError, match="cylinder_rows"):
        ClosedLoop(topology="torus")
