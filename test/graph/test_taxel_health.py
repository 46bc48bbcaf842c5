"""Faulty taxels on the live graph: found, said, masked, taken back; reported only on request."""

import numpy as np
from diagnostic_msgs.msg import DiagnosticStatus
from graph_client import figures, image, pixels, press
from sensor_msgs.msg import Image
from vision_msgs.msg import Detection2DArray

from tactile_equiv import taxel_health

SIZE = (12, 16)
STUCK = (6, 7)


def presses(count, seed=0):
    """A contact of 3 x 4 at random places, with what lies within two taxels of the stuck one."""
    random = np.random.default_rng(seed)
    for _ in range(count):
        row, column = random.integers((3, 4), (7, 9))
        yield press(int(row), int(column), *SIZE)


def feel(graph, frames, stuck=None):
    """Perceive frames, in turn with untouched ones, at one taxel always the same."""
    for frame in frames:
        for one in (np.zeros(SIZE, np.float32), frame):
            one = one.copy()
            if stuck is not None:
                one[STUCK] = stuck
            graph.perceive(image(one, feel.seconds))
            feel.seconds += 0.01


def begin(monkeypatch):
    monkeypatch.setattr(taxel_health, "EVERY", 1)
    monkeypatch.setattr(taxel_health, "HELD", 1)
    feel.seconds = 1.0


def test_a_stuck_taxel_is_masked_said_and_taken_back(perception, monkeypatch):
    begin(monkeypatch)
    graph = perception()
    maps = graph.output(Image, "contact_map")
    found = graph.output(Detection2DArray, "contacts")
    assert graph.values()["faulty_taxels"] == "0"
    feel(graph, presses(60), stuck=150.0)
    status = graph.diagnostics()
    assert figures(status)["faulty_taxels"] == "1"
    assert "(6, 7)" in figures(status)["faulty"]
    assert status.level == DiagnosticStatus.WARN
    assert "1 faulty taxels" in status.message and "masked" in status.message
    graph.until(lambda: graph.warnings("faulty taxels"), "the warning")
    graph.until(lambda: len(maps) == len(found) == 120, "all maps and contacts")
    assert np.argwhere(np.isnan(pixels(maps[-1]))).tolist() == [list(STUCK)]
    feel(graph, [press(5, 6, *SIZE)], stuck=150.0)
    graph.until(lambda: len(maps) == len(found) == 122, "one more of each")
    poses = [one.results[0].pose for one in found[-1].detections]
    assert [pose.covariance[7] for pose in poses] == [-1.0]
    feel(graph, presses(40, seed=1))
    assert graph.values()["faulty_taxels"] == "0"
    graph.until(lambda: len(maps) == 202, "the last map")
    assert not np.isnan(pixels(maps[-1])).any()


def test_report_names_it_and_leaves_it_and_off_looks_for_none(perception, monkeypatch):
    begin(monkeypatch)
    graph = perception(taxel_faults="report")
    maps = graph.output(Image, "contact_map")
    feel(graph, presses(60), stuck=0.0)
    status = graph.diagnostics()
    assert figures(status)["faulty"] == "(6, 7) dead"
    assert "left as they are" in status.message
    graph.until(lambda: len(maps) == 120, "all maps")
    assert not np.isnan(pixels(maps[-1])).any()
    assert graph.set(taxel_faults="off") == []
    feel(graph, presses(1), stuck=0.0)
    assert graph.values()["faulty_taxels"] == "0"
    assert graph.set(taxel_faults="maybe") != []
