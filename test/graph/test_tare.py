"""~/tare: the offset of the untouched sensor disappears; a tare that fails changes nothing."""

import numpy as np
from graph_client import figures, image, pixels, press
from sensor_msgs.msg import Image
from std_srvs.srv import Trigger


def drifted(frame, rise=0.0):
    """The frame on a sensor that rests at 40 and more."""
    return frame + 40 + rise + np.arange(frame.shape[1], dtype=np.float32)


def tare_on(graph, frame, frames=3, start=100):
    """Tare while these frames come; the answer."""
    answer = graph.ask(Trigger, "tare")
    graph.until(lambda: graph.perception.tare_service.in_progress, "the tare to begin")
    for number in range(frames):
        graph.perceive(image(frame, start + number))
    graph.until(answer.done, "the answer of tare")
    return answer.result()


def test_the_offset_disappears(perception):
    graph = perception(tare_frames=3)
    maps = graph.output(Image, "contact_map")
    clean = graph.perceive(image(press(), 1))
    assert graph.perceive(image(drifted(np.zeros((12, 16))), 2)).results
    assert graph.values()["tare"] == "none"
    answer = tare_on(graph, drifted(np.zeros((12, 16))))
    assert answer.success
    assert "mean of 3 frames" in answer.message
    assert graph.values()["tare"] == "taken"
    assert graph.perceive(image(drifted(np.zeros((12, 16))), 200)).results == []
    tared = graph.perceive(image(drifted(press()), 201))
    graph.until(lambda: len(maps) == 7)
    np.testing.assert_allclose(pixels(maps[-1]), pixels(maps[0]), atol=1e-4)
    assert [h.class_id for h in tared.results] == [h.class_id for h in clean.results]


def test_the_mean_is_taken(perception):
    graph = perception(tare_frames=2)
    answer = graph.ask(Trigger, "tare")
    graph.until(lambda: graph.perception.tare_service.in_progress)
    for number, rise in enumerate((0.0, 5.0)):
        graph.perceive(image(drifted(np.zeros((12, 16)), rise), 10 + number))
    graph.until(answer.done)
    mean = graph.perception.tare_service.tares[""]
    np.testing.assert_array_equal(mean, drifted(np.zeros((12, 16)), 2.5))


def test_a_dead_taxel_stays_dead_and_the_rest_is_tared(perception):
    graph = perception(tare_frames=2)
    maps = graph.output(Image, "contact_map")
    rest = drifted(np.zeros((12, 16)))
    rest[2, 3] = np.nan
    assert tare_on(graph, rest, 2).success
    assert graph.perceive(image(rest, 200)).results == []
    graph.until(lambda: len(maps) == 3)
    invalid = np.isnan(pixels(maps[-1]))
    assert invalid[2, 3] and invalid.sum() == 1


def test_frames_without_numbers_do_not_count(perception):
    graph = perception(tare_frames=2)
    answer = graph.ask(Trigger, "tare")
    graph.until(lambda: graph.perception.tare_service.in_progress)
    for number in range(4):
        graph.refused(image(np.full((12, 16), np.nan), 1 + number))
    assert not answer.done()
    for number in range(2):
        graph.perceive(image(drifted(np.zeros((12, 16))), 10 + number))
    graph.until(answer.done)
    assert answer.result().success
    assert graph.perceive(image(drifted(np.zeros((12, 16))), 20)).results == []


def test_without_frames_it_ends_at_the_timeout(perception):
    graph = perception(tare_timeout_s=0.2)
    answer = graph.trigger("tare")
    assert not answer.success
    assert "fewer than 10 good frames in 0.2 s" in answer.message
    assert graph.perceive(image(press())).results


def test_a_timeout_keeps_the_old_tare(perception):
    graph = perception(tare_frames=2)
    rest = drifted(np.zeros((12, 16)))
    assert tare_on(graph, rest, 2).success
    assert graph.set(tare_timeout_s=0.3) == []
    assert not graph.trigger("tare").success
    assert graph.perceive(image(rest, 200)).results == []


def test_a_timeout_that_comes_after_its_tare_ends_no_other(perception, monkeypatch):
    graph = perception(tare_frames=2)
    node, timeouts = graph.perception, []
    create = node.create_timer

    def recorded(seconds, callback, **more):
        timeouts.append(callback)
        return create(seconds, callback, **more)

    monkeypatch.setattr(node, "create_timer", recorded)
    assert tare_on(graph, np.zeros((12, 16)), 2).success
    timeouts[0]()
    answer = graph.ask(Trigger, "tare")
    graph.until(lambda: node.tare_service.in_progress, "the second tare to begin")
    timeouts[0]()
    for number in range(2):
        graph.perceive(image(np.zeros((12, 16)), 200 + number))
    graph.until(answer.done)
    assert answer.result().success


def test_a_second_tare_at_the_same_time_is_refused(perception):
    graph = perception(tare_frames=2)
    first = graph.ask(Trigger, "tare")
    second = graph.ask(Trigger, "tare")
    graph.until(lambda: first.done() or second.done())
    refused, waiting = (first, second) if first.done() else (second, first)
    assert not refused.result().success
    assert "in progress" in refused.result().message
    for number in range(2):
        graph.perceive(image(np.zeros((12, 16)), 1 + number))
    graph.until(waiting.done)
    assert waiting.result().success


def test_refused_while_disabled_or_not_active(perception):
    graph = perception()
    graph.enable(False)
    answer = graph.trigger("tare")
    assert not answer.success and "enable" in answer.message
    graph.enable(True)
    assert graph.transition("deactivate")
    assert not graph.trigger("tare").success


def test_another_size_after_a_tare_is_refused_until_the_next_tare(perception):
    graph = perception(tare_frames=2)
    assert tare_on(graph, np.zeros((12, 16)), 2).success
    status = graph.refused(image(press(rows=20, columns=20), 300))
    assert figures(status)["refused.size"] == "1"
    graph.until(lambda: graph.warnings("tare again"))
    answer = graph.ask(Trigger, "tare")
    graph.until(lambda: graph.perception.tare_service.in_progress)
    graph.refused(image(np.zeros((20, 20)), 301))
    graph.perceive(image(np.zeros((20, 20)), 302))
    graph.until(answer.done)
    assert answer.result().success
    assert graph.perceive(image(press(rows=20, columns=20), 400)).results


def test_deactivation_during_a_tare_ends_it(perception):
    graph = perception(tare_timeout_s=60.0)
    answer = graph.ask(Trigger, "tare")
    graph.until(lambda: graph.perception.tare_service.in_progress)
    assert graph.transition("deactivate")
    graph.until(answer.done)
    assert not answer.result().success
