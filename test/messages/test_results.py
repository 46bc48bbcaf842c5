"""Percepts to messages: what a subscriber reads is what was perceived."""

import sys

import numpy as np
import pytest
from builtin_interfaces.msg import Time
from hypothesis import given
from hypothesis import strategies as st
from std_msgs.msg import Header

from tactile_equiv import messages
from tactile_equiv.decoding import decode_image
from tactile_equiv.errors import FrameError
from tactile_equiv.percept import Contact, Percept, Texture
from tactile_equiv.settings import Settings

HEADER = Header(stamp=Time(sec=3, nanosec=7), frame_id="fingertip")
NAMES = ("smooth", "ridged", "rough")
TEXTURE = Texture(NAMES, np.array([0.25, 0.125, 0.625]))


def contact(**changes):
    values = {
        "row": 4.25,
        "column": 7.5,
        "area": 12,
        "peak": 80.0,
        "load": 500.0,
        "box": (3, 6, 6, 10),
        "clipped": False,
        "texture": TEXTURE,
    }
    return Contact(**values | changes)


def percept(texture):
    zeros = np.zeros((2, 2), np.float32)
    found = () if texture is None else (contact(),)
    return Percept(zeros, zeros, found, texture, np.zeros(4, np.float32), 0)


def published(hypotheses):
    return [(hypothesis.class_id, hypothesis.score) for hypothesis in hypotheses]


def test_classification_carries_the_source_header():
    message = messages.classification(HEADER, percept(TEXTURE), Settings())
    assert message.header == HEADER


def test_best_class_comes_first_as_index():
    message = messages.classification(HEADER, percept(TEXTURE), Settings())
    assert published(message.results) == [("2", 0.625), ("0", 0.25), ("1", 0.125)]


def test_class_names_on_request():
    settings = Settings(class_id_format="name")
    message = messages.classification(HEADER, percept(TEXTURE), settings)
    assert [h.class_id for h in message.results] == ["rough", "smooth", "ridged"]


def test_no_contact_is_an_empty_result():
    assert messages.classification(HEADER, percept(None), Settings()).results == []


@pytest.mark.parametrize(
    ("settings", "expected"),
    [
        ({"max_hypotheses": 1}, ["2"]),
        ({"max_hypotheses": 2}, ["2", "0"]),
        ({"score_threshold": 0.25}, ["2", "0"]),
        ({"score_threshold": 0.3}, ["2"]),
        ({"score_threshold": 0.7}, []),
        ({"score_threshold": 0.2, "max_hypotheses": 1}, ["2"]),
    ],
)
def test_hypotheses_are_limited(settings, expected):
    message = messages.classification(HEADER, percept(TEXTURE), Settings(**settings))
    assert [h.class_id for h in message.results] == expected


def test_equal_scores_keep_the_order_of_the_classes():
    even = Texture(NAMES, np.full(3, 1 / 3))
    message = messages.classification(HEADER, percept(even), Settings())
    assert [h.class_id for h in message.results] == ["0", "1", "2"]


def test_a_contact_is_a_detection_in_pixels():
    (found,) = messages.contacts(HEADER, [contact()], [17], Settings()).detections
    assert found.header == HEADER
    assert found.id == "17"
    centre = found.bbox.center.position
    assert (centre.x, centre.y) == (7.5, 4.25)
    assert (found.bbox.size_x, found.bbox.size_y) == (4.0, 3.0)
    hypotheses = [result.hypothesis for result in found.results]
    assert published(hypotheses) == [("2", 0.625), ("0", 0.25), ("1", 0.125)]
    for result in found.results:
        position = result.pose.pose.position
        assert (position.x, position.y, position.z) == (7.5, 4.25, 0.0)
        assert not np.any(result.pose.covariance)


def test_a_clipped_contact_says_that_its_centre_is_unknown():
    (found,) = messages.contacts(HEADER, [contact(clipped=True)], [0], Settings()).detections
    for result in found.results:
        assert list(result.pose.covariance) == [-1.0] + [0.0] * 35


