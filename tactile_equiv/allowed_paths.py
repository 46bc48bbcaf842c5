"""Which files a parameter may name once a node runs: whoever reaches the node can set it.

Who starts the node decides: the paths given then are taken as they are. Later changes are those of
anybody on the graph, so they reach shipped files and one folder alone.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from tactile_equiv.errors import SettingsError
from tactile_equiv.settings import Settings
from tactile_equiv.share import share_directory

SHIPPED = {"model_path": ("models", ""), "hand": ("hands", ".yaml")}
"""Parameters that name files, with the folder of `config` and the ending of shipped ones."""


@dataclass(frozen=True)
class AllowedPaths:
    """The paths that parameters may hold.

    Attributes:
        given: values at the start, by name of the parameter.
        root: folder below which others may lie; "" = the folders that hold those of the start.
    """

    given: Mapping[str, str]
    root: str = ""

    @staticmethod
    def of(settings: Settings) -> AllowedPaths:
        """Those of a node that starts with these settings."""
        given = {name: getattr(settings, name) for name in SHIPPED if hasattr(settings, name)}
        return AllowedPaths(given, settings.path_root)

    def check(self, name: str, value: str) -> None:
        """Whether a parameter may hold a value now; links are followed, so ask again at each use.

        Args:
            name: of a parameter; those that name no file are not looked at.
            value: of it.

        Raises:
            SettingsError: if it may not; whether there is such a file is not told.
        """
        if name not in self.given or value in ("", self.given[name]):
            return
        if self._is_below_an_allowed_one(name, value):
            return
        roots = " or ".join(map(str, self._roots())) or "no folder"
        raise SettingsError(
            f"parameter {name!r} is {value!r:.200}, which a running node may not open: name a "
            f"shipped one or a path below {roots}, or start the node with path_root"
        )

    def _is_below_an_allowed_one(self, name: str, value: str) -> bool:
        folder, ending = SHIPPED[name]
        shipped = share_directory() / "config" / folder
        places = [Path(value), shipped / f"{value}{ending}"]
        try:
            found = next(filter(os.path.exists, places), places[-1]).resolve()
        except (OSError, ValueError, RuntimeError):  # no name of a file, or a loop of links
            return False
        return any(found.is_relative_to(root.resolve()) for root in (shipped, *self._roots()))

    def _roots(self) -> list[Path]:
        if self.root:
            return [Path(self.root)]
        given = [Path(path) for path in self.given.values() if path]
        return [path.parent.resolve() for path in given if os.path.exists(path)]
