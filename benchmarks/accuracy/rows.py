"""Tables of measured accuracies: recorded row by row, shown in docs/results.md.

Every script beside this one measures rows and records them with `record`, as JSON in figures/. Then
`python benchmarks/accuracy/rows.py` writes each table into its place in the page.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np

from tactile_equiv.json_values import json_value
from tactile_equiv.markdown_blocks import renew, with_tables

FIGURES = Path(__file__).resolve().parent / "figures"
PAGE = Path(__file__).resolve().parents[2] / "docs" / "results.md"


@dataclass(frozen=True)
class Row:
    """One thing that was tried.

    Attributes:
        name: what; unique in its table.
        values: for each column the values measured, one a seed or fold.
        command: measures this row again.
        note: what to know, in a few words.
    """

    name: str
    values: dict[str, list[float]]
    command: str
    note: str = ""


def record(table: str, rows: Sequence[Row]) -> None:
    """Write rows into a table: a row of the same name is replaced, a new one goes to the end."""
    kept = {row.name: row for row in recorded(table)}
    kept.update((row.name, row) for row in rows)
    text = json.dumps([json_value(asdict(row)) for row in kept.values()], indent=1)
    (FIGURES / f"{table}.json").write_text(text + "\n", "utf-8")


def recorded(table: str) -> list[Row]:
    """The rows of a table; none where nothing was recorded."""
    file = FIGURES / f"{table}.json"
    return [Row(**row) for row in json.loads(file.read_text("utf-8"))] if file.exists() else []


def markdown(rows: Sequence[Row]) -> str:
    """Rows as a Markdown table: mean ± standard deviation (n), and the command of each."""
    columns = list(dict.fromkeys(column for row in rows for column in row.values))
    titles = ["", *columns, "note", "command"]
    lines = [titles, ["---"] * len(titles)]
    for row in rows:
        cells = [shown(row.values.get(column, [])) for column in columns]
        lines.append([row.name, *cells, row.note, f"`{row.command}`"])
    return "".join(f"| {' | '.join(line)} |\n" for line in lines)


def shown(values: Sequence[float]) -> str:
    """Values as "0.912 ± 0.011 (5)", one value as it is, none as nothing."""
    if len(values) < 2:
        return f"{values[0]:.3g}" if values else ""
    return f"{np.mean(values):.3f} ± {np.std(values, ddof=1):.3f} ({len(values)})"


def renewed(page: str) -> str:
    """The text of a page with the recorded tables in their places."""
    return with_tables(page, lambda name: markdown(recorded(name)))


def main() -> int:
    """Renew the page."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--page", type=Path, default=PAGE)
    renew(parser.parse_args().page, renewed)
    return 0


if __name__ == "__main__":
    sys.exit(main())
