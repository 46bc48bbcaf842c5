"""What the processes of a graph are, as pure data: for `tactile-equiv` and for launch files."""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

from tactile_equiv.errors import SettingsError
from tactile_equiv.shift_scripts import topology_of
from tactile_equiv.topology import PLANE, wrapped_axis

Value = str | bool | int | float

PACKAGE = "tactile_equiv"
PERCEPTION = "tactile_perception"
SIMULATOR = "tactile_simulator"
CHECK = "shift_check"
EVERY_FRAME: dict[str, Value] = {"history": "keep_last", "depth": 1000, "reliability": "reliable"}
"""QoS of the input while it is checked: the check is about every frame, not about the newest."""


@dataclass(frozen=True)
class NodeDescription:
    """One node in a process of its own.

    Attributes:
        executable: its name for `ros2 run tactile_equiv`.
        module: the same as a Python module.
        name: of the node.
        namespace: of the node, "" = none.
        parameters: over the defaults and the parameters file.
        parameters_file: YAML file, or None.
        remappings: topic or service name -> name to use.
    """

    executable: str
    module: str
    name: str
    namespace: str = ""
    parameters: Mapping[str, Value] = field(default_factory=dict)
    parameters_file: Path | None = None
    remappings: Mapping[str, str] = field(default_factory=dict)

    def command(self) -> list[str]:
        """Command line that starts it with this Python."""
        arguments = ["-r", f"__node:={self.name}"]
        if self.namespace:
            arguments += ["-r", f"__ns:={absolute(self.namespace)}"]
        if self.parameters_file is not None:
            arguments += ["--params-file", str(self.parameters_file)]
        for name, value in self.parameters.items():
            arguments += ["-p", f"{name}:={json.dumps(value)}"]
        for name, other in self.remappings.items():
            arguments += ["-r", f"{name}:={other}"]
        return [sys.executable, "-m", self.module, "--ros-args", *arguments]


def absolute(namespace: str) -> str:
    """A namespace that begins with a slash."""
    return namespace if namespace.startswith("/") else f"/{namespace}"


def perception_description(
    namespace: str = "",
    parameters: Mapping[str, Value] | None = None,
    parameters_file: Path | None = None,
    remappings: Mapping[str, str] | None = None,
) -> NodeDescription:
    """A perception node; the arguments are those of `NodeDescription`."""
    return NodeDescription(
        executable="perception_node",
        module="tactile_equiv.perception_node",
        name=PERCEPTION,
        namespace=namespace,
        parameters=parameters or {},
        parameters_file=parameters_file,
        remappings=remappings or {},
    )


def hand_of(perception: NodeDescription, hand: str) -> NodeDescription:
    """The node of a hand in place of a perception node, with the same parameters and topics.

    Args:
        perception: the node of one sensor.
        hand: description of the hand, a YAML file or the name of a shipped one.
    """
    return replace(
        perception,
        executable="hand_node",
        module="tactile_equiv.hand_node",
        parameters={**perception.parameters, "hand": hand},
    )


@dataclass(frozen=True)
class ClosedLoop:
    """Simulator, perception and check.

    Attributes:
        script: shift script, a file or the name of a shipped one.
        recording: data-set file whose presses are moved instead; "" = none.
        rate_hz: frames per second; 0 = as in the script.
        report_dir: folder of the report.
        model: model directory or name; "" = the parameter's default.
        backend: engine of the network.
        thresholds: YAML file with limits; "" = the shipped ones.
        topology: that the perception node takes the sensor for; "" = that of the script.
        namespace: of all three.

    Raises:
        SettingsError: if the namespace is empty or just a slash, or the topology unknown.
    """

    script: str = "quick"
    recording: str = ""
    rate_hz: float = 0.0
    report_dir: str = "shift_check_report"
    model: str = ""
    backend: str = "auto"
    thresholds: str = ""
    topology: str = ""
    namespace: str = "closed_loop"

    def __post_init__(self) -> None:
        if not self.namespace.strip("/"):
            raise SettingsError(
                f"namespace is {self.namespace!r}: the closed loop needs one of its own, such as "
                "'closed_loop', or it would meet the robot's own sensors"
            )
        if self.topology:
            wrapped_axis(self.topology)

    @property
    def simulator(self) -> NodeDescription:
        """Waits for the other two before its script begins."""
        return NodeDescription(
            executable="simulator_node",
            module="tactile_equiv_sim.simulator_node",
            name=SIMULATOR,
            namespace=self.namespace,
            parameters={
                "script": self.script,
                "recording": self.recording,
                "rate_hz": float(self.rate_hz),
                "wait_for_subscribers": True,
            },
        )

    @property
    def perception(self) -> NodeDescription:
        """Hears every frame and publishes every class, so that all of them are compared."""
        topic = f"{absolute(self.namespace)}/image"
        qos = {f"qos_overrides.{topic}.subscription.{k}": v for k, v in EVERY_FRAME.items()}
        model: dict[str, Value] = {"model_path": self.model} if self.model else {}
        of_script = PLANE if self.recording else topology_of(self.script)
        fixed: dict[str, Value] = {
            "backend": self.backend,
            "max_hypotheses": 65535,
            "topology": self.topology or of_script,
        }
        return perception_description(self.namespace, {**fixed, **model, **qos})

    @property
    def check(self) -> NodeDescription:
        """Its exit code is that of the whole."""
        return NodeDescription(
            executable="shift_check",
            module="tactile_equiv_sim.shift_check",
            name=CHECK,
            namespace=self.namespace,
            parameters={
                "report_dir": self.report_dir,
                "thresholds": self.thresholds,
                "tare_service": f"{PERCEPTION}/tare",
            },
        )
