"""The definition of a message type as text (.msg syntax), as it stands in a recording.

A recording carries it, so that it can be read where the message's package is not installed.
"""

from __future__ import annotations

import importlib
import os
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from tactile_equiv.errors import DataError

SEPARATOR = "=" * 80
MSG_NAMES = {"boolean": "bool", "octet": "byte", "float": "float32", "double": "float64"}
"""Names of types in classes that are others in .msg files."""
SEQUENCE = re.compile(r"sequence<(.+?)(?:, (\d+))?>")
ARRAY = re.compile(r"(.+)\[(\d+)\]")
BOUNDED_TEXT = re.compile(r"(w?string)<(\d+)>")
NESTED = re.compile(r"\w+/\w+")


def class_of(message_type: str) -> Any:
    """The Python class of "package/msg/Type".

    Raises:
        DataError: if it is not installed.
    """
    package, _, name = message_type.partition("/msg/")
    try:
        return getattr(importlib.import_module(f"{package}.msg"), name)
    except (ImportError, AttributeError, ValueError) as error:
        raise DataError(
            f"message type {message_type} is not installed here ({error}): source the workspace "
            "that holds it"
        ) from error


def definition_of(message_type: str) -> str:
    """Fields of "package/msg/Type", then those of every type within, as rosbag2 stores them.

    From the package's .msg files; where it has none, from its classes, without constants and
    comments.

    Raises:
        DataError: if a type is not installed.
    """
    texts: dict[str, str] = {}
    waiting = [message_type]
    while waiting:
        name = waiting.pop(0)
        if name in texts:
            continue
        fields = class_of(name).get_fields_and_field_types()
        texts[name] = _msg_file(name) or _fields_text(fields)
        for kind in fields.values():
            waiting += [found.replace("/", "/msg/") for found in NESTED.findall(kind)]
    first, *others = texts.items()
    parts = [f"MSG: {name.replace('/msg/', '/')}\n{text}" for name, text in others]
    return f"{SEPARATOR}\n".join([first[1], *parts])


def _msg_file(message_type: str) -> str:
    """The text of a .msg file in AMENT_PREFIX_PATH, empty where there is none."""
    for prefix in filter(None, os.environ.get("AMENT_PREFIX_PATH", "").split(os.pathsep)):
        file = Path(prefix) / "share" / f"{message_type}.msg"
        if file.is_file():
            return file.read_text("utf-8").rstrip("\n") + "\n"
    return ""


def _fields_text(fields: Mapping[str, str]) -> str:
    return "".join(f"{msg_type(kind)} {field}\n" for field, kind in fields.items())


def msg_type(kind: str) -> str:
    """The type of a field as .msg files write it: "sequence<double, 3>" is "float64[<=3]"."""
    if match := SEQUENCE.fullmatch(kind):
        return f"{msg_type(match[1])}[{f'<={match[2]}' if match[2] else ''}]"
    if match := ARRAY.fullmatch(kind):
        return f"{msg_type(match[1])}[{match[2]}]"
    if match := BOUNDED_TEXT.fullmatch(kind):
        return f"{match[1]}<={match[2]}"
    return MSG_NAMES.get(kind, kind)
