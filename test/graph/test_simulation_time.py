"""Under use_sim_time stamps, ages and diagnostics follow /clock; a tare is answered even so."""

import pytest
from builtin_interfaces.msg import Time
from diagnostic_msgs.msg import DiagnosticStatus
from graph_client import figures, image, press
from rclpy.serialization import serialize_message
from rosgraph_msgs.msg import Clock
from std_srvs.srv import Trigger
from vision_msgs.msg import Classification, Detection2DArray

from tactile_equiv.bag_writer import BagWriter, RecordedTopic
from tactile_equiv.message_definitions import definition_of
from tactile_equiv.messages import nanoseconds
from tactile_equiv.player import Pace
from tactile_equiv.replay import BagReplay, multi_array_of

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


def test_without_a_clock_frames_are_answered_and_the_missing_clock_is_told(perception):
    graph = perception(use_sim_time=True, max_age_s=0.1, input_timeout_s=5.0)
    graph.until(lambda: graph.statuses, "diagnostics that come by themselves")
    assert graph.perceive(image(press(), 5)).header.stamp.sec == 5
    assert graph.perceive(image(press(), 0)).header.stamp.sec == 0
    status = graph.diagnostics()
    assert (status.level, figures(status)["age_ms"]) == (DiagnosticStatus.WARN, "none")
    assert "no /clock has come" in status.message
    set_clock(graph, 1000)
    graph.perceive(image(press(), 1000))
    set_clock(graph, 1001)
    graph.until(lambda: graph.told("perceiving"), "a status without complaints")


def test_a_pause_of_the_clock_is_no_silence_and_time_that_passes_is_one(perception):
    graph = perception(use_sim_time=True, input_timeout_s=5.0)
    found = graph.output(Detection2DArray, "contacts")

    def number(stamp):
        graph.perceive(image(press(), stamp))
        graph.until(lambda: found and found[-1].header.stamp.sec == stamp, "contacts")
        return found[-1].detections[0].id

    set_clock(graph, 1000)
    graph.diagnostics()
    before = number(1000)
    graph.until(lambda: "stood still" in graph.diagnostics().message, "the pause to be told")
    assert graph.diagnostics().level == DiagnosticStatus.WARN
    assert number(1000) == before
    assert graph.values()["silences"] == "0"
    set_clock(graph, 1010)
    graph.until(lambda: graph.told("no frame for 10.0 s"), "the silence to be told")
    assert graph.told("no frame for 10.0 s")[0].level == DiagnosticStatus.STALE
    assert number(1010) != before
    assert graph.values()["silences"] == "1"
    graph.statuses.clear()
    set_clock(graph, 1011)
    graph.until(lambda: graph.told("perceiving"), "a status without complaints")


def test_frames_without_stamps_begin_anew_where_the_clock_jumps_back(perception):
    graph = perception(
        use_sim_time=True,
        input_type="taxels",
        input_timeout_s=3600.0,
        tare_frames=2,
        tare_timeout_s=60.0,
    )
    found = graph.output(Detection2DArray, "contacts")

    def feel(frame):
        before = len(found)
        graph.send(multi_array_of(frame), "taxels")
        graph.until(lambda: len(found) > before, "contacts")
        return found[-1]

    set_clock(graph, 1000)
    before = feel(press())
    assert before.header.stamp.sec == 1000
    set_clock(graph, 1001)
    assert feel(press()).detections[0].id == before.detections[0].id
    answer = graph.ask(Trigger, "tare")
    graph.until(lambda: graph.perception.tare_service.in_progress, "the tare to begin")
    feel(0 * press())
    set_clock(graph, 10)
    after = feel(press())
    assert after.header.stamp.sec == 10
    assert after.detections[0].id != before.detections[0].id
    graph.until(answer.done, "the answer of tare")
    assert "jumped back" in answer.result().message


def test_a_tare_ends_although_the_clock_stands_still(graph):
    answer = graph.trigger("tare")
    assert not answer.success
    assert "fewer than" in answer.message


def recorded(folder, count, seconds=0.1):
    """A recording of presses from 2000 s on, received 10 ms after their stamps; its stamps, ns."""
    bag = BagWriter(folder)
    number = bag.add_topic(RecordedTopic("/image", IMAGE, definition_of(IMAGE)))
    stamps = []
    for index in range(count):
        message = image(press(), 2000 + index * seconds)
        stamps.append(nanoseconds(message.header.stamp))
        bag.write(number, stamps[-1] + 10**7, 0, bytes(serialize_message(message)))
    bag.close()
    return stamps


@pytest.fixture
def replay(ros_context, tmp_path):
    """Begins to replay a recording to a node."""
    pytest.importorskip("rosbags")
    players = []

    def begin(graph, pace):
        player = BagReplay(tmp_path / "bag", pace=pace, context=ros_context)
        players.append((graph, player))
        graph.executor.add_node(player)
        graph.until(player.subscribers)
        player.begin()
        return player

    yield begin
    for graph, player in players:
        graph.executor.remove_node(player)
        player.destroy_node()


def test_at_ten_times_the_speed_every_frame_is_answered_or_counted(graph, replay, tmp_path):
    stamps = recorded(tmp_path / "bag", 40)
    answers = graph.output(Classification, "classification")
    player = replay(graph, Pace(10, 100))
    graph.until(player.finished.done, "the end of the replay")
    graph.until(lambda: answers and answered(answers)[-1] == stamps[-1], "the last answer")
    clock = graph.perception.get_clock()
    graph.until(lambda: clock.now().nanoseconds == stamps[-1] + 10**7, "the last time")
    heard = answered(answers)
    assert heard == sorted(set(heard)) and set(heard) <= set(stamps)
    values = graph.values()
    since_first = len(stamps) - stamps.index(heard[0])
    assert int(values["perceived"]) == len(heard)
    assert int(values["perceived"]) + int(values["dropped"]) == since_first
    assert values["refused"] == "0"
    graph.perceive(image(press(), 2003.66))
    assert graph.values()["age_ms"] == "250.000"


def test_each_pass_of_a_loop_begins_anew(perception, replay, tmp_path):
    every = {"reliability": "reliable", "depth": 50}
    every = {f"qos_overrides./image.subscription.{key}": value for key, value in every.items()}
    graph = perception(use_sim_time=True, input_timeout_s=3600.0, **every)
    recorded(tmp_path / "bag", 10, 0.6)
    found = graph.output(Detection2DArray, "contacts")
    replay(graph, Pace(20, 20, loop=True))

    def passes():
        """Numbers of the contacts, pass by pass."""
        numbers, before = [], None
        for message, stamp in zip(found, answered(found), strict=True):
            if before is None or stamp < before:
                numbers.append(set())
            numbers[-1] |= {one.id for one in message.detections}
            before = stamp
        return numbers

    graph.until(lambda: len(passes()) >= 3, "three passes")
    each = [next(iter(one)) for one in passes() if len(one) == 1]
    assert len(each) == len(passes()) == len(set(each))


def answered(results):
    """Stamps of results, nanoseconds."""
    return [nanoseconds(result.header.stamp) for result in results]
