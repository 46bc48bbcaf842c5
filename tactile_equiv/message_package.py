"""Builds a ROS message package from field lists, with the generators of the wheels and gcc alone.

For messages that no wheel carries. One extension module holds conversion, Fast DDS type support
and introspection of the whole package, so it serves rclpy on rmw_fastrtps (the wheels' only
middleware, which describes types to other participants from their introspection).
"""

import hashlib
import os
import re
import shutil
import subprocess
import sys
import sysconfig
import tempfile
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from tactile_equiv.errors import TactileError

BUILDER = "tactile_equiv.message_package"
RUNTIME_LIBRARIES = [
    "rosidl_runtime_c", "rosidl_typesupport_c", "rosidl_typesupport_fastrtps_c",
    "rosidl_typesupport_fastrtps_cpp", "rosidl_typesupport_introspection_c",
    "rosidl_dynamic_typesupport", "rmw", "rcutils", "fastcdr",
]  # fmt: skip
MESSAGE_LIBRARIES = [
    "rosidl_generator_c", "rosidl_generator_py", "rosidl_typesupport_c",
    "rosidl_typesupport_fastrtps_c", "rosidl_typesupport_introspection_c",
]  # fmt: skip


class BuildError(TactileError):
    """A message package that cannot be built here, or that came out other than expected."""


def build_message_package(
    package: str,
    messages: Mapping[str, str],
    destination: Path = Path(sys.prefix),
    version: str = "0.0.0",
    expected_hashes: Mapping[str, str] | None = None,
) -> dict[str, str]:
    """Builds `package` and moves it into the prefix `destination`; returns its type hashes.

    `messages` maps message names to field lists in .msg syntax. Python modules go to the prefix's
    site-packages, message files to share/`package`, marks into the ament index, the index mark
    last. `expected_hashes` maps message names to RIHS01 strings that must come out.

    Raises BuildError: no generators, no compiler, fields that do not compile, other hashes.
    """
    compilers = find_compilers()
    destination.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=f".{package}-", dir=destination) as temporary:
        folder = Path(temporary)
        hashes = _generated(package, messages, folder)
        _check_hashes(package, hashes, expected_hashes or {})
        _compile(package, folder, _dependencies(package, messages), compilers)
        _install(package, folder, destination, version, _dependencies(package, messages))
    return hashes


def builder_digest() -> str:
    """Digest of the sources that build, written into package.xml: tells an older build."""
    sources = [Path(__file__), Path(__file__).with_name("message_sources.py")]
    return hashlib.sha256(b"".join(path.read_bytes() for path in sources)).hexdigest()[:16]


def find_compilers() -> dict[str, str]:
    """Compiler by source suffix: {".c": path of gcc, ".cpp": path of g++}.

    Raises BuildError when one of them, or the header Python.h, is missing.
    """
    found = {".c": shutil.which("gcc"), ".cpp": shutil.which("g++")}
    missing = [name for name, path in zip(("gcc", "g++"), found.values(), strict=True) if not path]
    if missing:
        raise BuildError(
            f"{' and '.join(missing)} not found on PATH, and messages that no wheel carries are "
            "compiled once: install a C and C++ compiler (Debian, Ubuntu: apt install g++)"
        )
    header = Path(sysconfig.get_path("include")) / "Python.h"
    if not header.is_file():
        raise BuildError(
            f"{header} is missing, and messages that no wheel carries are compiled against it: "
            "install the headers of this Python (Debian, Ubuntu: apt install python3-dev)"
        )
    return {suffix: str(path) for suffix, path in found.items()}


def _generated(package: str, messages: Mapping[str, str], folder: Path) -> dict[str, str]:
    try:
        from tactile_equiv.message_sources import generate_sources
    except ImportError as error:
        raise BuildError(
            f"the rosidl generators are not importable here ({error}): use an environment with "
            "the ROS 2 wheels (extra [ros]), or take the package from the ROS 2 distribution"
        ) from error
    try:
        return generate_sources(package, messages, folder)
    except Exception as error:
        raise BuildError(f"the field lists of {package} cannot be generated: {error}") from error


def _check_hashes(package: str, hashes: dict[str, str], expected: Mapping[str, str]) -> None:
    wrong = {name: hashes.get(name) for name in expected if hashes.get(name) != expected[name]}
    if wrong:
        pairs = "; ".join(f"{name}: {got}, not {expected[name]}" for name, got in wrong.items())
        raise BuildError(f"{package} would not be wire-identical to the released package: {pairs}")


