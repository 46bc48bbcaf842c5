"""Silence, stamps that are wrong, and the source's stamp on everything that is published."""

import time

import numpy as np
import pytest
from diagnostic_msgs.msg import DiagnosticStatus
from graph_client import figures, image, press
from hand_client import BY_TOPIC, SIZES, frames, together
from rclpy.node import Node
from sensor_msgs.msg import Image
from std_srvs.srv import Trigger
from vision_msgs.msg import Classification, Detection2DArray
from visualization_msgs.msg import MarkerArray

from tactile_equiv.percept import Percept
from tactile_equiv.repeated_warnings import RepeatedWarnings
from tactile_equiv.sensor_stream import SensorStream
from tactile_equiv.settings import Settings

OUTPUTS = {
    "classification": Classification,
    "contact_map": Image,
    "contact_map_mono8": Image,
    "contacts": Detection2DArray,
    "overlay": Image,
    "markers": MarkerArray,
}
EMPTY = Percept(
    np.zeros((4, 4), np.float32), np.zeros((4, 4), np.float32), (), None, np.zeros(2), 0
)


class Contacts:
    """The contacts that a perception node finds, frame after frame."""

    def __init__(self, graph):
        self.graph = graph
        self.found = graph.output(Detection2DArray, "contacts")

    def feel(self, stamp, frame=None):
        """Numbers of the contacts of one frame, a press unless another is given."""
        before = len(self.found)
        self.graph.send(image(press() if frame is None else frame, stamp))
        self.graph.until(lambda: len(self.found) > before, "contacts")
        return [one.id for one in self.found[-1].detections]


def headers(message):
    """All headers of a result."""
    if isinstance(message, MarkerArray):
        return [marker.header for marker in message.markers]
    own = [message.header]
    return own + [one.header for one in getattr(message, "detections", ())]


def test_every_output_carries_stamp_and_frame_of_its_source(perception):
    graph = perception(row_pitch=0.002, col_pitch=0.002)
    heard = {name: graph.output(kind, name) for name, kind in OUTPUTS.items()}
    sent = image(press(), 1234.567)
    graph.send(sent)
    graph.until(lambda: all(heard.values()), "every output")
    for name, (message,) in heard.items():
        found = headers(message)
        assert found and all(header == sent.header for header in found), name


def test_outputs_of_a_hand_carry_their_patch_s_stamp_and_its_class_the_newest(hand):
    graph = hand(row_pitch=0.002, col_pitch=0.002)
    heard = {
        (patch, name): graph.output(kind, f"{patch}/{name}")
        for patch in SIZES
        for name, kind in OUTPUTS.items()
    }
    together(graph)
    stamps = {"thumb": 7.25, "index": 7.5, "palm": 7.125}
    sent = {name: image(frame, stamps[name], name) for name, frame in frames().items()}
    for name, message in sent.items():
        graph.send(message, f"{name}/image")

    def newest(received, patch):
        return bool(received) and headers(received[-1])[0].stamp == sent[patch].header.stamp

    graph.until(lambda: all(newest(found, patch) for (patch, _), found in heard.items()))
    graph.until(lambda: newest(graph.classes, "index"), "the class of the hand")
    for (patch, name), received in heard.items():
        assert all(one == sent[patch].header for one in headers(received[-1])), (patch, name)


def test_after_a_silence_contacts_are_new_and_counts_begin_again(perception):
    graph = perception(contact_on_frames=2, contact_off_frames=9, input_timeout_s=3600.0)
    contacts = Contacts(graph)
    assert contacts.feel(1) == []
    (before,) = contacts.feel(2)
    assert graph.set(input_timeout_s=0.05) == []
    graph.until(lambda: graph.diagnostics().level == DiagnosticStatus.STALE)
    assert graph.diagnostics().message.startswith("no frame for")
    assert contacts.feel(3) == []
    assert graph.set(input_timeout_s=3600.0) == []
    (after,) = contacts.feel(4)
    assert after != before
    assert contacts.feel(5) == [after]
    status = graph.diagnostics()
    assert (status.level, figures(status)["silences"]) == (DiagnosticStatus.OK, "1")
    graph.until(lambda: graph.warnings("contacts are new"))


