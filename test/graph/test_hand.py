"""The node of a hand: a percept of each patch and one texture, whatever is missing or wrong."""

import array
from itertools import islice
from pathlib import Path

import numpy as np
import pytest
from diagnostic_msgs.msg import DiagnosticStatus
from graph_client import LATCHED, figures, pixels, press
from hand_client import BY_TOPIC, SIZES, frames, together
from rclpy.parameter import Parameter
from sensor_msgs.msg import Image, JointState
from std_msgs.msg import UInt16MultiArray
from std_srvs.srv import Trigger
from tactile_equiv_sim.hand_simulator_node import HandSimulatorNode
from vision_msgs.msg import Classification, LabelInfo

from tactile_equiv.model import load_model
from tactile_equiv.percept import perceive
from tactile_equiv.recordings import read_recording
from tactile_equiv.replay import Replay
from tactile_equiv.share import share_directory

STREAMS = Path(__file__).resolve().parents[3] / "shared/data/sdh2_grasps/streams"
BY_NUMBERS = """
defaults: {topic: skin, input_type: std_msgs/msg/UInt16MultiArray}
patches:
  thumb: {first: 0, rows: 13, cols: 6}
  index: {first: 78, rows: 13, cols: 6}
  palm: {first: 156, rows: 16, cols: 16}
"""
BY_FIELD = """
defaults: {topic: skin, input_type: sensor_msgs/msg/JointState}
patches:
  thumb: {input_field: "position[]", rows: 13, cols: 6}
  palm: {input_field: "velocity[]", rows: 16, cols: 16}
"""


def scores(message):
    return [(one.class_id, one.score) for one in message.results]


def test_the_same_press_is_the_same_class_on_tip_and_palm_and_of_the_hand(hand):
    graph = hand()
    labels = graph.listen(LabelInfo, "/tactile_perception/label_info", LATCHED)
    maps = {n: graph.output(Image, f"{n}/contact_map") for n in SIZES}
    together(graph)
    fused = graph.feel(frames(), 2)
    graph.until(lambda: all(len(found) == 2 for found in maps.values()))
    each = {name: received[-1] for name, received in graph.of_patch.items()}
    assert scores(each["thumb"]) == scores(each["palm"])
    assert [name for name, _ in scores(fused)] == [name for name, _ in scores(each["palm"])]
    assert fused.results[0].score == pytest.approx(each["palm"].results[0].score, abs=1e-12)
    assert len(fused.results) == 3
    assert {name: one.header.frame_id for name, one in each.items()} == {
        "thumb": "thumb",
        "index": "index_tip",
        "palm": "palm",
    }
    assert (fused.header.stamp.sec, fused.header.frame_id) == (2, "tactile_sensor")
    graph.until(lambda: labels)
    thumbs = graph.listen(LabelInfo, "/tactile_perception/thumb/label_info", LATCHED)
    assert graph.set(score_threshold=0.25) == []
    graph.until(lambda: [found[-1].threshold for found in (labels, thumbs) if found] == [0.25] * 2)
    thumb, palm = (pixels(maps[name][-1]) for name in ("thumb", "palm"))
    np.testing.assert_array_equal(thumb, palm[:13, :6])
    alone = perceive(load_model(graph.hand.settings.model_path, "torch"), frames()["palm"])
    np.testing.assert_array_equal(palm, alone.contact_map)


def test_one_message_for_all_patches(hand):
    graph = hand(BY_NUMBERS)
    felt = np.concatenate([frame.ravel() for frame in frames("palm").values()])
    skin = felt.round().astype(np.uint16)
    graph.send(UInt16MultiArray(data=array.array("H", skin.tolist())), "skin")
    graph.until(lambda: graph.classes)
    graph.until(lambda: all(graph.of_patch.values()))
    assert scores(graph.classes[0]) == scores(graph.of_patch["palm"][0]) != []
    assert graph.of_patch["thumb"][0].results == graph.of_patch["index"][0].results == []
    before = len(graph.classes)
    graph.send(UInt16MultiArray(data=array.array("H", skin[:200].tolist())), "skin")
    graph.until(lambda: len(graph.classes) > before)
    refused = {name: figures(status)["refused"] for name, status in graph.statuses_now().items()}
    assert refused == {"perception": "0", "thumb": "0", "index": "0", "palm": "1"}