def test_contacts_keep_their_order_and_numbers():
    found = [contact(row=1.0), contact(row=2.0, clipped=True), contact(row=3.0)]
    message = messages.contacts(HEADER, found, [5, 2, 9], Settings())
    assert message.header == HEADER
    assert [detection.id for detection in message.detections] == ["5", "2", "9"]
    assert [d.bbox.center.position.y for d in message.detections] == [1.0, 2.0, 3.0]


def test_a_contact_that_is_not_felt_has_its_place_and_no_class():
    (found,) = messages.contacts(HEADER, [contact().lost()], [4], Settings()).detections
    assert (found.id, list(found.results)) == ("4", [])
    assert (found.bbox.center.position.x, found.bbox.center.position.y) == (7.5, 4.25)
    assert (found.bbox.size_x, found.bbox.size_y) == (0.0, 0.0)


def test_below_the_score_threshold_a_contact_stays_without_a_class():
    settings = Settings(score_threshold=0.7)
    (found,) = messages.contacts(HEADER, [contact()], [4], settings).detections
    assert (list(found.results), found.bbox.size_x) == ([], 4.0)
    assert not messages.classification(HEADER, percept(TEXTURE), settings).results


def test_no_contacts_are_an_empty_array():
    assert messages.contacts(HEADER, [], [], Settings()).detections == []


def test_numbers_and_contacts_must_match():
    with pytest.raises(ValueError):
        messages.contacts(HEADER, [contact()], [], Settings())


def test_labels_name_every_class():
    message = messages.label_info(HEADER, NAMES, Settings(score_threshold=0.25))
    assert message.header == HEADER
    assert message.threshold == 0.25
    assert [(c.class_id, c.class_name) for c in message.class_map] == list(enumerate(NAMES))


def test_float_image_keeps_every_bit():
    values = np.array([[0.0, np.nan, 1.0], [1e-45, 0.1, -0.0]], np.float32)
    image = messages.float_image(HEADER, values)
    assert (image.height, image.width, image.step, image.encoding) == (2, 3, 12, "32FC1")
    assert image.header == HEADER
    assert image.is_bigendian == (sys.byteorder == "big")
    assert bytes(image.data) == values.tobytes()


@given(rows=st.integers(1, 5), columns=st.integers(1, 5), seed=st.integers(0, 9))
def test_float_image_is_read_back(rows, columns, seed):
    values = np.random.default_rng(seed).normal(size=(columns, rows)).astype(np.float32).T
    np.testing.assert_array_equal(
        decode_image(messages.float_image(HEADER, values), Settings()), values
    )


def test_mono_image_spans_0_to_255_and_shows_invalid_taxels_dark():
    values = np.array([[0.0, 0.5], [1.0, np.nan]], np.float32)
    image = messages.mono_image(HEADER, values)
    assert (image.height, image.width, image.step, image.encoding) == (2, 2, 2, "mono8")
    assert list(image.data) == [0, 127, 255, 0]


@pytest.mark.parametrize(
    ("kind", "encoding"),
    [("u1", "mono8"), ("u2", "mono16"), ("f4", "32FC1"), ("i2", "32FC1"), ("f8", "32FC1")],
)
def test_a_raw_frame_becomes_the_image_that_keeps_its_values(kind, encoding):
    frame = np.arange(12, dtype=kind).reshape(3, 4)
    image = messages.image_of(HEADER, frame)
    assert image.encoding == encoding
    np.testing.assert_array_equal(decode_image(image, Settings()), frame)


def test_a_colour_frame_becomes_rgb8():
    frame = np.arange(36, dtype=np.uint8).reshape(3, 4, 3)
    image = messages.image_of(HEADER, frame)
    assert image.encoding == "rgb8"
    np.testing.assert_array_equal(decode_image(image, Settings()), frame)


@pytest.mark.parametrize(("kind", "channels"), [("f4", 3), ("u2", 3), ("u1", 4), ("u1", 1)])
def test_other_colours_cannot_become_an_image(kind, channels):
    with pytest.raises(FrameError, match="publish this one as taxels"):
        messages.image_of(HEADER, np.zeros((2, 2, channels), kind))


def test_headers_and_stamps():
    assert messages.is_zero(Time())
    assert not messages.is_zero(Time(nanosec=1))
    assert messages.nanoseconds(HEADER.stamp) == 3_000_000_007
    assert messages.nanoseconds(Time(sec=-1)) < 0