def _dependencies(package: str, messages: Mapping[str, str]) -> list[str]:
    named = re.findall(r"^\s*(\w+)/(?:msg/)?\w+", "\n".join(messages.values()), re.MULTILINE)
    return sorted({"builtin_interfaces", *named} - {package})


def _compile(package: str, folder: Path, depend: list[str], compilers: dict[str, str]) -> None:
    import numpy

    prefix = Path(sys.prefix)
    headers = [*_with_folders(folder), *_with_folders(prefix / "include")]
    headers += [Path(sysconfig.get_path("include")), Path(numpy.get_include())]
    flags = ["-O1", "-fPIC", "-w", *(f"-I{path}" for path in headers)]
    sources = [path for path in sorted(folder.rglob("*")) if path.suffix in compilers]

    def compile_one(source: Path) -> str:
        object_file = f"{source}.o"
        _run([compilers[source.suffix], *flags, "-c", str(source), "-o", object_file])
        return object_file

    with ThreadPoolExecutor(os.cpu_count()) as pool:
        objects = list(pool.map(compile_one, sources))
    libraries = [f"{name}__{kind}" for name in depend for kind in MESSAGE_LIBRARIES]
    suffix = sysconfig.get_config_var("EXT_SUFFIX")
    module = folder / package / f"{package}_s__rosidl_typesupport_c{suffix}"
    library_path = [f"-L{prefix}/lib", f"-Wl,-rpath,{prefix}/lib"]
    linked = [f"-l{name}" for name in libraries + RUNTIME_LIBRARIES]
    _run([compilers[".cpp"], "-shared", "-s", *objects, *library_path, *linked, "-o", str(module)])


def _with_folders(root: Path) -> list[Path]:
    return [root, *sorted(path for path in root.iterdir() if path.is_dir())]


def _run(command: list[str]) -> None:
    done = subprocess.run(command, capture_output=True, text=True)
    if done.returncode:
        complaint = "\n".join(done.stderr.strip().splitlines()[:5])
        raise BuildError(f"{command[0]} failed on {command[-3]}:\n{complaint}")


def _install(
    package: str, folder: Path, destination: Path, version: str, depend: list[str]
) -> None:
    built, module, share = folder / package, folder / "module", folder / "share"
    (module / "msg").mkdir(parents=True)
    (share / "msg").mkdir(parents=True)
    (module / "__init__.py").touch()
    for path in built.glob("*.so"):
        shutil.move(path, module)
    for path in built.glob("msg/*.py"):
        shutil.move(path, module / "msg")
    for suffix in ("msg", "idl", "json"):
        for path in built.glob(f"msg/*.{suffix}"):
            shutil.move(path, share / "msg")
    (share / "package.xml").write_text(_package_xml(package, version, depend))
    names = sorted(f"msg/{path.name}" for path in share.glob("msg/*.msg"))
    _index_mark(destination, "packages", package).unlink(missing_ok=True)
    _replace(share, destination / "share" / package)
    _replace(module, _site_packages(destination) / package)
    _mark(destination, package, names, depend)


def _site_packages(prefix: Path) -> Path:
    variables = {"base": str(prefix), "platbase": str(prefix)}
    return Path(sysconfig.get_path("platlib", vars=variables))


def _replace(source: Path, target: Path) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    if target.exists():
        shutil.rmtree(target)
    source.rename(target)


def _mark(destination: Path, package: str, names: list[str], depend: list[str]) -> None:
    marks = {
        "package_run_dependencies": ";".join(depend),
        "rosidl_interfaces": "\n".join(names),
        "packages": "",
    }
    for kind, text in marks.items():
        mark = _index_mark(destination, kind, package)
        mark.parent.mkdir(parents=True, exist_ok=True)
        mark.write_text(text)


def _index_mark(prefix: Path, kind: str, package: str) -> Path:
    return prefix / "share" / "ament_index" / "resource_index" / kind / package


def _package_xml(package: str, version: str, depend: list[str]) -> str:
    lines = "\n".join(f"  <depend>{name}</depend>" for name in depend)
    return f"""<?xml version="1.0"?>
<package format="3">
  <name>{package}</name>
  <version>{version}</version>
  <description>Built from field lists by {BUILDER}, digest {builder_digest()}.</description>
  <maintainer email="maintainers@tactile-equiv.example.org">tactile_equiv maintainers</maintainer>
  <license>Apache-2.0</license>
{lines}
  <member_of_group>rosidl_interface_packages</member_of_group>
</package>
"""
