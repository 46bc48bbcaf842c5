"""Contacts in metres, in the sensor's frame, for RViz and Foxglove."""

import dataclasses
import math

import numpy as np
import pytest
from graph_client import image, press
from std_msgs.msg import Header
from visualization_msgs.msg import Marker, MarkerArray

from tactile_equiv.contacts import Contact, Texture
from tactile_equiv.markers import CELLS, Pitch, blocks, contact_markers
from tactile_equiv.percept import Percept

PITCH = Pitch(row=0.002, col=0.003)


def felt(pressure, contacts=()):
    contact_map = np.where(np.isnan(pressure), np.nan, pressure > 0).astype(np.float32)
    pressure = np.nan_to_num(pressure).astype(np.float32)
    return Percept(contact_map, pressure, tuple(contacts), None, np.zeros(2, np.float32), 0)


def contact(row, column, clipped=False):
    texture = Texture(("smooth", "rough"), np.array([0.25, 0.75]))
    box = int(row), int(column), int(row) + 2, int(column) + 2
    return Contact(row, column, 4, 9.0, 20.0, box, clipped, texture)


def of(markers, namespace):
    return [marker for marker in markers.markers if marker.ns == namespace]


def test_places_and_sizes_are_metres_from_the_first_taxel():
    header = Header(frame_id="finger")
    percept = felt(np.ones((5, 7)), [contact(1.5, 4.0)])
    markers = contact_markers(header, percept, [12], PITCH)
    assert all(marker.header == header for marker in markers.markers)
    (drawn,) = of(markers, "contacts")
    assert (drawn.id, drawn.type) == (12, Marker.CYLINDER)
    assert drawn.pose.position.x == pytest.approx(4.0 * 0.003)
    assert drawn.pose.position.y == pytest.approx(1.5 * 0.002)
    assert math.pi / 4 * drawn.scale.x * drawn.scale.y == pytest.approx(4 * 0.002 * 0.003)
    (plate,) = of(markers, "skin")
    assert (plate.scale.x, plate.scale.y) == pytest.approx((7 * 0.003, 5 * 0.002))
    assert plate.pose.position.x == pytest.approx(3 * 0.003)
    assert plate.pose.position.y == pytest.approx(2 * 0.002)
    (label,) = of(markers, "labels")
    assert label.text == "12: rough 0.75"


def test_the_cells_lie_on_the_pressed_and_the_invalid_taxels():
    pressure = np.zeros((5, 7))
    pressure[1, 2], pressure[4, 6] = 3.0, np.nan
    (cells,) = of(contact_markers(Header(), felt(pressure), [], PITCH), "pressure")
    places = [(point.x, point.y) for point in cells.points]
    assert places == [pytest.approx((0.006, 0.002)), pytest.approx((0.018, 0.008))]
    violet = cells.colors[1]
    assert violet.r == violet.b > violet.g


def test_a_clipped_contact_has_another_colour():
    found = [contact(1, 1), contact(3, 5, clipped=True)]
    markers = contact_markers(Header(), felt(np.ones((5, 7)), found), [0, 1], PITCH)
    whole, clipped = of(markers, "contacts")
    assert whole.color.g > whole.color.r and clipped.color.r > clipped.color.g
    assert of(markers, "labels")[1].text.endswith("clipped")


@pytest.mark.parametrize(("row", "other"), [(3.5, None), (4.25, -0.75), (0.25, 5.25)])
def test_a_contact_that_crosses_the_seam_is_drawn_on_both_sides(row, other):
    box = (3, 4, 5, 6) if other is None else (4, 4, 6, 6)
    found = dataclasses.replace(contact(row, 4), box=box)
    percept = dataclasses.replace(felt(np.ones((5, 7)), [found]), periods=(5, math.inf))
    markers = contact_markers(Header(), percept, [3], PITCH)
    (drawn,) = of(markers, "contacts")
    assert drawn.pose.position.y == pytest.approx(row * 0.002)
    again = [(one.id, one.pose.position.y) for one in of(markers, "over_seam")]
    assert again == ([] if other is None else [(3, pytest.approx(other * 0.002))])


def test_the_markers_of_the_frame_before_are_deleted_first():
    markers = contact_markers(Header(), felt(np.zeros((5, 7))), [], PITCH).markers
    assert [marker.action for marker in markers] == [Marker.DELETEALL, Marker.ADD]
    assert markers[1].ns == "skin"


@pytest.mark.parametrize(("rows", "columns"), [(28, 50), (41, 53), (240, 320), (1, 5000)])
def test_a_large_skin_is_drawn_in_blocks_that_keep_the_highest_pressure(rows, columns):
    pressure = np.random.default_rng(0).random((rows, columns))
    pressure[rows - 1, columns - 1] = 2.0
    cells, side = blocks(felt(pressure))
    assert cells.shape == (-(-rows // side), -(-columns // side))
    assert cells[-1, -1] == cells.max() == 2.0
    assert side == 1 or cells.size < 2 * CELLS
    assert (side == 1) == (rows * columns <= CELLS)


def test_markers_are_published_once_the_pitch_is_known(perception):
    graph = perception()
    heard = graph.output(MarkerArray, "markers")
    graph.perceive(image(press(), 1))
    graph.until(lambda: graph.warnings("set row_pitch and col_pitch"), "the notice")
    assert not heard
    assert graph.set(row_pitch=0.002, col_pitch=0.003) == []
    sent = image(press(), 2)
    graph.perceive(sent)
    graph.until(lambda: heard, "markers")
    spaces = {marker.ns for marker in heard[0].markers}
    assert spaces == {"", "skin", "pressure", "contacts", "labels"}
    assert all(marker.header == sent.header for marker in heard[0].markers)
