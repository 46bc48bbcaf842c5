"""What was injected survives the wire."""

import numpy as np
import pytest
from tactile_equiv_sim import truth_messages
from tactile_equiv_sim.mechanics import Cover
from tactile_equiv_sim.scene import Contact, Pose, Scene
from tactile_equiv_sim.sensor import TaxelArray
from tactile_equiv_sim.surface import FAMILIES

pytest.importorskip("rclpy")

from std_msgs.msg import Header

from tactile_equiv.decoding import decode_image
from tactile_equiv.errors import DataError
from tactile_equiv.settings import Settings

HEADER = Header(frame_id="fingertip")
HEADER.stamp.sec, HEADER.stamp.nanosec = 12, 345
STAMP_NS = 12_000_000_345


@pytest.fixture(scope="module")
def scene():
    return Scene(TaxelArray(rows=14, cols=18, pitch_mm=2.0), Cover())


def frame_at(scene, *places):
    plate = FAMILIES["flat"](width_mm=8.0)
    return scene.frame(Contact(plate, Pose(x, y, 0.3, 5.0)) for x, y in places)


def returned(frame, late_s=0.0, lost=False):
    return truth_messages.injected_of(
        truth_messages.contacts_message(HEADER, frame, "a move"),
        truth_messages.injection_message(HEADER, frame, "a move", late_s, lost),
    )


@pytest.mark.parametrize(
    "places", [[], [(16, 12)], [(2, 12)], [(10, 12), (30, 4)]], ids=["none", "one", "cut", "two"]
)
def test_contacts_return_as_they_were(scene, places):
    frame = frame_at(scene, *places)
    injected = returned(frame)
    assert (injected.stamp_ns, injected.move, injected.lost) == (STAMP_NS, "a move", False)
    assert len(injected.contacts) == len(frame.truths) == len(places)
    for seen, true in zip(injected.contacts, frame.truths, strict=True):
        for name in ("row", "column", "angle", "load", "label", "clipped", "margin"):
            assert getattr(seen, name) == getattr(true, name), name
    assert injected.contained == (bool(places) and all(t.contained for t in frame.truths))


def test_a_contact_at_the_border_is_whole_but_not_all_that_is_felt_of_it(scene):
    places = [(4 + step / 4, 12) for step in range(24)]
    kinds = {
        (one.clipped, injected.contained)
        for injected in (returned(frame_at(scene, place)) for place in places)
        for one in injected.contacts
    }
    assert {(False, False), (False, True)} <= kinds


def test_lost_and_late_frames_are_said_to_be(scene):
    injected = returned(frame_at(scene), late_s=0.25, lost=True)
    assert injected.lost
    assert injected.published_ns == STAMP_NS + 250_000_000


def test_the_mask_is_that_of_the_frame(scene):
    frame = frame_at(scene, (16, 12))
    mask = truth_messages.mask_message(HEADER, frame.mask)
    assert (mask.encoding, mask.header) == ("mono8", HEADER)
    assert np.array_equal(decode_image(mask, Settings()) == 255, frame.mask)


def test_colours_and_raw_counts_are_bytes():
    colours = truth_messages.frame_image(HEADER, np.full((3, 4, 3), 90.6, np.float32))
    assert colours.encoding == "rgb8" and set(colours.data) == {91}
    raw = truth_messages.frame_image(HEADER, np.full((4, 4), 300, np.float32), "bayer_rggb8")
    assert raw.encoding == "bayer_rggb8" and raw.step == 4 and set(raw.data) == {255}


def test_a_truth_without_its_values_is_named(scene):
    frame = frame_at(scene, (16, 12))
    contacts = truth_messages.contacts_message(HEADER, frame, "a move")
    injection = truth_messages.injection_message(HEADER, frame, "a move", 0.0, False)
    del injection.status[0].values[1:]
    with pytest.raises(DataError, match=str(STAMP_NS)):
        truth_messages.injected_of(contacts, injection)
