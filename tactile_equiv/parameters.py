"""A `ParameterSet` as ROS parameters: declared from the dataclass, checked by the dataclass."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import Field, fields
from typing import Any

from rcl_interfaces.msg import FloatingPointRange, IntegerRange, ParameterDescriptor
from rclpy.exceptions import ParameterException
from rclpy.node import Node
from rclpy.parameter import Parameter

from tactile_equiv.errors import SettingsError
from tactile_equiv.parameter_set import CONFIGURE, START, Parameters

FOREIGN = ("use_sim_time", "start_type_description_service", "qos_overrides.")
"""Parameters that rclpy declares itself."""


def declare(node: Node, kind: type[Parameters]) -> Parameters:
    """Declare every field of `kind` on a node and read what the user gave.

    Raises:
        SettingsError: if a given name is unknown, or a value is of the wrong type or out of range.
    """
    kind.check_names(own(node._parameter_overrides))
    values = {}
    for declared in fields(kind):
        try:
            parameter = node.declare_parameter(
                declared.name, declared.default, descriptor(declared)
            )
        except (ParameterException, ValueError) as error:
            given = node._parameter_overrides[declared.name].value
            kind().changed({declared.name: given})
            raise SettingsError(
                f"parameter {declared.name!r} cannot be {given!r} ({error})"
            ) from error
        values[declared.name] = parameter.value
    return kind(**values)


def own(names: Iterable[str]) -> list[str]:
    """The names that are not rclpy's own."""
    return [name for name in names if not name.startswith(FOREIGN)]


def descriptor(declared: Field[Any]) -> ParameterDescriptor:
    """Description, unit and range of one field, as `ros2 param describe` shows them."""
    metadata = declared.metadata
    low, high, choices = metadata["minimum"], metadata["maximum"], metadata["choices"]
    unit = f" ({metadata['unit']})" if metadata["unit"] else ""
    described = ParameterDescriptor(
        description=f"{metadata['description']}{unit}; effect: {metadata['effect']}",
        read_only=metadata["effect"] == START,
        additional_constraints=f"one of {', '.join(choices)}" if choices else "",
    )
    if isinstance(declared.default, float) and low is not None:
        described.floating_point_range = [FloatingPointRange(from_value=low, to_value=high)]
    elif low is not None:
        described.integer_range = [IntegerRange(from_value=low, to_value=high)]
    return described


def changed(
    settings: Parameters, parameters: Sequence[Parameter[Any]], configured: bool
) -> Parameters:
    """Settings after a change of parameters.

    Raises:
        SettingsError: if a value is wrong, or a structural parameter changes while the node is
            configured.
    """
    known = {declared.name: declared for declared in fields(settings)}
    values = {p.name: p.value for p in parameters if p.name in known}
    for name, value in values.items():
        fixed = configured and known[name].metadata["effect"] == CONFIGURE
        if fixed and value != getattr(settings, name):
            raise SettingsError(
                f"parameter {name!r} takes effect when the node is configured: "
                "deactivate and clean up the node, set it, then configure again"
            )
    return settings.changed(values)
