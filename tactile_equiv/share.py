"""Where the installed configuration and models lie: source tree, pip, pip -e and colcon."""

import os
import sys
from collections.abc import Iterator
from pathlib import Path

from tactile_equiv.errors import TactileError

PACKAGE = "tactile_equiv"


def share_directory(module_file: str | Path = __file__) -> Path:
    """The directory that holds `package.xml`, `config/` and `launch/` of this package.

    A source tree (also behind `pip install -e` and `colcon build --symlink-install`) comes first,
    so that edited files take effect; then the install prefix that holds the module, then
    `sys.prefix`, then every prefix in AMENT_PREFIX_PATH.

    Raises TactileError when none of them holds the package.
    """
    looked_at = list(_candidates(Path(module_file).resolve()))
    for directory in looked_at:
        if (directory / "package.xml").is_file() and (directory / "config").is_dir():
            return directory
    raise TactileError(
        f"no share directory of {PACKAGE} with package.xml and config/ among "
        f"{', '.join(map(str, looked_at))}: install the package again, or source the workspace"
    )


def _candidates(module: Path) -> Iterator[Path]:
    yield module.parent.parent
    prefixes = [*module.parents, Path(sys.prefix)]
    ament = os.environ.get("AMENT_PREFIX_PATH", "").split(os.pathsep)
    prefixes += [Path(prefix) for prefix in ament if prefix]
    for prefix in prefixes:
        yield prefix / "share" / PACKAGE
