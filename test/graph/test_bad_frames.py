"""Every bad frame is refused, counted under its reason and told once; the node lives on."""

import array

import numpy as np
import pytest
from diagnostic_msgs.msg import DiagnosticStatus
from graph_client import figures, image, pixels, press
from sensor_msgs.msg import Image
from vision_msgs.msg import Detection2DArray


def changed(**changes):
    """A good image with some fields changed."""
    message = image(press(), 2)
    for name, value in changes.items():
        setattr(message, name, value)
    return message


def coloured():
    message = Image(height=2, width=2, step=6, encoding="rgb8", data=array.array("B", range(12)))
    message.header.stamp.sec = 2
    return message


BAD = {
    "wrong encoding": (changed(encoding="yuv422"), "encoding"),
    "truncated data": (changed(data=image(press()).data[:-5]), "data"),
    "too much data": (changed(data=image(press()).data + array.array("B", [0])), "data"),
    "no data": (changed(data=array.array("B")), "data"),
    "step shorter than a row": (changed(step=63), "step"),
    "zero size": (changed(height=0, width=0, step=0, data=array.array("B")), "size"),
    "zero height": (changed(height=0), "size"),
    "gigantic": (changed(height=2**32 - 1, width=2**29, step=2**32 - 1), "data"),
    "all NaN": (image(np.full((12, 16), np.nan), 2), "invalid"),
    "all infinite": (image(np.full((12, 16), -np.inf), 2), "invalid"),
    "colour for a grey model": (coloured(), "channels"),
}


@pytest.mark.parametrize("kind", list(BAD))
def test_refused_counted_told_once_and_silent(perception, kind):
    message, reason = BAD[kind]
    graph = perception()
    maps = graph.output(Image, "contact_map")
    found = graph.output(Detection2DArray, "contacts")
    first, after = image(press(), 1), image(press(), 3)
    graph.perceive(first)
    status = graph.refused(message)
    assert status.level == DiagnosticStatus.WARN
    assert "1 frames refused" in status.message
    assert figures(status)[f"refused.{reason}"] == figures(status)["refused"] == "1"
    graph.refused(message)
    good = graph.perceive(after)
    graph.until(lambda: len(maps) == len(found) == 2)
    for answers in (graph.classes, maps, found):
        assert [m.header.stamp.sec for m in answers] == [1, 3]
    assert good.results == graph.classes[0].results
    assert figures(graph.diagnostics())[f"refused.{reason}"] == "2"
    graph.until(lambda: graph.warnings(f"refused ({reason})"))
    assert len(graph.warnings(f"refused ({reason})")) == 1


def test_another_size_than_configured_is_refused(perception):
    graph = perception(rows=12, cols=16)
    graph.perceive(image(press()))
    status = graph.refused(image(press(rows=13), 2))
    assert figures(status)["refused.size"] == "1"
    graph.until(lambda: graph.warnings("size 13x16, configured is 12x16"))
    assert graph.perceive(image(press(), 3)).results


def test_a_change_of_size_is_followed_where_none_is_configured(perception):
    graph = perception()
    maps = graph.output(Image, "contact_map")
    answers = [
        graph.perceive(image(press(4, 5, *size), 1)) for size in ((12, 16), (20, 9), (7, 30))
    ]
    graph.until(lambda: len(maps) == 3)
    assert [(m.height, m.width) for m in maps] == [(12, 16), (20, 9), (7, 30)]
    assert answers[0].results == answers[1].results == answers[2].results


@pytest.mark.parametrize("level", [0.0, 100.0, -100.0, 1.0e30])
def test_a_constant_frame_is_answered(perception, level):
    graph = perception()
    maps = graph.output(Image, "contact_map")
    answer = graph.perceive(image(np.full((12, 16), level)))
    graph.until(lambda: maps)
    values = pixels(maps[0])
    assert np.isfinite(values).all()
    assert (values.min() >= 0) and (values.max() <= 1)
    assert bool(answer.results) == (level > 0)
    assert all(np.isfinite(h.score) for h in answer.results)


def test_values_beyond_the_network_are_refused(perception):
    status = perception().refused(image(np.full((12, 16), 3.0e38)))
    assert figures(status)["refused.range"] == "1"


def test_one_taxel_is_a_frame(perception):
    assert perception().perceive(image(np.full((1, 1), 100.0))).results == []


def test_stamps_going_backwards_reset_the_state_and_are_told(perception):
    graph = perception()
    found = graph.output(Detection2DArray, "contacts")
    graph.perceive(image(press(), 100))
    graph.perceive(image(press(), 101))
    answer = graph.perceive(image(press(), 50))
    graph.perceive(image(press(), 51))
    graph.until(lambda: len(found) == 4)
    numbers = [message.detections[0].id for message in found]
    assert numbers[0] == numbers[1] != numbers[2] == numbers[3]
    assert answer.header.stamp.sec == 50
    graph.until(lambda: graph.warnings("backwards"))
    assert len(graph.warnings("backwards")) == 1


def test_a_negative_stamp_is_answered(perception):
    message = image(press())
    message.header.stamp.sec = -5
    assert perception().perceive(message).header.stamp.sec == -5


def test_old_frames_are_refused_where_an_age_is_set(perception):
    graph = perception(max_age_s=5.0)
    now = graph.node.get_clock().now().nanoseconds / 1e9
    status = graph.refused(image(press(), now - 60))
    assert figures(status)["refused.age"] == "1"
    assert graph.perceive(image(press(), now)).results
    assert graph.set(max_age_s=0.0) == []
    assert graph.perceive(image(press(), now - 60)).results


def test_different_reasons_are_told_and_counted_apart(perception):
    graph = perception()
    for kind in ("wrong encoding", "truncated data", "all NaN", "wrong encoding"):
        status = graph.refused(BAD[kind][0])
    counted = figures(status)
    assert counted["refused"] == "4"
    assert [counted[f"refused.{r}"] for r in ("encoding", "data", "invalid")] == ["2", "1", "1"]
    graph.until(lambda: len(graph.warnings("frame refused")) >= 3)
    assert len(graph.warnings("frame refused")) == 3


def test_a_defect_of_our_own_costs_the_frame_and_not_the_node(perception, monkeypatch):
    graph = perception()
    first = graph.perceive(image(press(), 1))
    with monkeypatch.context() as broken:
        broken.setattr("tactile_equiv.model_node.perceive", lambda *a, **k: 1 / 0)
        status = graph.refused(image(press(), 2))
    assert status.level == DiagnosticStatus.WARN
    assert figures(status)["refused.internal"] == "1"
    graph.until(lambda: graph.warnings("internal error ZeroDivisionError"), "the log")
    assert graph.perceive(image(press(), 3)).results == first.results
