"""The page docs/theory.md: each lesson's section holds what its command prints."""

from __future__ import annotations

import re

from tactile_equiv.lessons.lesson import Finding, Lesson
from tactile_equiv.markdown_blocks import output_of, with_output

COMMAND = "tactile-equiv lesson"


def printed_table(page: str, name: str) -> str:
    """The table that a page shows for a lesson.

    Raises:
        DataError: if the page has no block for it, or more than one.
    """
    return output_of(page, f"{COMMAND} {name}").rstrip()


def renewed(page: str, lesson: Lesson, finding: Finding) -> str:
    """The page with the table of one lesson measured anew.

    Raises:
        DataError: see `printed_table`.
    """
    return with_output(page, f"{COMMAND} {lesson.name}", finding.table.text())


def section(page: str, name: str) -> str:
    """The part of a page between the headings around a lesson's block, without its code.

    Raises:
        DataError: see `printed_table`.
    """
    printed_table(page, name)
    parts = re.split(r"(?m)^## ", page)
    own = next(part for part in parts if f"$ {COMMAND} {name}\n" in part)
    return re.sub(r"```.*?```|`[^`\n]*`|\]\([^)]*\)", " ", own, flags=re.DOTALL)
