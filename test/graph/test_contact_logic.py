"""Contacts begin and end by counts; abstention; drift; no tare of a touched sensor."""

import numpy as np
import pytest
from diagnostic_msgs.msg import DiagnosticStatus
from graph_client import figures, image, press
from std_srvs.srv import Trigger
from vision_msgs.msg import Detection2DArray

REST = np.zeros((12, 16), np.float32)


class Contacts:
    """Sends frames and gives what ~/contacts and ~/classification say of each."""

    def __init__(self, graph):
        self.graph = graph
        self.arrays = graph.output(Detection2DArray, "contacts")
        self.stamp = 0

    def feel(self, frame, stamp=None):
        self.stamp = stamp or self.stamp + 1
        heard = len(self.arrays)
        whole = self.graph.perceive(image(frame, self.stamp))
        self.graph.until(lambda: len(self.arrays) > heard)
        return whole, self.arrays[-1].detections


def test_a_contact_begins_and_ends_by_counts_of_frames(perception):
    contacts = Contacts(perception(contact_on_frames=3, contact_off_frames=3))
    for _ in range(2):
        whole, found = contacts.feel(press())
        assert (whole.results, found) == ([], [])
    whole, (begun,) = contacts.feel(press())
    assert whole.results and begun.results
    for _ in range(2):
        whole, (held,) = contacts.feel(REST)
        assert (whole.results, held.results) == ([], [])
        assert held.id == begun.id
        assert held.bbox.center.position == begun.bbox.center.position
        assert (held.bbox.size_x, held.bbox.size_y) == (0.0, 0.0)
    assert contacts.feel(press())[1][0].id == begun.id
    assert [len(contacts.feel(REST)[1]) for _ in range(3)] == [1, 1, 0]
    assert [len(contacts.feel(press())[1]) for _ in range(3)] == [0, 0, 1]
    assert contacts.feel(press())[1][0].id != begun.id


def test_between_the_thresholds_a_contact_goes_on_but_none_begins(perception):
    contacts = Contacts(perception(contact_threshold=0.9, contact_off_threshold=0.1))
    weak = np.where(press() > 0, np.float32(20), np.float32(0))
    assert contacts.feel(weak)[1] == []
    (begun,) = contacts.feel(press())[1]
    whole, (still,) = contacts.feel(weak)
    assert whole.results
    assert still.id == begun.id
    assert contacts.feel(REST)[1] == contacts.feel(weak)[1] == []


@pytest.mark.parametrize("how", ["reload", "backwards", "tare", "pause"])
def test_contacts_are_new_after(perception, how):
    graph = perception(contact_off_frames=9, tare_frames=1)
    contacts = Contacts(graph)
    contacts.stamp = 100
    (before,) = contacts.feel(press())[1]
    assert contacts.feel(press())[1][0].id == before.id
    contacts.feel(REST)
    if how == "reload":
        assert graph.trigger("reload_model").success
    elif how == "backwards":
        contacts.stamp = 50
    elif how == "pause":
        assert graph.enable(False).success and graph.enable(True).success
    else:
        assert tare_on(contacts, REST).success
    assert contacts.feel(press())[1][0].id != before.id


def test_below_the_score_threshold_the_contact_stays_and_the_class_does_not(perception):
    contacts = Contacts(perception(score_threshold=1.0))
    whole, (found,) = contacts.feel(press())
    assert (whole.results, found.results) == ([], [])
    assert found.bbox.size_x == 5
    contacts.feel(REST)
    values = contacts.graph.values()
    assert (values["touched"], values["abstained"]) == ("1", "1")
    assert contacts.graph.set(score_threshold=0.0) == []
    whole, (found,) = contacts.feel(press())
    assert whole.results and found.results
    values = contacts.graph.values()
    assert (values["touched"], values["abstained"]) == ("2", "1")


def tare_on(contacts, *frames):
    """Tare while these frames come, one after the other; the answer."""
    graph = contacts.graph
    answer = graph.ask(Trigger, "tare")
    graph.until(lambda: graph.perception.tare_service.in_progress, "the tare to begin")
    for frame in frames:
        contacts.feel(frame)
    graph.until(answer.done, "the answer of tare")
    return answer.result()


def test_a_drift_is_told_until_the_next_tare(perception):
    contacts = Contacts(perception(tare_frames=1))

    def rest(offset, frames=170):
        for _ in range(frames):
            contacts.feel(REST + np.float32(offset))
            contacts.feel(press() + np.float32(offset))  # frames with contact do not count
        return contacts.graph.diagnostics()

    assert tare_on(contacts, REST + 40).success
    status = rest(40.5, 70)
    assert status.level == DiagnosticStatus.OK
    assert float(figures(status)["drift_offset"]) == pytest.approx(0.5, abs=0.1)
    status = rest(42)
    assert status.level == DiagnosticStatus.WARN
    assert "tare is due" in status.message
    assert contacts.graph.set(drift_limit=0.0) == []
    assert contacts.graph.diagnostics().level == DiagnosticStatus.OK
    assert contacts.graph.set(drift_limit=0.5) == []
    assert tare_on(contacts, REST + 42).success
    assert rest(42, 70).level == DiagnosticStatus.OK


def test_tare_is_refused_while_touched(perception):
    contacts = Contacts(perception(tare_frames=3))
    assert tare_on(contacts, *[REST + 40] * 3).success
    answer = tare_on(contacts, REST + 40, press() + 40)
    assert not answer.success
    assert "contact is felt" in answer.message
    assert "tare_while_touched" in answer.message
    assert contacts.feel(REST + 40)[1] == []  # the old tare stays
    assert len(contacts.feel(press() + 40)[1]) == 1


def test_a_sensor_that_drifted_until_it_feels_touched_is_tared_by_permission(perception):
    contacts = Contacts(perception(tare_frames=2))
    assert tare_on(contacts, *[REST + 40] * 2).success
    assert contacts.feel(REST + 90)[1]
    assert "contact is felt" in tare_on(contacts, REST + 90).message
    assert contacts.graph.set(tare_while_touched=True) == []
    assert tare_on(contacts, *[REST + 90] * 2).success
    assert contacts.feel(REST + 90)[1] == []


def test_a_first_tare_tells_a_contact_from_an_offset(perception):
    contacts = Contacts(perception(tare_frames=2))
    assert "contact is felt" in tare_on(contacts, press()).message
    slid = tare_on(contacts, press(2, 2) + 40, press(2, 6) + 40)
    assert not slid.success
    assert "24 taxels change by more than the dead-zone" in slid.message
    flickering = REST + 40
    flickering[3, 3] = 90
    assert tare_on(contacts, REST + 40, flickering).success  # one taxel is no contact
