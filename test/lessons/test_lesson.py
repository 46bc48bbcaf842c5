"""Tables and the command that prints them."""

import pytest

from tactile_equiv.console import main
from tactile_equiv.lessons.lesson import Table, printed


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0.0, "0"), (0.2649, "0.26"), (0.00171, "0.0017"), (1.0, "1.0"), (0.997, "1.0"),
        (15.3, "15"), (153.4, "153"), (1.5e-7, "<1e-6"), (-0.25, "-0.25"), (12, "12"),
        (float("nan"), "nan"), ("zero", "zero"),
    ],
)  # fmt: skip
def test_a_cell_has_two_digits(value, text):
    assert printed(value) == text


def test_a_table_finds_its_figures_by_name():
    table = Table(("padding", "d=0"), (("zero", 0.26), ("growing", 0.0)))
    assert table.value("zero", "d=0") == 0.26
    assert table.text() == "padding   d=0\nzero     0.26\ngrowing     0"
    with pytest.raises(KeyError):
        table.value("zero", "d=9")


def test_the_command_prints_law_and_figures_and_draws(tmp_path, capsys):
    assert main(["lesson", "pointwise", "--out", str(tmp_path / "pictures")]) == 0
    told = capsys.readouterr().out
    assert "commutes with every" in told and "gain of each taxel" in told
    assert (tmp_path / "pictures" / "pointwise.png").is_file()


def test_an_unknown_lesson_and_a_missing_page_are_told(tmp_path, capsys):
    assert main(["lesson", "magic"]) == 2
    assert "choose from" in capsys.readouterr().err
    assert main(["lesson", "pointwise", "--page", str(tmp_path / "no.md")]) == 2
    assert "cannot be read" in capsys.readouterr().err