def test_a_patch_that_was_silent_has_new_contacts_and_the_others_keep_theirs(hand):
    quick = BY_TOPIC.replace("index: {", "index: {input_timeout_s: 0.05, ")
    graph = hand(quick, max_patch_age_s=0.3, input_timeout_s=3600.0)
    found = {name: graph.output(Detection2DArray, f"{name}/contacts") for name in SIZES}

    def number(name, stamp):
        graph.until(lambda: found[name] and found[name][-1].header.stamp.sec == stamp, name)
        return found[name][-1].detections[0].id

    together(graph)
    graph.feel(frames(), 2)
    before = {name: number(name, 2) for name in SIZES}
    others = {name: frame for name, frame in frames().items() if name != "index"}

    def told():
        graph.feel(others, 3)
        status = graph.statuses_now()
        absent = figures(status["perception"])["absent"] == "index"
        return absent and status["index"].level == DiagnosticStatus.STALE

    graph.until(told, "the patch to be stale")
    graph.feel(frames(), 4)
    assert number("index", 4) != before["index"]
    assert number("palm", 4) == before["palm"]
    silences = {name: figures(status)["silences"] for name, status in graph.statuses_now().items()
                if name != "perception"}  # fmt: skip
    assert silences["index"] != "0" == silences["palm"]


def test_frames_from_the_future_are_answered_and_told(perception):
    graph = perception(max_age_s=3600.0)
    ahead = graph.node.get_clock().now().nanoseconds // 10**9 + 1000
    assert graph.perceive(image(press(), ahead)).header.stamp.sec == ahead
    values = graph.values()
    assert (values["age_ms"], values["refused"], values["stamps.ahead"]) == ("none", "0", "1")
    (status,) = graph.told("s ahead of this node's clock: set the clocks")
    assert status.level == DiagnosticStatus.WARN
    graph.until(lambda: graph.warnings("ahead of this node's clock"))


def test_equal_and_late_stamps_are_answered_and_counted_and_contacts_go_on(perception):
    graph = perception(input_timeout_s=3600.0)
    contacts = Contacts(graph)
    numbers = [contacts.feel(stamp) for stamp in (100.0, 100.0, 100.5, 100.25, 101.0)]
    assert numbers == [numbers[0]] * 5
    sent = [one.header.stamp.sec + one.header.stamp.nanosec / 1e9 for one in contacts.found]
    assert sent == [100.0, 100.0, 100.5, 100.25, 101.0]
    values = graph.values()
    assert (values["stamps.equal"], values["stamps.late"]) == ("1", "1")
    assert "stamps.back" not in values
    assert graph.told("1 stamps out of order: is there a second driver?")
    assert contacts.feel(50) != numbers[0]
    assert graph.values()["stamps.back"] == "1"
    assert graph.told("1 stamps jumped back")


def test_a_tare_ends_where_stamps_jump_back(perception):
    graph = perception(tare_frames=3, tare_timeout_s=60.0)
    answer = graph.ask(Trigger, "tare")
    graph.until(lambda: graph.perception.tare_service.in_progress, "the tare to begin")
    rest = np.zeros((12, 16))
    for stamp in (100, 101, 50):
        graph.perceive(image(rest, stamp))
    graph.until(answer.done, "the answer of tare")
    assert not answer.result().success
    assert "stamps jumped back: the old tare stays" in answer.result().message
    assert graph.perception.tare_service.tares == {}


@pytest.fixture
def stream(ros_context):
    node = Node("stream", context=ros_context)
    yield SensorStream(node, RepeatedWarnings(lambda message: None))
    node.destroy_node()


def untouched(stream, stamps, begun):
    """Untouched frames with these stamps, seconds; the node hears them at this steady time."""
    settings = Settings()
    for stamp in stamps:
        stream.header(image(np.zeros((4, 4)), stamp), settings, begun)
        stream.follow(EMPTY, np.full((4, 4), 0.5), None, settings)
        stream.perceived(begun)


def test_drift_is_watched_anew_after_a_jump_back_and_goes_on_over_a_silence(stream):
    now = time.monotonic()
    untouched(stream, range(100, 200), now)
    assert "drift_largest" in stream.values()
    untouched(stream, [201], now + 60)
    assert stream.values()["silences"] == 1
    assert "drift_largest" in stream.values()
    untouched(stream, [50], now + 60)
    assert "drift_largest" not in stream.values()
    assert stream.values()["silences"] == 1


def test_refused_frames_end_no_silence(stream):
    now = time.monotonic()
    untouched(stream, [1], now)
    for later in (60, 61, 62):
        stream.header(image(np.zeros((4, 4)), 2 + later), Settings(), now + later)
    untouched(stream, [100], now + 63)
    assert stream.values()["silences"] == 1
    untouched(stream, [101], now + 63.5)
    assert stream.values()["silences"] == 1
