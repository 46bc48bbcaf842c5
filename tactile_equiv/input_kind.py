"""Messages of any type as frames: their class, topic and reader, found by name at run time."""

from __future__ import annotations

import functools
import importlib
import importlib.util
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, NamedTuple

from rclpy.serialization import deserialize_message

from tactile_equiv import cdr
from tactile_equiv.decoding import COMPRESSED, IMAGE, MULTI_ARRAYS
from tactile_equiv.errors import FrameError, SettingsError
from tactile_equiv.frame_decoder import FrameDecoder
from tactile_equiv.settings import Settings

HEADER = "std_msgs/Header"


class InputKind(NamedTuple):
    """How frames of one message type come in.

    Attributes:
        message_class: of the topic.
        topic: relative name.
        read: serialised message to its contents; raises FrameError.
        decode: contents to a frame; raises FrameError.
    """

    message_class: type
    topic: str
    read: Callable[[bytes], Any]
    decode: FrameDecoder


class WithoutHeader:
    """A message whose field `header` is no std_msgs/Header: all its other attributes."""

    header = None

    def __init__(self, message: Any) -> None:
        self._message = message

    def __getattr__(self, name: str) -> Any:
        return getattr(self._message, name)


def input_of(settings: Settings) -> InputKind:
    """What the parameters of the input stand for.

    Raises:
        SettingsError: if no such message type is installed, it has no numbers at `input_field`, or
            parameters contradict each other.
    """
    decode = FrameDecoder(settings)
    name = decode.message_type
    message_class = message_class_of(name)
    if decode.paths:
        for path in decode.paths:
            path.check(name.replace("/msg/", "/"), _fields_of)
        return InputKind(message_class, "taxels", _field_reader(message_class), decode)
    if name == IMAGE:
        return InputKind(message_class, "image", cdr.read_image, decode)
    if name == COMPRESSED:
        return InputKind(message_class, "image/compressed", cdr.read_compressed_image, decode)
    read = functools.partial(cdr.read_multi_array, kind=MULTI_ARRAYS[name])
    return InputKind(message_class, "taxels", read, decode)


def message_class_of(name: str) -> Any:
    """The Python class of a message type "package/msg/Type".

    Raises:
        SettingsError: if its package is not installed, or has no such message.
    """
    package, _, message = name.split("/")
    try:
        _require_messages(package)
        module = importlib.import_module(f"{package}.msg")
    except ImportError as error:
        raise SettingsError(
            f"input_type is {name!r}, but package {package} cannot be imported here ({error}): "
            "install it, or source the workspace that holds it"
        ) from error
    found = getattr(module, message, None)
    if not hasattr(found, "get_fields_and_field_types"):
        listed = ", ".join(word for word in dir(module) if word[:1].isupper()) or "none"
        raise SettingsError(
            f"input_type is {name!r}, but {package} has no message {message}; it has: {listed}"
        )
    return found


def _require_messages(package: str) -> None:
    """Look for the messages of a package without importing it: others run code when imported.

    Raises:
        ImportError: if it is not installed, or no package of messages.
    """
    found = importlib.util.find_spec(package)
    places = (found and found.submodule_search_locations) or ()
    if not any((Path(place) / "msg").is_dir() for place in places):
        raise ImportError("no package of messages has this name" if found else "not found")


def _fields_of(name: str) -> Mapping[str, str]:
    fields: Mapping[str, str] = message_class_of(
        name.replace("/", "/msg/")
    ).get_fields_and_field_types()
    return fields


def _field_reader(message_class: Any) -> Callable[[bytes], Any]:
    fields = message_class.get_fields_and_field_types()
    is_plain = fields.get("header", HEADER) == HEADER

    def read(serialised: bytes) -> Any:
        cdr.check_encapsulation(serialised, message_class.__name__)
        try:
            message = deserialize_message(serialised, message_class)
        except Exception as error:  # of a class that the middleware chooses
            raise FrameError(
                "serialisation",
                f"{len(serialised)} bytes are no serialised {message_class.__name__} ({error}): "
                "check the driver and its middleware",
            ) from error
        return message if is_plain else WithoutHeader(message)

    return read
