"""Both executors run everything that the node does; the process says which one it has."""

import signal
import subprocess
import sys

import numpy as np
import pytest
from diagnostic_msgs.msg import DiagnosticStatus
from graph_client import Client, figures, image, pixels, press
from sensor_msgs.msg import Image
from std_srvs.srv import Trigger

from tactile_equiv import node_process
from tactile_equiv.realtime import scheduling, use_fifo

CLASSES = {"events": "EventsExecutor", "single_threaded": "SingleThreadedExecutor"}


@pytest.mark.parametrize("name", list(CLASSES))
def test_services_parameters_timers_and_transitions(perception, name):
    graph = perception(executor=name, tare_frames=2, tare_timeout_s=0.2)
    assert graph.values()["executor"] == CLASSES[name]
    before = graph.perceive(image(press(), 1))
    graph.until(lambda: len(graph.statuses) > 1, "diagnostics by the timer")
    late = graph.trigger("tare")
    assert (late.success, "fewer than 2" in late.message) == (False, True)
    answer = graph.ask(Trigger, "tare")
    graph.until(lambda: graph.perception.tare_service.in_progress)
    for second in (2, 3):
        graph.perceive(image(np.full((12, 16), 7.0), second))
    graph.until(answer.done, "the answer of tare")
    assert answer.result().success
    assert not graph.set(score_threshold=0.9)
    for cycle in range(5):
        assert graph.transition("deactivate")
        graph.send(image(press(), 10 + cycle))
        assert graph.transition("activate")
    graph.until(graph.publisher().get_subscription_count, "the subscription")
    assert len(graph.perceive(image(press() + 7, 30)).results) <= len(before.results)
    assert graph.transition("deactivate") and graph.transition("cleanup")
    assert graph.state == "unconfigured"


@pytest.mark.parametrize("name", ["executor", "realtime_priority"])
def test_what_is_chosen_at_start_cannot_be_changed(perception, name):
    graph = perception()
    (reason,) = graph.set(**{name: {"executor": "single_threaded"}.get(name, 3)})
    assert "read-only" in reason


def test_serialised_rubbish_is_refused(perception):
    graph = perception()
    first = graph.perceive(image(press(), 1))
    status = graph.refused(b"\0\1\0\0rubbish")
    assert figures(status)["refused.serialisation"] == "1"
    assert status.level == DiagnosticStatus.WARN
    assert graph.perceive(image(press(), 2)).results == first.results


def test_an_rclpy_without_the_executor_takes_the_other_and_says_so(monkeypatch, ros_context):
    monkeypatch.setitem(sys.modules, "rclpy.experimental", None)
    told = []
    executor = node_process.executor_of("events", told.append, ros_context)
    assert type(executor).__name__ == "SingleThreadedExecutor"
    assert told == ["this rclpy has no EventsExecutor: single_threaded is used"]


def permitted():
    """Whether a process may have a real-time priority here: asked in a child, which keeps it."""
    code = "from tactile_equiv.realtime import use_fifo; use_fifo(1)"
    return subprocess.run([sys.executable, "-c", code], capture_output=True).returncode == 0


@pytest.mark.parametrize("executor", list(CLASSES))
def test_a_process_with_a_priority_perceives_and_ends(
    process, ros_context, model_directory, executor
):
    client = Client(ros_context)
    parameters = {"model_path": model_directory, "executor": executor, "realtime_priority": 7}
    node = process(*(f for k, v in parameters.items() for f in ("-p", f"{k}:={v}")))
    maps = client.output(Image, "contact_map")
    publisher = client.publisher()

    def answered():
        publisher.publish(image(press()))
        return maps

    client.until(answered, "a contact map from the process")
    assert pixels(maps[0]).max() > 0.9
    client.until(lambda: client.statuses, "diagnostics")
    values = figures(client.statuses[-1].status[0])
    assert values["executor"] == CLASSES[executor]
    if permitted():
        assert (values["scheduling"], values["notices"]) == ("SCHED_FIFO 7", "none")
    else:
        assert values["scheduling"] == "normal"
        assert "not permitted" in values["notices"]
    node.signal(signal.SIGINT)
    assert node.wait() == 0
    assert "Traceback" not in node.said
    client.close()


def test_a_refused_priority_is_said_and_changes_nothing(perception, monkeypatch):
    def refuse(*arguments):
        raise PermissionError

    graph = perception(realtime_priority=7)
    before = scheduling()
    monkeypatch.setattr("tactile_equiv.realtime.os.sched_setscheduler", refuse)
    graph.perception.take_priority()
    status = graph.diagnostics()
    assert status.level == DiagnosticStatus.WARN
    assert "SCHED_FIFO is not permitted" in figures(status)["notices"]
    assert figures(status)["scheduling"] == before
    graph.until(lambda: graph.warnings("ulimit -r"))
    assert graph.perceive(image(press(), 1)).results


def test_a_system_without_priorities_says_so(monkeypatch, tmp_path):
    monkeypatch.setattr("tactile_equiv.realtime.THREADS", tmp_path / "none")
    with pytest.raises(ValueError, match="no SCHED_FIFO here"):
        use_fifo(3)
