"""The report of an audit: the table, the JSON, the page."""

import base64
import json
import re
from dataclasses import replace
from html.parser import HTMLParser

import cv2
import functions
import networks
import numpy as np
import pytest
from functions import Functions

from tactile_equiv.audit import AuditReport, Thresholds, audit
from tactile_equiv.audit.charts import bars, colour_of, curves, height_of
from tactile_equiv.audit.plates import png
from tactile_equiv.audit.table import WIDTH, figure

SHAPE = (1, 32, 32)
WICKED = '<script>alert("x")</script>`&\x1b[2J\u202e'


@pytest.fixture(scope="module")
def broken() -> AuditReport:
    layers = (
        functions.zero_rim,
        functions.neighbours,
        functions.every(2, 2),
        functions.where_is_it,
    )
    return audit(Functions(*layers, names=["rim", WICKED, "s" * 300, "head"]), seeds=1)


@pytest.fixture(scope="module")
def exact() -> AuditReport:
    return audit(networks.exact(), SHAPE, seeds=1)


class Page(HTMLParser):
    """Collects tags, checks that they close, and keeps what points elsewhere."""

    EMPTY = ("meta", "img")

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags, self.open, self.images, self.elsewhere = [], [], [], []
        self.feed(text)
        self.close()

    def handle_starttag(self, tag, attributes):
        self.tags.append(tag)
        if tag not in self.EMPTY:
            self.open.append(tag)
        for name, value in attributes:
            if name == "src":
                self.images.append(value)
            if name in ("src", "href") and not value.startswith("data:image/png;base64,"):
                self.elsewhere.append(value)

    def handle_startendtag(self, tag, attributes):
        self.tags.append(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag


@pytest.mark.parametrize("which", ["broken", "exact"])
def test_the_page_is_whole_and_needs_nothing_from_elsewhere(which, request):
    report = request.getfixturevalue(which)
    page = Page(report.to_html())
    assert page.open == []
    assert page.elsewhere == []
    assert "script" not in page.tags
    assert page.tags.count("tr") == 1 + len(report.layers)
    assert page.images
    for image in page.images:
        data = np.frombuffer(base64.b64decode(image.partition(",")[2]), np.uint8)
        assert cv2.imdecode(data, cv2.IMREAD_COLOR).min() < 255


def test_names_are_harmless_on_the_page_and_in_the_terminal(broken):
    assert "<script>" not in broken.to_html()
    assert "&lt;script&gt;" in broken.to_html()
    assert "\x1b" not in broken.to_text()
    assert "\u202e" not in broken.to_text()


def test_the_table_is_aligned_and_narrow(broken):
    lines = broken.to_text().splitlines()[2 : 3 + len(broken.layers)]
    assert max(map(len, lines)) <= WIDTH
    ends = {
        line.index(cell) + len(cell) for line in lines for cell in re.findall("0/32|flips", line)
    }
    assert len(ends) == 1


@pytest.mark.parametrize(
    ("error", "text"),
    [(0.0, "0"), (2.5e-7, "2.5e-07"), (0.0123, "0.012"), (1.5, "1.500"), (1234.5, "1.2e+03")],
)
def test_figures_tell_zero_from_small(error, text):
    assert figure(error) == text
    assert len(text) <= 7


def test_nan_is_shown():
    assert figure(float("nan")) == "nan"


def test_json_has_its_keys_and_no_nan(broken):
    found = json.loads(broken.to_json(), parse_constant=pytest.fail)
    assert set(found) == {
        "schema", "version", "model", "kind", "input_shape", "stimulus", "passed", "outcome",
        "headline", "thresholds", "findings", "layers",
    }  # fmt: skip
    assert found["schema"] == 1
    assert set(found["thresholds"]) == set(Thresholds().to_json())
    assert set(found["findings"][0]) == {
        "limit_name", "outcome", "error", "limit", "layer", "cause", "sentence", "remedy",
    }  # fmt: skip
    assert {
        "number", "name", "operation", "settings", "shape", "lattice", "shift_error",
        "shift_error_by_pixels", "border_error", "border_error_by_distance", "ripple",
        "subpixel_error", "pooled_drift", "rotation_error", "flips", "steps",
    } <= set(found["layers"][0])  # fmt: skip
    assert found["layers"][2]["lattice"] == [2, 2]
    assert list(found["layers"][2]["shift_error_by_pixels"]["rows"]) == [*"12345678"]
    assert found["layers"][3]["shift_error"] is None
    assert found["layers"][3]["steps"] == 32


def test_two_audits_say_the_same(exact):
    assert audit(networks.exact(), SHAPE, seeds=1).to_json() == exact.to_json()


def test_the_verdict_prints_itself(broken, exact):
    assert str(exact.verdict).startswith("Exact: ")
    lines = str(broken.verdict).splitlines()
    assert lines[0].startswith("Not equivariant: ")
    assert sum(line.startswith("x ") for line in lines) == sum(
        finding.outcome == "failed" for finding in broken.verdict.findings
    )


def test_the_page_follows_the_limits(exact):
    strict = audit(networks.exact(), SHAPE, seeds=1, thresholds=Thresholds(rotation=0.0))
    assert 'class="verdict beyond"' in strict.to_html()
    assert 'class="verdict exact"' in exact.to_html()


def test_heights_grow_with_the_error():
    heights = [height_of(error) for error in (0.0, 1e-9, 1e-5, 1e-2, 1.0, np.inf, np.nan)]
    assert heights == sorted(heights)
    assert heights[0] == 0 and heights[-1] == 1


def test_colours_tell_exact_from_wrong():
    assert colour_of(1e-6, 1e-5) != colour_of(2e-5, 1e-5)
    assert colour_of(float("nan"), 1e-5) == colour_of(100.0, 1e-5)


def test_a_page_shows_nan_as_the_worst(exact):
    first, *rest = exact.layers
    shifts = replace(first.shifts, whole=({1: 0.0}, {1: float("nan")}))
    spoilt = replace(exact, layers=(replace(first, shifts=shifts), *rest))
    assert 'class="verdict beyond"' in spoilt.to_html()
    assert "<title>1: nan</title>" in spoilt.to_html()
    assert json.loads(spoilt.to_json(), parse_constant=pytest.fail)["passed"] is False


def test_charts_survive_what_is_not_finite():
    drawn = curves([("a", [(0, 0.0), (1, float("nan"))])], "x", None, [0.0])
    assert "nan" not in drawn
    assert 'height="nan"' not in bars({1: float("nan"), 2: float("inf")}, 1e-5, "label")


def test_pictures_have_a_colour_for_up_down_and_unknown():
    coded = np.frombuffer(png(np.array([[1.0, -1.0, 0.0, np.nan]]), 1.0), np.uint8)
    up, down, zero, unknown = cv2.imdecode(coded, cv2.IMREAD_COLOR)[0, 20::40].astype(int)
    assert up[2] > up[0] and down[0] > down[2]
    assert zero.tolist() == [255, 255, 255]
    assert unknown.tolist() not in (up.tolist(), down.tolist(), zero.tolist())
