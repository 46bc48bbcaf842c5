"""A network slower than the sensor: the newest frame wins, and every lost one is counted."""

import pytest
from graph_client import image, press
from rclpy.duration import Duration
from rclpy.qos import QoSProfile, ReliabilityPolicy

RELIABLE_INPUT = {"qos_overrides./image.subscription.reliability": "reliable"}
ARRIVE_S = 20


class SlowBackend:
    """Takes as long as `frames` periods of the sensor: so many frames arrive while it computes."""

    name, device = "slow", "cpu"

    def __init__(self, backend, publisher, frames, total):
        self._backend = backend
        self._publisher = publisher
        self._frames = frames
        self._total = total
        self.sent = 0

    def send(self, count=1):
        for _ in range(min(count, self._total - self.sent)):
            self.sent += 1
            self._publisher.publish(image(press(), self.sent))
        assert self._publisher.wait_for_all_acked(Duration(seconds=ARRIVE_S))

    def run(self, frame):
        self.send(self._frames)
        return self._backend.run(frame)


@pytest.mark.parametrize("executor", ["events", "single_threaded"])
@pytest.mark.parametrize("frames", [1, 2, 5])
def test_the_answer_is_about_the_newest_frame_and_drops_are_counted(
    perception, monkeypatch, executor, frames
):
    graph = perception(executor=executor, **RELIABLE_INPUT)
    qos = QoSProfile(depth=1, reliability=ReliabilityPolicy.RELIABLE)
    publisher = graph.publisher(qos=qos)
    model = graph.perception._model
    slow = SlowBackend(model.backend, publisher, frames, total=21)
    monkeypatch.setattr(graph.perception, "_model", type(model)(**vars(model) | {"backend": slow}))
    slow.send()
    graph.until(lambda: graph.classes and graph.classes[-1].header.stamp.sec == 21, "the last one")
    answered = [answer.header.stamp.sec for answer in graph.classes]
    assert answered == list(range(1, 22, frames))
    values = graph.values()
    assert int(values["perceived"]) == len(answered)
    assert int(values["perceived"]) + int(values["dropped"]) == slow.sent
    assert values["refused"] == "0"