def test_arrays_of_one_message_by_field(hand):
    graph = hand(BY_FIELD)
    thumb, palm = (press(4, 1, 13, 6).ravel(), press(4, 1, 16, 16).ravel())
    graph.send(JointState(position=thumb.tolist(), velocity=(0 * palm).tolist()), "skin")
    graph.until(lambda: graph.classes and all(graph.of_patch.values()))
    assert scores(graph.classes[0]) == scores(graph.of_patch["thumb"][0]) != []
    graph.send(JointState(position=thumb.tolist()[1:], velocity=palm.tolist()), "skin")
    graph.until(lambda: len(graph.classes) == 2)
    assert figures(graph.statuses_now()["thumb"])["refused.data"] == "1"
    assert scores(graph.classes[1]) == scores(graph.classes[0])
    assert graph.node.count_subscribers("/skin") == 1


def test_a_missing_patch_is_told_and_the_others_are_perceived(hand):
    graph = hand(max_patch_age_s=0.3)
    together(graph)
    for number in range(3):
        present = {name: frame for name, frame in frames().items() if name != "index"}
        assert graph.feel(present, 2 + number).results

    def without_index():
        graph.feel({n: f for n, f in frames().items() if n != "index"}, 9)
        return figures(graph.statuses_now()["perception"])["absent"] == "index"

    graph.until(without_index, "the patch to be absent")
    found = graph.statuses_now()
    of_index = [s for s in graph.told("no frame from") if s.message == "no frame from index"]
    assert {status.level for status in of_index} == {DiagnosticStatus.WARN}
    assert int(figures(found["perception"])["incomplete"]) > 0
    assert figures(found["index"])["perceived"] == "1"
    graph.feel(frames(), 20)
    graph.until(lambda: len(graph.of_patch["index"]) == 2)


def test_a_wrong_frame_takes_nothing_from_the_other_patches(hand):
    graph = hand()
    together(graph)
    wrong = {**frames(), "palm": np.zeros((4, 4))}
    graph.feel(wrong, 2)
    graph.feel(wrong, 3)
    found = graph.statuses_now()
    assert figures(found["palm"])["refused.size"] == "2"
    assert {status.level for status in graph.told("frames refused")} == {DiagnosticStatus.WARN}
    best = graph.of_patch["thumb"][-1].results[0]
    assert graph.classes[-1].results[0].class_id == best.class_id


def test_tare_takes_every_patch_and_names_those_without_frames(hand):
    graph = hand(tare_frames=1, tare_timeout_s=1.0, max_patch_age_s=0.3)
    together(graph)
    answer = graph.ask(Trigger, "tare")
    graph.until(lambda: graph.hand.tare_service.in_progress)
    drifted = {name: frame + 50 for name, frame in frames("none").items()}
    graph.feel({name: drifted[name] for name in ("thumb", "index")}, 2)
    graph.until(answer.done)
    assert not answer.result().success
    assert "from palm: the old tare stays" in answer.result().message
    answer = graph.ask(Trigger, "tare")
    graph.until(lambda: graph.hand.tare_service.in_progress)
    graph.feel(drifted, 3)
    graph.until(answer.done)
    assert answer.result().success
    assert graph.feel(drifted, 4).results == []
    assert graph.transition("deactivate") and graph.transition("cleanup")
    assert graph.transition("configure") and graph.transition("activate")


