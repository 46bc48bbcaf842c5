"""YAML files that describe what to run: read, and refused with the reason."""

from __future__ import annotations

import difflib
import os
from collections.abc import Iterator, Mapping, Sequence
from itertools import accumulate
from pathlib import Path
from typing import Any

import yaml

from tactile_equiv.errors import SettingsError
from tactile_equiv.limited_files import read_limited
from tactile_equiv.share import share_directory

SIZE_LIMIT = 2**18  # bytes
DEPTH_LIMIT = 100  # brackets; the parser takes seconds for a thousand
BRACKETS = {"[": 1, "{": 1, "]": -1, "}": -1}
VALUES_LIMIT = 2**16
"""Values of a file with every alias written out: ten short lines can stand for thousands of
millions."""


def find_yaml(file: Path | str, folder: str, what: str) -> Path:
    """A file, or the shipped one of that name in `config/FOLDER`, without its ending.

    Raises:
        SettingsError: if it does not exist; lists the shipped ones.
    """
    shipped = share_directory() / "config" / folder
    path = Path(file)
    if os.path.isfile(path):
        return path
    if str(file) and not path.suffix and os.path.isfile(shipped / f"{file}.yaml"):
        return shipped / f"{file}.yaml"
    names = ", ".join(sorted(one.stem for one in shipped.glob("*.yaml")))
    raise SettingsError(
        f"{what} {str(file)!r:.200} does not exist: name a YAML file, or one of {names}"
    )


def read_yaml(file: Path, what: str) -> Any:
    """The values in a file; `what` is in it, for the message.

    Raises:
        SettingsError: if it cannot be read, is too large or is no YAML.
    """
    try:
        return _values(read_limited(file, SIZE_LIMIT).decode("utf-8"))
    except (OSError, ValueError, RecursionError, yaml.YAMLError) as error:
        reason = " ".join(str(error).split())
        raise SettingsError(f"{what} {file} cannot be read ({reason}): it must be YAML") from error


def _values(text: str) -> Any:
    """As `yaml.safe_load`, which would write aliases out without end.

    Raises:
        ValueError: if brackets are nested too deep, there are too many values, or one holds itself.
    """
    if max(accumulate(BRACKETS.get(character, 0) for character in text), default=0) > DEPTH_LIMIT:
        raise ValueError(f"its brackets are nested more than {DEPTH_LIMIT} deep")
    loader = yaml.SafeLoader(text)
    try:
        root = loader.get_single_node()
        if root is None:
            return None
        if _written_out(root, {}) > VALUES_LIMIT:
            raise ValueError(f"its aliases stand for more than {VALUES_LIMIT} values")
        return loader.construct_document(root)
    finally:
        loader.dispose()


def _written_out(node: yaml.Node, sizes: dict[yaml.Node, int]) -> int:
    """Values in a node, those of aliases as often as they are named; `sizes` of the nodes so far.

    Raises:
        ValueError: if the node holds itself.
    """
    if node not in sizes:
        sizes[node] = 0
        sizes[node] = 1 + sum(_written_out(part, sizes) for part in _parts(node))
    if not sizes[node]:
        raise ValueError("an alias stands for what it is part of")
    return sizes[node]


def _parts(node: yaml.Node) -> Iterator[yaml.Node]:
    if isinstance(node, yaml.SequenceNode):
        yield from node.value
    elif isinstance(node, yaml.MappingNode):
        for pair in node.value:
            yield from pair


def check_keys(values: Any, known: Sequence[str], what: str) -> None:
    """Check that values have known keys alone.

    Raises:
        SettingsError: if they are no mapping, or a key is unknown; names the nearest.
    """
    if not isinstance(values, Mapping):
        raise SettingsError(f"{what} is {values!r:.60}: it must hold the keys {', '.join(known)}")
    for key in values:
        if key not in known:
            nearest = difflib.get_close_matches(str(key), known, n=1, cutoff=0.0)[0]
            raise SettingsError(f"key {key!r:.60} of {what} is unknown: did you mean {nearest!r}?")
