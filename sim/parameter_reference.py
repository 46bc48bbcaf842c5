"""The tables of docs/parameters.md, written from the dataclasses that declare the parameters.

`python -m tactile_equiv_sim.parameter_reference docs/parameters.md` renews the page.
"""

from __future__ import annotations

import argparse
import sys
from dataclasses import Field, fields
from pathlib import Path
from typing import Any

from tactile_equiv_sim.check_settings import CheckSettings
from tactile_equiv_sim.hand_simulator_settings import HandSimulatorSettings
from tactile_equiv_sim.simulator_settings import SimulatorSettings

from tactile_equiv.errors import DataError, TactileError
from tactile_equiv.hand_settings import HandSettings
from tactile_equiv.markdown_blocks import renew, with_tables
from tactile_equiv.parameter_set import ParameterSet
from tactile_equiv.settings import Settings

KINDS: dict[str, tuple[type[ParameterSet], type[ParameterSet]]] = {
    "perception": (Settings, ParameterSet),
    "hand": (HandSettings, Settings),
    "simulator": (SimulatorSettings, ParameterSet),
    "hand_simulator": (HandSimulatorSettings, ParameterSet),
    "check": (CheckSettings, ParameterSet),
}
"""Name of a table -> its parameters, and those that it leaves out."""

TITLES = ("name", "type", "default", "allowed", "unit", "effect", "meaning")


def table(name: str) -> str:
    """One table as Markdown: a line for each parameter, in the order of their declaration.

    Raises:
        DataError: if there is no such table.
    """
    if name not in KINDS:
        raise DataError(f"there is no table {name!r} of parameters: use one of {', '.join(KINDS)}")
    kind, left_out = KINDS[name]
    known = {declared.name for declared in fields(left_out)}
    rows = [cells(declared) for declared in fields(kind) if declared.name not in known]
    lines = [TITLES, ("---",) * len(TITLES), *rows]
    return "".join(f"| {' | '.join(line)} |\n" for line in lines)


def cells(declared: Field[Any]) -> tuple[str, ...]:
    """What the line of one parameter says, as in `TITLES`."""
    metadata = declared.metadata
    return (
        f"`{declared.name}`",
        type(declared.default).__name__,
        f"`{written(declared.default)}`",
        allowed(metadata["choices"], metadata["minimum"], metadata["maximum"]),
        metadata["unit"],
        metadata["effect"],
        metadata["description"],
    )


def allowed(choices: tuple[str, ...], minimum: float | None, maximum: float | None) -> str:
    """Choices or range; nothing where every value of the type is accepted."""
    if choices:
        return ", ".join(f"`{choice}`" for choice in choices)
    return "" if minimum is None else f"{written(minimum)} .. {written(maximum)}"


def written(value: Any) -> str:
    """A value as YAML reads it back with its type."""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, float) and abs(value) >= 1e6:
        return f"{value:.1e}"
    return str(value) if value != "" else '""'


def renewed(page: str) -> str:
    """The text of a page with every table in its place.

    Raises:
        DataError: if it names a table that does not exist.
    """
    return with_tables(page, table)


def main(arguments: list[str] | None = None) -> int:
    """Renew the page; 2 where that cannot be done (one line says why)."""
    parser = argparse.ArgumentParser(prog="parameter_reference", description=__doc__)
    parser.add_argument("page", type=Path)
    page = parser.parse_args(arguments).page
    try:
        renew(page, renewed)
    except TactileError as error:
        print(f"parameter_reference: {error}", file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())
