"""docs/parameters.md shows the parameters as they are declared."""

from dataclasses import fields
from pathlib import Path

import pytest
from tactile_equiv_sim.parameter_reference import KINDS, allowed, main, renewed, table, written

from tactile_equiv.errors import DataError
from tactile_equiv.settings import Settings

PAGE = Path(__file__).resolve().parents[2] / "docs" / "parameters.md"


def test_the_page_is_current():
    page = PAGE.read_text("utf-8")
    assert renewed(page) == page, (
        f"renew it: python -m tactile_equiv_sim.parameter_reference {PAGE}"
    )


@pytest.mark.parametrize("name", KINDS)
def test_every_parameter_has_a_line_with_all_that_is_declared(name):
    kind, left_out = KINDS[name]
    listed = fields(kind)[len(fields(left_out)) :] if left_out is Settings else fields(kind)
    lines = table(name).splitlines()[2:]
    assert len(lines) == len(listed) > 0
    for line, declared in zip(lines, listed, strict=True):
        metadata = declared.metadata
        assert line.startswith(f"| `{declared.name}` | {type(declared.default).__name__} | ")
        tail = metadata["unit"], metadata["effect"], metadata["description"]
        assert line.endswith(f" | {' | '.join(tail)} |")
        assert line.count("|") == 8


def test_a_changed_default_makes_the_page_old(tmp_path):
    page = tmp_path / "page.md"
    page.write_text(PAGE.read_text("utf-8").replace("`tekscan_objects`", "`another`"), "utf-8")
    assert renewed(page.read_text("utf-8")) != page.read_text("utf-8")
    assert main([str(page)]) == 0
    assert page.read_text("utf-8") == PAGE.read_text("utf-8")


def test_values_are_written_as_yaml_reads_them():
    assert [written(value) for value in (True, 0.5, -1e12, 3, "auto", "")] == [
        *("true", "0.5", "-1.0e+12", "3", "auto", '""')
    ]
    assert allowed((), None, None) == ""
    assert allowed(("a", "b"), None, None) == "`a`, `b`"
    assert allowed((), 0, 9) == "0 .. 9"


def test_a_page_that_asks_for_an_unknown_table_is_refused(tmp_path, capsys):
    page = tmp_path / "page.md"
    page.write_text("<!-- table nodes -->\n<!-- end of table -->\n")
    with pytest.raises(DataError, match=r"'nodes'.*perception"):
        renewed(page.read_text())
    assert main([str(page)]) == main([str(tmp_path / "none.md")]) == 2
    assert "cannot be read" in capsys.readouterr().err
