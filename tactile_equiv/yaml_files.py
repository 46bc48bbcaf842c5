"""YAML files that describe what to run: read, and refused with the reason."""

from __future__ import annotations

import difflib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import yaml

from tactile_equiv.errors import SettingsError
from tactile_equiv.share import share_directory


def find_yaml(file: Path | str, folder: str, what: str) -> Path:
    """A file, or the shipped one of that name in `config/FOLDER`, without its ending.

    Raises:
        SettingsError: if it does not exist; lists the shipped ones.
    """
    shipped = share_directory() / "config" / folder
    path = Path(file)
    if path.is_file():
        return path
    if str(file) and not path.suffix and (shipped / f"{file}.yaml").is_file():
        return shipped / f"{file}.yaml"
    names = ", ".join(sorted(one.stem for one in shipped.glob("*.yaml")))
    raise SettingsError(f"{what} {str(file)!r} does not exist: name a YAML file, or one of {names}")


def read_yaml(file: Path, what: str) -> Any:
    """The values in a file; `what` is in it, for the message.

    Raises:
        SettingsError: if it cannot be read or is no YAML.
    """
    try:
        return yaml.safe_load(file.read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError, yaml.YAMLError) as error:
        reason = " ".join(str(error).split())
        raise SettingsError(f"{what} {file} cannot be read ({reason}): it must be YAML") from error


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
            raise SettingsError(f"key {key!r} of {what} is unknown: did you mean {nearest!r}?")
