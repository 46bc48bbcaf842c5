"""The simulator node: frames as a driver publishes them, and the truth with the same stamps."""

import numpy as np
import pytest
import yaml
from diagnostic_msgs.msg import DiagnosticArray
from graph_client import RELIABLE, Client, figures, pixels
from rclpy.parameter import Parameter
from sensor_msgs.msg import Image
from std_msgs.msg import Float32MultiArray, UInt32
from tactile_equiv_sim.frame_sources import reseeded
from tactile_equiv_sim.imperfections import Imperfections
from tactile_equiv_sim.script import load_script
from tactile_equiv_sim.simulator_node import Schedule, SimulatorNode
from tactile_equiv_sim.truth_messages import injected_of
from vision_msgs.msg import Detection2DArray

from tactile_equiv.errors import TactileError
from tactile_equiv.messages import nanoseconds

SCRIPT = {
    "sensor": {"kind": "taxels", "rows": 10, "cols": 12, "pitch_mm": 2.0, "units_per_n": 100},
    "rate_hz": 200,
    "rest_frames": 3,
    "gap_frames": 1,
    "objects": {"plate": {"family": "flat", "width_mm": 6}},
    "moves": [
        {"move": "slide", "object": "plate", "from_mm": [8, 8], "to_mm": [12, 10], "steps": 12}
    ],
}
TRUTH = {
    "contacts": Detection2DArray,
    "contact_mask": Image,
    "injection": DiagnosticArray,
    "finished": UInt32,
}


@pytest.fixture
def written(tmp_path):
    """Writes the script, changed, to a file."""

    def write(**changes):
        file = tmp_path / "script.yaml"
        file.write_text(yaml.safe_dump(SCRIPT | changes))
        return str(file)

    return write


@pytest.fixture
def simulated(ros_context):
    """Starts a simulator and a client that listens to all of it; waits for subscribers."""
    started = []

    def start(frame_topic="image", frame_type=Image, **parameters):
        client = Client(ros_context)
        parameters = {"wait_for_subscribers": True} | parameters
        overrides = [Parameter(name, value=value) for name, value in parameters.items()]
        node = SimulatorNode(context=ros_context, parameter_overrides=overrides)
        client.executor.add_node(node)
        started.append((client, node))
        heard = {
            name: client.listen(kind, f"/tactile_simulator/truth/{name}", RELIABLE)
            for name, kind in TRUTH.items()
        }
        heard["frames"] = client.listen(frame_type, f"/{frame_topic}", RELIABLE)
        return client, node, heard

    yield start
    for client, node in started:
        client.executor.remove_node(node)
        node.destroy_node()
        client.close()


def run(client, node, heard):
    """All truths, once the script ended and everything came."""
    client.until(lambda: heard["finished"], "the end")
    (end,) = heard["finished"]
    for name in ("contacts", "contact_mask", "injection"):
        client.until(lambda name=name: len(heard[name]) == end.data, name)
    return [injected_of(*pair) for pair in zip(heard["contacts"], heard["injection"], strict=True)]


def stamps(messages):
    return [nanoseconds(message.header.stamp) for message in messages]


def test_every_frame_comes_with_its_truth_under_one_stamp(simulated, written):
    script = load_script(written())
    client, node, heard = simulated(script=written())
    truths = run(client, node, heard)
    steps = list(script)
    assert [truth.move for truth in truths] == [step.move for step in steps]
    assert stamps(heard["contacts"]) == stamps(heard["contact_mask"]) == stamps(heard["injection"])
    client.until(lambda: stamps(heard["frames"])[-len(steps) :] == stamps(heard["contacts"]))
    assert len(set(stamps(heard["frames"]))) == len(heard["frames"])
    scene = script.scene()
    for step, message in zip(steps, heard["frames"][-len(steps) :], strict=True):
        assert np.array_equal(pixels(message), scene.frame(step.contacts).values)
    status = figures(client.statuses[-1].status[0])
    assert status["frames"] == f"{len(steps)} of {len(steps)}"


def test_it_rests_until_somebody_listens_to_the_truth(ros_context, simulated, written):
    client = Client(ros_context)
    node = SimulatorNode(
        context=ros_context,
        parameter_overrides=[
            Parameter("script", value=written()),
            Parameter("wait_for_subscribers", value=True),
        ],
    )
    client.executor.add_node(node)
    frames = client.listen(Image, "/image")
    client.until(lambda: len(frames) > 30, "frames")
    assert not any(pixels(frame).any() for frame in frames)
    node.publish_diagnostics()
    client.until(lambda: any("truth/contacts" in s.status[0].message for s in client.statuses))
    client.executor.remove_node(node)
    node.destroy_node()
    client.close()


