"""Frames in, results out, over DDS: one classification a frame, exact wherever the contact lies."""

import itertools

import numpy as np
from graph_client import CLASSES, LATCHED, figures, image, pixels, press
from rclpy.qos import QoSProfile
from sensor_msgs.msg import Image
from vision_msgs.msg import Detection2DArray, LabelInfo

from tactile_equiv.picture import HEADER, LEGEND


def test_each_frame_has_one_classification_with_its_header(perception):
    graph = perception()
    for number in range(5):
        sent = image(press(), 10.5 + number, f"finger{number}")
        assert graph.perceive(sent).header == sent.header
    assert len(graph.classes) == 5
    assert figures(graph.diagnostics())["perceived"] == "5"


def test_classes_are_decimal_indices_best_first(perception):
    results = perception().perceive(image(press())).results
    assert sorted(int(h.class_id) for h in results) == [0, 1, 2]
    scores = [h.score for h in results]
    assert scores == sorted(scores, reverse=True)
    assert abs(sum(scores) - 1) < 1e-9


def test_without_contact_the_results_are_empty(perception):
    graph = perception()
    maps = graph.output(Image, "contact_map")
    found = graph.output(Detection2DArray, "contacts")
    sent = image(np.zeros((12, 16)))
    answer = graph.perceive(sent)
    graph.until(lambda: maps and found)
    assert answer.results == []
    assert answer.header == maps[0].header == found[0].header == sent.header
    assert found[0].detections == []
    assert not pixels(maps[0]).any()


def test_the_map_moves_with_the_contact_and_the_class_stays(perception):
    graph = perception()
    maps = graph.output(Image, "contact_map")
    reference = graph.perceive(image(press(20, 20, 44, 44))).results
    graph.until(lambda: len(maps) == 1)
    whole = pixels(maps[0])
    rows, columns = 12, 16
    places = list(itertools.product(range(rows - 2), range(columns - 3)))
    for number, (row, column) in enumerate(places):
        answer = graph.perceive(image(press(row, column, rows, columns), 2 + number))
        graph.until(lambda: len(maps) == number + 2, "a contact map")  # noqa: B023
        expected = whole[20 - row : 20 - row + rows, 20 - column : 20 - column + columns]
        np.testing.assert_allclose(pixels(maps[-1]), expected, rtol=0, atol=1e-6)
        assert [h.class_id for h in answer.results] == [h.class_id for h in reference]
        np.testing.assert_allclose(
            [h.score for h in answer.results], [h.score for h in reference], rtol=1e-6
        )
    assert (0, 0) in places and (rows - 3, columns - 4) in places
    assert whole.max() > 0.9


def test_contacts_have_place_size_class_and_a_lasting_number(perception):
    graph = perception()
    found = graph.output(Detection2DArray, "contacts")
    for number, row in enumerate((3, 4, 5)):
        graph.perceive(image(press(row, 6), 1 + number))
    graph.until(lambda: len(found) == 3)
    (first,), (second,), (third,) = (message.detections for message in found)
    assert first.id == second.id == third.id
    assert second.bbox.center.position.y == first.bbox.center.position.y + 1
    assert second.bbox.center.position.x == first.bbox.center.position.x
    assert 5 <= first.bbox.center.position.x <= 10
    assert (first.bbox.size_x, first.bbox.size_y) == (second.bbox.size_x, second.bbox.size_y)
    assert len(first.results) == len(CLASSES)
    assert first.results[0].pose.covariance[0] == 0


def test_two_contacts_are_told_apart_and_a_clipped_one_says_so(perception):
    graph = perception()
    found = graph.output(Detection2DArray, "contacts")
    graph.perceive(image(press(0, 2, 24, 24) + 2 * press(15, 15, 24, 24)))
    graph.until(lambda: found)
    strong, weak = found[0].detections
    assert strong.id != weak.id
    assert strong.bbox.center.position.y > weak.bbox.center.position.y
    assert strong.results[0].pose.covariance[0] == 0
    assert weak.results[0].pose.covariance[0] == -1


def test_the_viewers_map_is_mono8(perception):
    graph = perception()
    exact = graph.output(Image, "contact_map")
    grey = graph.output(Image, "contact_map_mono8")
    graph.perceive(image(press()))
    graph.until(lambda: exact and grey)
    assert grey[0].encoding == "mono8"
    values = np.frombuffer(grey[0].data, np.uint8).reshape(12, 16)
    np.testing.assert_array_equal(values, (pixels(exact[0]) * np.float32(255)).astype(np.uint8))


def test_a_dead_taxel_is_nan_in_the_map_and_perception_goes_on(perception):
    graph = perception()
    maps = graph.output(Image, "contact_map")
    frame = press()
    frame[0, 0] = np.nan
    assert graph.perceive(image(frame)).results
    graph.until(lambda: maps)
    invalid = np.isnan(pixels(maps[0]))
    assert invalid[0, 0]
    assert invalid.sum() == 1


def test_the_overlay_is_drawn_for_those_who_listen(perception):
    graph = perception()
    graph.perceive(image(press()))
    drawn = graph.output(Image, "overlay")
    sent = image(press(), 2)
    graph.perceive(sent)
    graph.until(lambda: drawn)
    assert len(drawn) == 1
    assert drawn[0].encoding == "bgr8"
    assert drawn[0].header == sent.header
    assert (drawn[0].height, drawn[0].width) == (HEADER + 12 * 40 + LEGEND, 16 * 40)


def test_labels_reach_those_who_come_late(perception):
    graph = perception()
    graph.perceive(image(press()))
    labels = graph.output(LabelInfo, "label_info", LATCHED)
    graph.until(lambda: labels)
    named = [(c.class_id, c.class_name) for c in labels[0].class_map]
    assert named == list(enumerate(CLASSES))


def test_labels_are_published_again_with_another_score_threshold(perception):
    graph = perception()
    labels = graph.output(LabelInfo, "label_info", LATCHED)
    graph.until(lambda: labels)
    assert graph.set(score_threshold=0.25) == []
    graph.until(lambda: len(labels) == 2)
    assert [message.threshold for message in labels] == [0.0, 0.25]


def test_a_best_effort_and_a_reliable_driver_are_both_heard(perception):
    graph = perception()
    assert graph.perceive(image(press())).results
    reliable = graph.node.create_publisher(Image, "image", QoSProfile(depth=10))
    graph.until(reliable.get_subscription_count)
    reliable.publish(image(press(), 2))
    graph.until(lambda: len(graph.classes) == 2)


def test_a_zero_stamp_and_an_empty_frame_id_are_filled_in_and_told_once(perception):
    graph = perception(frame_id="palm")
    before = graph.node.get_clock().now().to_msg()
    for _ in range(3):
        answer = graph.perceive(image(press(), 0.0, ""))
        assert answer.header.frame_id == "palm"
        assert answer.header.stamp.sec >= before.sec
    graph.until(lambda: graph.warnings("stamp zero"))
    assert len(graph.warnings("stamp zero")) == 1
    assert figures(graph.diagnostics())["age_ms"] == "none"


def test_a_namespace_moves_every_topic(perception):
    graph = perception(namespace="/left")
    answer = graph.perceive(image(press()), "/left/image")
    assert answer.results
    assert graph.diagnostics().name == "/left/tactile_perception: perception"


def test_the_input_can_be_remapped(perception):
    graph = perception(arguments=["-r", "image:=/gel/image_raw"])
    assert graph.perceive(image(press()), "/gel/image_raw").results
    assert graph.values()["input"] == "/gel/image_raw"
