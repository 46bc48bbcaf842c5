"""Under load: the newest frame wins, lost ones are counted, nothing is done for nobody."""

import pytest
from graph_client import image, press
from rclpy.duration import Duration
from rclpy.qos import QoSProfile, ReliabilityPolicy
from sensor_msgs.msg import Image

from tactile_equiv import model_node, percept_outputs
from tactile_equiv.percept import perceive

RELIABLE_INPUT = {"qos_overrides./image.subscription.reliability": "reliable"}
ARRIVE_S = 20
TOTAL = 21


class Sensor:
    """Sends frames that have arrived when `send` returns; their stamps count from 1 s."""

    def __init__(self, publisher):
        self._publisher = publisher
        self.sent = 0

    def send(self, count):
        for _ in range(min(count, TOTAL - self.sent)):
            self.sent += 1
            self._publisher.publish(image(press(), self.sent))
        assert self._publisher.wait_for_all_acked(Duration(seconds=ARRIVE_S))


@pytest.mark.parametrize("executor", ["events", "single_threaded"])
@pytest.mark.parametrize("periods", [1, 2, 5])
def test_the_answer_is_about_the_newest_frame_and_drops_are_counted(
    perception, monkeypatch, executor, periods
):
    """Perception takes some periods of the sensor: so many frames arrive while it computes.

    Each answer but the first is then about the last of them, which is less than one period old
    when its turn comes.
    """
    graph = perception(executor=executor, **RELIABLE_INPUT)
    qos = QoSProfile(depth=1, reliability=ReliabilityPolicy.RELIABLE)
    sensor = Sensor(graph.publisher(qos=qos))

    def slowly(*arguments, **options):
        sensor.send(periods)
        return perceive(*arguments, **options)

    monkeypatch.setattr(model_node, "perceive", slowly)
    sensor.send(1)
    graph.until(lambda: graph.classes and graph.classes[-1].header.stamp.sec == TOTAL, "the last")
    answered = [answer.header.stamp.sec for answer in graph.classes]
    assert answered == list(range(1, TOTAL + 1, periods))
    values = graph.values()
    assert int(values["perceived"]) == len(answered)
    assert int(values["perceived"]) + int(values["dropped"]) == sensor.sent == TOTAL
    assert values["refused"] == "0"


def test_nothing_is_computed_for_a_topic_that_nobody_hears(perception, monkeypatch):
    def unwanted(*arguments):
        raise AssertionError("computed for nobody")

    graph = perception()
    maps = graph.output(Image, "contact_map")
    graph.perceive(image(press(), 1))
    graph.node.destroy_subscription(
        next(one for one in graph.node.subscriptions if one.topic_name.endswith("/classification"))
    )
    publisher = graph.perception._outputs._publishers["classification"]
    graph.until(lambda: not publisher.get_subscription_count(), "nobody to hear classes")
    for name in ("classification", "contacts", "mono"):
        monkeypatch.setattr(percept_outputs.messages, name, unwanted)
    monkeypatch.setattr(percept_outputs, "overlay", unwanted)
    graph.send(image(press(), 2))
    graph.until(lambda: len(maps) == 2, "the second map")
    assert graph.values()["refused"] == "0"
