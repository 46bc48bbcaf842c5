"""What a program writes into a page stands in its block, and nothing else changes."""

import pytest

from tactile_equiv.errors import DataError
from tactile_equiv.markdown_blocks import output_of, renew, with_output, with_tables

PAGE = "before\n```text\n$ make it\nold\n```\nafter\n```text\n$ make other\nkept\n```\n"


def test_the_output_of_one_command_is_replaced():
    for output in ("new \\1\n", "new \\1"):
        page = with_output(PAGE, "make it", output)
        assert page == PAGE.replace("old", "new \\1")
    assert output_of(page, "make it") == "new \\1\n"


@pytest.mark.parametrize("page", ["# Nothing\n", PAGE + PAGE])
def test_a_page_needs_one_block(page):
    with pytest.raises(DataError, match=r"[02] blocks that begin with '\$ make it'"):
        with_output(page, "make it", "new")


def test_every_table_is_replaced():
    page = "<!-- table {0} -->\n{1}<!-- end of table -->\n"
    both = page.format("one", "old\n") + "between\n" + page.format("two", "")
    assert with_tables(both, lambda name: f"of {name}\n") == (
        page.format("one", "of one\n") + "between\n" + page.format("two", "of two\n")
    )


def test_a_page_is_renewed_in_its_file(tmp_path):
    (tmp_path / "page.md").write_text("text")
    renew(tmp_path / "page.md", str.upper)
    assert (tmp_path / "page.md").read_text() == "TEXT"
    with pytest.raises(DataError, match=r"none\.md cannot be read"):
        renew(tmp_path / "none.md", str.upper)
