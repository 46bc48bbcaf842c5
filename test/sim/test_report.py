"""The report says the same thing to programs, to CI and to people."""

import base64
import json
import re
from dataclasses import replace
from html.parser import HTMLParser
from xml.etree import ElementTree

import cv2
import numpy as np
import pytest
from synthetic_stream import answers, exact, max_pooled, script
from tactile_equiv_sim.check.measurement import measure
from tactile_equiv_sim.check.report import report_json, report_junit, write_report
from tactile_equiv_sim.check.thresholds import load_thresholds
from tactile_equiv_sim.check.verdict import judge
from tactile_equiv_sim.check.worst_frames import worst_frames

from tactile_equiv.errors import TactileError

SUBJECT = "/left/<tactile_perception>"


@pytest.fixture(scope="module")
def injected():
    return script()


@pytest.fixture(scope="module")
def failing(injected):
    measured = measure(injected, answers(max_pooled, injected))
    return measured, judge(measured, load_thresholds())


@pytest.fixture(scope="module")
def written(failing, tmp_path_factory):
    pytest.importorskip("matplotlib")
    return write_report(tmp_path_factory.mktemp("report") / "new", *failing, SUBJECT)


class Page(HTMLParser):
    """Tags that are open and addresses that are named."""

    def __init__(self):
        super().__init__()
        self.open, self.addresses, self.text = [], [], ""

    def handle_starttag(self, tag, attributes):
        self.addresses += [value for name, value in attributes if name in ("src", "href")]
        if tag not in ("meta", "img"):
            self.open.append(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        self.text += data


def test_json_holds_verdict_findings_and_numbers(written):
    content = json.loads(written.json.read_text())
    assert content["verdict"] == "failed" and content["exit_code"] == 1
    finding = next(f for f in content["findings"] if f["name"] == "map_shift_error")
    assert finding["outcome"] == "failed" and "stride or pooling" in finding["sentence"]
    assert content["measurements"]["shifts"]["map_error"] == finding["measured"] > 0.1


def test_json_is_json_even_with_nan(injected):
    spoilt = [
        replace(one, contact_map=one.contact_map * np.nan) for one in answers(exact, injected)
    ]
    measured = measure(injected, spoilt)
    findings = judge(measured, load_thresholds())
    content = json.loads(report_json(measured, findings, SUBJECT))
    assert content["measurements"]["shifts"]["map_error"] is None
    assert content["verdict"] == "failed"


def test_junit_has_one_test_case_for_every_finding(written, failing):
    suite = ElementTree.parse(written.junit).getroot()
    _, findings = failing
    assert [case.get("name") for case in suite] == [finding.name for finding in findings]
    assert int(suite.get("failures")) == len(suite.findall("testcase/failure")) == 3
    assert int(suite.get("skipped")) == len(suite.findall("testcase/skipped")) > 0
    assert "stride" in suite.find("testcase[@name='map_shift_error']/failure").get("message")


def test_what_could_not_be_measured_is_an_error_in_junit(injected):
    findings = judge(measure(injected, []), load_thresholds())
    suite = ElementTree.fromstring(report_junit(findings, SUBJECT))
    assert suite.get("errors") == "1" and suite.find("testcase/error") is not None


def test_the_page_is_whole_and_needs_nothing_from_elsewhere(written, failing):
    page = Page()
    page.feed(written.page.read_text())
    assert page.open == []
    assert page.addresses and all(a.startswith("data:image/") for a in page.addresses)
    assert "FAILED" in page.text and SUBJECT in page.text
    for finding in failing[1]:
        assert finding.detail in page.text and finding.claim in page.text
    for heading in ("distance to the edge", "centroid against truth", "score along", "Worst"):
        assert heading in page.text


def test_the_pictures_of_the_page_can_be_decoded(written):
    text = written.page.read_text()
    svgs = re.findall(r'src="data:image/svg\+xml;base64,([^"]+)"', text)
    pngs = re.findall(r'src="data:image/png;base64,([^"]+)"', text)
    assert len(svgs) == 5 and len(pngs) >= 3
    for svg in svgs:
        assert ElementTree.fromstring(base64.b64decode(svg)).tag.endswith("svg")
    for png in pngs:
        picture = cv2.imdecode(np.frombuffer(base64.b64decode(png), np.uint8), cv2.IMREAD_COLOR)
        assert picture.ndim == 3 and picture.std() > 1


@pytest.mark.parametrize("answered", [[], slice(0, 3), slice(0, 120)])
def test_every_stream_leaves_a_report(answered, injected, tmp_path):
    pytest.importorskip("matplotlib")
    perceived = answers(exact, injected)[answered] if answered else []
    measured = measure(injected, perceived)
    files = write_report(tmp_path, measured, judge(measured, load_thresholds()), SUBJECT)
    page = files.page.read_text()
    assert ("COULD NOT BE MEASURED" in page) == (not answered)
    json.loads(files.json.read_text())


def test_answers_without_maps_or_with_colour_frames_leave_a_report(injected, tmp_path):
    pytest.importorskip("matplotlib")
    mapless = [replace(one, contact_map=None, contacts=None) for one in answers(exact, injected)]
    colour = [replace(one, frame=np.stack([one.frame] * 3, axis=2)) for one in injected]
    for frames, perceived in ((injected, mapless), (colour, answers(max_pooled, injected))):
        measured = measure(frames, perceived)
        write_report(tmp_path, measured, judge(measured, load_thresholds()), SUBJECT)


def test_the_worst_frame_comes_first(failing):
    frames = worst_frames(failing[0])
    assert frames[0].caption.startswith(f"map error {failing[0].shifts.map_error:.2g}")
    assert frames[0].picture.shape[1] > frames[0].picture.shape[0] > 100


def test_an_exact_subject_has_no_worst_maps(injected):
    captions = [f.caption for f in worst_frames(measure(injected, answers(exact, injected)))]
    assert captions and all(caption.startswith("centroid") for caption in captions)


def test_a_folder_that_is_a_file_is_refused_in_one_line(failing, tmp_path):
    (tmp_path / "taken").write_text("")
    with pytest.raises(TactileError, match="name another folder") as refused:
        write_report(tmp_path / "taken", *failing, SUBJECT)
    assert "\n" not in str(refused.value)


@pytest.mark.parametrize(
    ("room", "kept"), [(100, []), (200_000, ["shift_check.json", "shift_check.xml"])]
)
def test_a_full_disk_leaves_whole_files_and_none_of_an_earlier_report(
    failing, files_up_to, tmp_path, room, kept
):
    for end in ("json", "xml", "html"):
        (tmp_path / f"shift_check.{end}").write_text("passed")
    with files_up_to(room), pytest.raises(TactileError, match="make room") as refused:
        write_report(tmp_path, *failing, SUBJECT)
    assert sorted(file.name for file in tmp_path.iterdir()) == kept
    assert f"whole in {tmp_path} is {', '.join(kept) or 'nothing'}" in str(refused.value)
    if kept:
        assert json.loads((tmp_path / kept[0]).read_text())["verdict"] == "failed"
        ElementTree.parse(tmp_path / kept[1])
