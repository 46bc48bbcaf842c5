"""Under use_sim_time stamps, ages and diagnostics follow /clock; a tare is answered even so."""

import pytest
from builtin_interfaces.msg import Time
from graph_client import image, press
from rclpy.serialization import serialize_message
from rosgraph_msgs.msg import Clock
from vision_msgs.msg import Classification

from tactile_equiv.bag_writer import BagWriter, RecordedTopic
from tactile_equiv.message_definitions import definition_of
from tactile_equiv.player import Pace
from tactile_equiv.replay import BagReplay

IMAGE = "sensor_msgs/msg/Image"


@pytest.fixture
def graph(perception):
    return perception(use_sim_time=True, tare_timeout_s=0.2)


def set_clock(graph, seconds):
    """Publish /clock until the node follows."""
    graph.publisher("/clock", Clock).publish(Clock(clock=Time(sec=seconds)))
    clock = graph.perception.get_clock()
    graph.until(lambda: clock.now().nanoseconds == seconds * 10**9, "the clock")


def test_ages_and_stamps_follow_the_clock(graph):
    set_clock(graph, 1000)
    answer = graph.perceive(image(press(), 999.75))
    assert answer.header.stamp.sec == 999
    assert graph.values()["age_ms"] == "250.000"
    assert graph.statuses[-1].header.stamp.sec == 1000
    assert graph.perceive(image(press(), 0)).header.stamp.sec == 1000


def test_a_clock_that_jumps_back_is_followed(graph):
    set_clock(graph, 1000)
    graph.perceive(image(press(), 1000))
    set_clock(graph, 10)
    assert graph.perceive(image(press(), 10)).results
    assert graph.values()["age_ms"] == "0.000"
    graph.until(lambda: graph.warnings("backwards"))


def test_a_tare_ends_although_the_clock_stands_still(graph):
    answer = graph.trigger("tare")
    assert not answer.success
    assert "fewer than" in answer.message


def test_a_node_follows_the_clock_of_a_replay(graph, ros_context, tmp_path):
    bag = BagWriter(tmp_path / "bag")
    number = bag.add_topic(RecordedTopic("/image", IMAGE, definition_of(IMAGE)))
    for index in range(20):
        stamp = 2000 + index / 2
        message = serialize_message(image(press(), stamp))
        bag.write(number, int(stamp * 1e9) + 10**7, 0, bytes(message))
    bag.close()
    pytest.importorskip("rosbags")
    answers = graph.output(Classification, "classification")
    player = BagReplay(tmp_path / "bag", pace=Pace(50, 1000), context=ros_context)
    graph.executor.add_node(player)
    graph.until(player.subscribers)
    player.begin()
    graph.until(player.finished.done, "the end of the replay")
    graph.until(lambda: answers and answers[-1].header.stamp.sec == 2009, "the last answers")
    clock = graph.perception.get_clock()
    graph.until(lambda: clock.now().nanoseconds == 2009_510_000_000, "the last time")
    graph.executor.remove_node(player)
    player.destroy_node()
