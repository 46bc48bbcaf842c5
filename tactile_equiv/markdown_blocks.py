"""Parts of a Markdown page that a program writes, so that they say what was measured.

The output of a command stands in a block that begins with the command:

    ```text
    $ make bench
    ...
    ```

A table stands between the lines `<!-- table NAME -->` and `<!-- end of table -->`.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

from tactile_equiv.errors import DataError
from tactile_equiv.text_files import write_text

TABLE = re.compile(r"(<!-- table (\w+) -->\n).*?(<!-- end of table -->)", re.DOTALL)


def renew(file: Path, renewed: Callable[[str], str]) -> None:
    """Put in place of a page what `renewed` makes of its text.

    Raises:
        DataError: if the page cannot be read or written.
    """
    try:
        page = file.read_text("utf-8")
    except (OSError, UnicodeError) as error:
        raise DataError(f"{file} cannot be read ({error}): name a Markdown page") from error
    write_text(file, renewed(page))


def output_of(page: str, command: str) -> str:
    """What a page shows as the output of a command.

    Raises:
        DataError: if the page has no block for it, or more than one.
    """
    found = _block(command).findall(page)
    if len(found) != 1:
        raise DataError(f"the page has {len(found)} blocks that begin with '$ {command}', not one")
    return str(found[0])


def with_output(page: str, command: str, output: str) -> str:
    """The page with another output of a command.

    Raises:
        DataError: see `output_of`.
    """
    output_of(page, command)
    block = f"```text\n$ {command}\n{output.rstrip()}\n```"
    return _block(command).sub(lambda _: block, page)


def _block(command: str) -> re.Pattern[str]:
    return re.compile(rf"```text\n\$ {re.escape(command)}\n(.*?)```", re.DOTALL)


def with_tables(page: str, table: Callable[[str], str]) -> str:
    """The page with every table as `table` gives it for its name, each line ended."""
    return TABLE.sub(lambda place: place[1] + table(place[2]) + place[3], page)
