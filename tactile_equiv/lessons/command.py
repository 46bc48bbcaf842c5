"""The subcommand `tactile-equiv lesson`."""

from __future__ import annotations

import argparse
import textwrap
from functools import partial
from pathlib import Path
from typing import Any

from tactile_equiv.errors import DataError
from tactile_equiv.lessons.catalogue import NAMES, lesson_of
from tactile_equiv.lessons.document import renewed
from tactile_equiv.lessons.drawing import save_picture
from tactile_equiv.markdown_blocks import renew


def add_parser(commands: Any) -> None:
    """Add `lesson` to the subcommands."""
    command = commands.add_parser("lesson", help="measure and draw one law of the theory, or all")
    command.set_defaults(run=run)
    command.add_argument("names", nargs="*", metavar="NAME", help=f"{', '.join(NAMES)}; none: all")
    command.add_argument("--out", type=Path, help="folder to draw NAME.png into")
    command.add_argument(
        "--page", type=Path, help="Markdown page whose tables of these lessons are measured anew"
    )


def run(options: argparse.Namespace) -> None:
    """Print the law and the figures of each lesson; draw it, renew the page where asked.

    Raises:
        DataError: if a name is unknown or a file cannot be read or written.
    """
    lessons = [lesson_of(name) for name in options.names or NAMES]
    for lesson in lessons:
        print(f"{lesson.title}\n{textwrap.fill(lesson.law, 100)}\n", flush=True)
        finding = lesson.measure()
        print(f"{finding.table.text()}\n", flush=True)
        if options.page is not None:
            renew(options.page, partial(renewed, lesson=lesson, finding=finding))
        if options.out is not None:
            save_picture(lesson, finding, _folder(options.out) / f"{lesson.name}.png")


def _folder(folder: Path) -> Path:
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise DataError(
            f"{folder} cannot be made ({error.strerror}): name another folder"
        ) from error
    return folder
