"""Prints, as JSON, which vision_msgs types fail or leave an rcutils error set when used.

{name: [by a publisher, by a subscription]}; Kilted leaves an error where Jazzy raises one.
Arguments: "as_installed" or "without_introspection" (the control), then message names.
"""

import ctypes
import json
import sys
from collections.abc import Callable
from functools import partial
from pathlib import Path

import rclpy
from rclpy._rclpy_pybind11 import RCLError
from rclpy.node import Node
from vision_msgs import msg

FAST_DDS_HANDLE = "rosidl_typesupport_fastrtps_c__get_message_type_support_handle__vision_msgs__msg"


def mapped_library(name: str) -> ctypes.CDLL:
    mapped = Path("/proc/self/maps").read_text().split()
    return ctypes.CDLL(next(path for path in mapped if name in path))


def drop_introspection(message_type: type) -> None:
    module = mapped_library("vision_msgs_s__rosidl_typesupport_c")
    handle = getattr(module, f"{FAST_DDS_HANDLE}__{message_type.__name__}")
    handle.restype = ctypes.c_void_p
    new_capsule = ctypes.pythonapi.PyCapsule_New
    new_capsule.argtypes, new_capsule.restype = [ctypes.c_void_p] * 3, ctypes.py_object
    type(message_type)._TYPE_SUPPORT = new_capsule(handle(), None, None)


def fails_or_leaves_error(create: Callable[[], object], rcutils: ctypes.CDLL) -> bool:
    try:
        create()
    except RCLError:
        return True
    left: bool = rcutils.rcutils_error_is_set()
    rcutils.rcutils_reset_error()
    return left


def main(mode: str, names: list[str]) -> None:
    rclpy.init()
    node = Node("errors_left")
    rcutils = mapped_library("librcutils.so")
    rcutils.rcutils_error_is_set.restype = ctypes.c_bool
    left = {}
    for name in names:
        message_type = getattr(msg, name)
        type(message_type).__import_type_support__()
        if mode == "without_introspection":
            drop_introspection(message_type)
        creating = [
            partial(node.create_publisher, message_type, name, 1),
            partial(node.create_subscription, message_type, name, print, 1),
        ]
        left[name] = [fails_or_leaves_error(create, rcutils) for create in creating]
    print(json.dumps(left))


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2:])
