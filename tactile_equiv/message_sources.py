"""C, C++ and Python sources of a ROS message package, made by the rosidl generators at hand."""

import contextlib
import io
import json
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from rosidl_adapter import convert_to_idl
from rosidl_generator_c import generate_c
from rosidl_generator_py import generate_py
from rosidl_generator_type_description import generate_type_hash
from rosidl_typesupport_fastrtps_c import generate_typesupport_fastrtps_c
from rosidl_typesupport_introspection_c import generate_c as generate_introspection_c

FAST_DDS = "rosidl_typesupport_fastrtps_c"
INTROSPECTION = "rosidl_typesupport_introspection_c"
DISPATCH = """\
#include <stddef.h>
#include <string.h>
#include "rosidl_runtime_c/message_type_support_struct.h"

#define HANDLE(kind) ROSIDL_TYPESUPPORT_INTERFACE__MESSAGE_SYMBOL_NAME(kind, {package}, msg, {name})
typedef const rosidl_message_type_support_t * handle_t;

handle_t HANDLE({fast_dds})(void);
handle_t HANDLE({introspection})(void);

static handle_t find(handle_t handle, const char * identifier)
{{
  handle_t fast_dds = HANDLE({fast_dds})();
  handle_t introspection = HANDLE({introspection})();
  (void)handle;
  if (strcmp(identifier, fast_dds->typesupport_identifier) == 0) {{return fast_dds;}}
  if (strcmp(identifier, introspection->typesupport_identifier) == 0) {{return introspection;}}
  return NULL;
}}

handle_t HANDLE(rosidl_typesupport_c)(void)
{{
  static rosidl_message_type_support_t dispatching;
  if (dispatching.func == NULL) {{
    dispatching = *HANDLE({fast_dds})();
    dispatching.typesupport_identifier = "rosidl_typesupport_c";
    dispatching.data = NULL;
    dispatching.func = find;
  }}
  return &dispatching;
}}
"""


def generate_sources(
    package: str, messages: Mapping[str, str], folder: Path, prefix: Path = Path(sys.prefix)
) -> dict[str, str]:
    """Writes every source of `package` below `folder` and returns its type hashes.

    `messages` maps message names to field lists in .msg syntax. Messages of other packages are
    looked up in `prefix`/share. Headers are to be included from `folder` and its folders. The
    result maps message names to RIHS01 strings (REP 2016).
    """
    root = folder / package
    (root / "msg").mkdir(parents=True)
    for name, fields in messages.items():
        (root / "msg" / f"{name}.msg").write_text(fields)
    with contextlib.redirect_stdout(io.StringIO()):
        for name in messages:
            convert_to_idl(root, package, Path("msg") / f"{name}.msg", root)
        _generate(package, list(messages), root, prefix)
    return {name: _type_hash(root / "msg" / f"{name}.json") for name in messages}


def _generate(package: str, names: list[str], root: Path, prefix: Path) -> None:
    def run(generator: str, function: Callable[..., Any], *rest: Any, **extra: Any) -> None:
        templates = prefix / "share" / generator / "resource"
        arguments = _arguments(package, names, root, templates) | extra
        file = root / f"{generator}.json"
        file.write_text(json.dumps(arguments))
        function(str(file), *rest)

    described = [f"msg/{name}.idl:{root}/msg/{name}.json" for name in names]
    sources = [f"{root}/msg/{name}.msg" for name in names]
    run("rosidl_generator_type_description", generate_type_hash, include_paths=_packages(prefix))
    run(
        "rosidl_generator_c",
        generate_c,
        type_description_tuples=described,
        ros_interface_files=sources,
    )
    run(FAST_DDS, generate_typesupport_fastrtps_c)
    apart = root.parent / INTROSPECTION / package  # its file names repeat those of the C generator
    run(INTROSPECTION, generate_introspection_c, output_dir=str(apart))
    run("rosidl_generator_py", generate_py, ["rosidl_typesupport_c"])
    for generator in ("rosidl_generator_c", FAST_DDS, INTROSPECTION):
        _write_visibility_header(package, generator, root, prefix)
    for name in names:
        _write_dispatch(package, name, root)


def _arguments(package: str, names: list[str], root: Path, templates: Path) -> dict[str, Any]:
    return {
        "package_name": package,
        "output_dir": str(root),
        "template_dir": str(templates),
        "idl_tuples": [f"{root}:msg/{name}.idl" for name in names],
        "ros_interface_dependencies": [],
        "target_dependencies": [],
    }


def _packages(prefix: Path) -> list[str]:
    folders = sorted({path.parent.parent for path in prefix.glob("share/*/msg/*.json")})
    return [f"{folder.name}:{folder}" for folder in folders]


def _write_visibility_header(package: str, generator: str, root: Path, prefix: Path) -> None:
    name = f"{generator}__visibility_control.h"
    template = (prefix / "share" / generator / "resource" / f"{name}.in").read_text()
    text = template.replace("@PROJECT_NAME_UPPER@", package.upper())
    (root / "msg" / name).write_text(text.replace("@PROJECT_NAME@", package))


def _write_dispatch(package: str, name: str, root: Path) -> None:
    """The type support by name, without rosidl_typesupport_c's search for libraries to load."""
    kinds = {"fast_dds": FAST_DDS, "introspection": INTROSPECTION}
    (root / "msg" / f"{name}__dispatch.c").write_text(
        DISPATCH.format(package=package, name=name, **kinds)
    )


def _type_hash(description: Path) -> str:
    hashes: list[dict[str, str]] = json.loads(description.read_text())["type_hashes"]
    return hashes[0]["hash_string"]
