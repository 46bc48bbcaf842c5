"""The page docs/theory.md: each lesson's section holds what its command prints."""

from __future__ import annotations

import re

from tactile_equiv.errors import DataError
from tactile_equiv.lessons.lesson import Finding, Lesson

COMMAND = "$ tactile-equiv lesson"


def block(lesson: Lesson, finding: Finding) -> str:
    """The command of a lesson and its table, as they stand in the page."""
    return f"```text\n{COMMAND} {lesson.name}\n{finding.table.text()}\n```"


def _pattern(name: str) -> re.Pattern[str]:
    return re.compile(rf"```text\n{re.escape(COMMAND)} {name}\n(.*?)```", re.DOTALL)


def printed_table(page: str, name: str) -> str:
    """The table that a page shows for a lesson.

    Raises:
        DataError: if the page has no block for it, or more than one.
    """
    found = _pattern(name).findall(page)
    if len(found) != 1:
        raise DataError(
            f"the page has {len(found)} blocks that begin with '{COMMAND} {name}': it needs one"
        )
    return str(found[0]).rstrip()


def renewed(page: str, lesson: Lesson, finding: Finding) -> str:
    """The page with the table of one lesson measured anew.

    Raises:
        DataError: see `printed_table`.
    """
    printed_table(page, lesson.name)
    new = block(lesson, finding)
    return _pattern(lesson.name).sub(lambda _: new, page)


def section(page: str, name: str) -> str:
    """The part of a page between the headings around a lesson's block, without its code.

    Raises:
        DataError: see `printed_table`.
    """
    printed_table(page, name)
    parts = re.split(r"(?m)^## ", page)
    own = next(part for part in parts if f"{COMMAND} {name}\n" in part)
    return re.sub(r"```.*?```|`[^`\n]*`|\]\([^)]*\)", " ", own, flags=re.DOTALL)
