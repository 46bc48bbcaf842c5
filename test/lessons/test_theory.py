"""The page says what the experiments measure."""

import math
import re
from pathlib import Path

import pytest

from tactile_equiv.errors import DataError
from tactile_equiv.lessons.catalogue import NAMES, lesson_of
from tactile_equiv.lessons.document import printed_table, renewed, section
from tactile_equiv.lessons.drawing import save_picture
from tactile_equiv.lessons.lesson import Finding, Table

PAGE = Path(__file__).resolve().parents[2] / "docs" / "theory.md"
CELL = re.compile(r"^<?-?[\d.]+(?:e-?\d+)?$")
FIGURE = re.compile(r"(?<![\w.])(\d+\.\d+|\d+(?:\.\d+)? %)")


@pytest.fixture
def page():
    return PAGE.read_text("utf-8")


def cells(table):
    return [re.split(r" {2,}", line.strip()) for line in table.splitlines()]


def agree(shown, now, scale, tolerance):
    """Text cells are equal, figures within the tolerance of the largest figure of their row."""
    if not (CELL.match(shown) and CELL.match(now)):
        return shown == now
    if any(cell == "0" or cell.startswith("<") for cell in (shown, now)):
        return float(shown.strip("<")) <= 1e-5 and float(now.strip("<")) <= 1e-5
    last_digit = 10.0 ** -len(shown.partition(".")[2])
    return math.isclose(float(shown), float(now), abs_tol=tolerance * scale + last_digit)


@pytest.mark.parametrize("name", NAMES)
def test_every_table_of_the_page_is_what_its_command_measures(page, table, name):
    shown, now = cells(printed_table(page, name)), cells(table(name).text())
    assert [len(row) for row in shown] == [len(row) for row in now]
    for ours, measured in zip(shown, now, strict=True):
        scale = max([abs(float(c.strip("<"))) for c in measured[1:] if CELL.match(c)], default=1)
        for a, b in zip(ours, measured, strict=True):
            assert agree(a, b, scale, lesson_of(name).tolerance), (name, ours, measured)


@pytest.mark.parametrize("name", NAMES)
def test_every_figure_in_the_prose_stands_in_the_table(page, name):
    figures = set(re.findall(r"\d+(?:\.\d+)?", printed_table(page, name)))
    shares = {f"{100 * float(figure):g} %" for figure in figures} | {f"{f} %" for f in figures}
    told = set(FIGURE.findall(section(page, name)))
    assert told <= figures | shares, f"{name}: {told - figures - shares} are not in the table"


@pytest.mark.parametrize("name", NAMES)
def test_every_lesson_draws_the_picture_that_the_page_shows(page, finding, tmp_path, name):
    save_picture(lesson_of(name), finding(name), tmp_path / "drawn.png")
    assert (tmp_path / "drawn.png").stat().st_size > 5000
    assert f"](theory/{name}.png)" in page and (PAGE.parent / "theory" / f"{name}.png").is_file()


def test_the_comparison_sees_a_figure_that_is_off():
    assert agree("0.26", "0.26", 1, 0.02) and agree("<1e-6", "0", 1, 0.02)
    assert not agree("0.26", "0.36", 1, 0.02)
    assert not agree("0", "0.30", 1, 0.02) and not agree("zero", "reflect", 1, 0.02)
    assert not agree("<1e-6", "0.001", 1, 0.02)


def test_a_page_without_the_block_is_refused(page):
    lesson = lesson_of(NAMES[0])
    finding = Finding(Table(("a", "b"), (("c", 0.5),)))
    with pytest.raises(DataError, match="0 blocks"):
        renewed("# nothing here", lesson, finding)
    assert "c  0.50" in renewed(page, lesson, finding)


def test_the_page_shows_the_lessons_in_the_order_of_the_catalogue(page):
    assert re.findall(r"\$ tactile-equiv lesson (\w+)", page) == list(NAMES)