def test_contacts_of_a_patch_begin_by_its_own_count_and_a_touched_patch_is_not_tared(hand):
    slow = BY_TOPIC.replace("palm: {rows", "palm: {contact_on_frames: 2, rows")
    graph = hand(slow, tare_frames=1)
    together(graph)
    assert graph.feel(frames("palm"), 2).results == []
    assert graph.feel(frames("thumb", "palm"), 3).results
    assert graph.feel(frames("palm"), 4).results
    answer = graph.ask(Trigger, "tare")
    graph.until(lambda: graph.hand.tare_service.in_progress)
    graph.feel(frames("palm"), 5)
    graph.until(answer.done)
    assert not answer.result().success
    assert "contact is felt on palm" in answer.result().message
    assert "palm" not in graph.hand.tare_service.tares


def test_the_simulated_hand_feels_one_texture_on_tips_and_palm(hand, ros_context):
    pytest.importorskip("onnxruntime", reason="torch is slow to answer six patches")
    graph = hand((share_directory() / "config/hands/simulated.yaml").read_text(),
                 model_path="simulated_hand", backend="onnxruntime")  # fmt: skip
    simulator = HandSimulatorNode(
        context=ros_context, parameter_overrides=[Parameter("rate_hz", value=0.1)]
    )
    graph.executor.add_node(simulator)
    graph.until(lambda: all(simulator.subscribers().values()), "the node to hear every patch")
    tips = [name for name in simulator.subscribers() if name != "palm"]
    graph.of_patch |= {n: graph.output(Classification, f"{n}/classification") for n in tips}
    felt = []
    for _ in range(8):
        before, moment = len(graph.classes), simulator.publish_next()
        graph.until(lambda before=before: len(graph.classes) > before, "a texture of the hand")
        felt.append((moment, graph.classes[-1]))
    graph.until(lambda: all(len(found) == 8 for found in graph.of_patch.values()))
    graph.executor.remove_node(simulator)
    simulator.destroy_node()
    *single, all_at_once, nothing = felt
    assert nothing[1].results == []
    assert [moment.touched for moment, _ in single] == [(name,) for name in (*tips, "palm")]
    assert all(scores(message) == scores(single[0][1]) for _, message in single)
    assert all_at_once[1].results[0].class_id == single[0][1].results[0].class_id
    for found in graph.of_patch.values():
        assert found[-2].header.stamp == all_at_once[1].header.stamp


def test_a_recorded_hand_in_one_message(hand):
    file = next(iter(sorted(STREAMS.glob("*.npz"))), None)
    if file is None:
        pytest.skip("the SDH-2 recordings are not here: ../shared/data/sdh2_grasps")
    every = {"reliability": "reliable", "depth": 10}
    every = {f"qos_overrides./taxels.subscription.{key}": value for key, value in every.items()}
    graph = hand((share_directory() / "config/hands/sdh2.yaml").read_text(), **every)
    replay = Replay(
        lambda: islice(read_recording(file), 10), 0.0, "taxels", context=graph.node.context
    )
    graph.executor.add_node(replay)
    graph.until(lambda: replay.subscribers() == 1, "the hand, which hears one topic")
    replay.begin()
    graph.until(lambda: len(graph.classes) == 10, "a texture of the hand for each frame")
    replay.destroy_node()
    for name, status in graph.statuses_now().items():
        assert figures(status)["perceived"] == "10", name
        assert figures(status)["refused"] == "0"


@pytest.mark.parametrize(
    ("description", "reason"),
    [
        ("patches: {thumb: {rows: x}}", "patch 'thumb': parameter 'rows' is 'x'"),
        ("patches: {thumb: {input_type: no/msg/One, input_field: a[], rows: 1, cols: 1}}", "no"),
    ],
)
def test_a_wrong_hand_is_told_and_the_node_lives_on(hand, description, reason):
    graph = hand(description)
    assert graph.state == "unconfigured"
    status = graph.statuses_now()["perception"]
    assert status.level == DiagnosticStatus.ERROR
    assert reason in status.message