def test_lost_frames_have_a_truth_and_no_frame(simulated, written):
    broken = {"dropped": {"share": 0.4}, "late": {"share": 0.3, "delay_s": 0.02}}
    client, node, heard = simulated(script=written(imperfections=broken))
    truths = run(client, node, heard)
    lost = {truth.stamp_ns for truth in truths if truth.lost}
    due = {truth.stamp_ns for truth in truths} - lost
    assert lost and any(truth.published_ns > truth.stamp_ns for truth in truths)
    client.until(lambda: due <= set(stamps(heard["frames"])), "all frames but the lost ones")
    assert not lost & set(stamps(heard["frames"]))


def test_another_seed_is_another_specimen():
    script = Imperfections.from_mapping({"noise": {"std": 2.0, "seed": 4}, "dead": True})
    other = reseeded(script, 3)
    assert (other.noise.seed, other.noise.std, other.dead.seed) == (7, 2.0, 3)
    assert other.gain is None and reseeded(script, 0) == script


def test_taxels_are_an_array_with_its_layout(simulated, written):
    client, node, heard = simulated("taxels", Float32MultiArray, script=written(), output="taxels")
    run(client, node, heard)
    assert [dimension.size for dimension in heard["frames"][-1].layout.dim] == [10, 12]


def test_it_loops(simulated, written):
    client, _, heard = simulated(script=written(), loop=True)
    total = len(load_script(written()))
    client.until(lambda: len(heard["injection"]) > 2 * total, "the third pass")
    moves = [message.status[0].name for message in heard["injection"]]
    assert moves[:total] == moves[total : 2 * total]
    assert not heard["finished"]


def test_recorded_presses_move_by_whole_taxels(simulated, tmp_path):
    frames = np.zeros((2, 12, 16), np.uint8)
    frames[0, 3:6, 4:8] = np.random.default_rng(0).integers(50, 200, (3, 4))
    frames[1, 5:9, 6:9] = 90
    file = tmp_path / "presses.npz"
    np.savez(file, frames=frames, labels=[0, 1], class_names=["bolt", "nut"])
    client, node, heard = simulated(recording=str(file), rate_hz=400.0)
    truths = run(client, node, heard)
    pressed = [truth for truth in truths if truth.contacts]
    assert {truth.move for truth in pressed} == {"recorded bolt", "recorded nut"}
    assert all(truth.contained for truth in pressed)
    bolts = [truth.contacts[0] for truth in pressed if truth.move == "recorded bolt"]
    for one in bolts:
        assert one.row - bolts[0].row == pytest.approx(round(one.row - bolts[0].row))
    assert min(one.margin for one in bolts) == 0
    wanted = {truth.stamp_ns for truth in pressed}
    client.until(lambda: wanted <= set(stamps(heard["frames"])), "frames")
    by_stamp = dict(zip(stamps(heard["frames"]), heard["frames"], strict=True))
    sums = {sum(by_stamp[t.stamp_ns].data) for t in pressed if t.move == "recorded bolt"}
    assert sums == {int(frames[0].sum())}


@pytest.mark.parametrize(
    ("parameters", "changes", "word"),
    [
        ({"script": "no_such_script"}, None, "no_such_script"),
        ({"scrpt": "quick"}, None, "did you mean 'script'"),
        ({"recording": "no_such.npz"}, None, "no_such.npz"),
        ({"rate_hz": -1.0}, None, "rate_hz"),
        ({}, {"sensor": SCRIPT["sensor"] | {"pitch_mm": 0}}, "pitch_mm"),
        ({}, {"sensor": SCRIPT["sensor"] | {"rows": 60000, "cols": 60000}}, "too large"),
        ({}, {"moves": [SCRIPT["moves"][0] | {"from_mm": [900, 9], "to_mm": [990, 9]}]}, "never"),
        ({}, {"speed": 3}, "speed"),
    ],
)
def test_what_is_wrong_is_said(ros_context, written, parameters, changes, word):
    given = parameters if changes is None else {"script": written(**changes)}
    overrides = [Parameter(name, value=value) for name, value in given.items()]
    with pytest.raises(TactileError, match=word):
        SimulatorNode(context=ros_context, parameter_overrides=overrides)


def test_a_late_frame_moves_those_after_it():
    schedule = Schedule(period=1.0)
    for now in (10.0, 11.0, 13.5, 14.5):
        schedule.tick(now)
    assert (schedule.late, schedule.worst) == (1, 1.5)
