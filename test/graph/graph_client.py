"""A real perception node and a client that talks to it, in one executor and one ROS domain."""

import array
import math
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from diagnostic_msgs.msg import DiagnosticArray
from lifecycle_msgs.msg import Transition
from lifecycle_msgs.srv import ChangeState, GetState
from rcl_interfaces.msg import Log
from rcl_interfaces.srv import SetParameters
from rclpy.node import Node
from rclpy.parameter import Parameter
from rclpy.qos import DurabilityPolicy, QoSProfile, ReliabilityPolicy
from sensor_msgs.msg import Image
from std_srvs.srv import SetBool, Trigger
from vision_msgs.msg import Classification

from tactile_equiv.architecture import Architecture
from tactile_equiv.card import Card
from tactile_equiv.frame import Normalisation
from tactile_equiv.model_export import save_model
from tactile_equiv.network import TactileNetwork
from tactile_equiv.node_process import executor_of
from tactile_equiv.perception_node import PerceptionNode
from tactile_equiv.settings import Settings

ROOT = Path(__file__).resolve().parents[2]
LIMIT_S = 30.0
CLASSES = ("smooth", "ridged", "rough")
NODE = "/tactile_perception"
RELIABLE = QoSProfile(depth=200, reliability=ReliabilityPolicy.RELIABLE)
LATCHED = QoSProfile(
    depth=1, reliability=ReliabilityPolicy.RELIABLE, durability=DurabilityPolicy.TRANSIENT_LOCAL
)
EARLIER_TOO = QoSProfile(
    depth=200,
    reliability=ReliabilityPolicy.RELIABLE,
    durability=DurabilityPolicy.TRANSIENT_LOCAL,
)
BEST_EFFORT = QoSProfile(depth=200, reliability=ReliabilityPolicy.BEST_EFFORT)


def pressing_network(seed: int = 0, input_channels: int = 1) -> TactileNetwork:
    """A small seeded network: its contact head reads one feature, the blurred pressure."""
    torch.manual_seed(seed)
    sizes = Architecture(len(CLASSES), input_channels, channels=(4, 6), dilations=(1, 1))
    network = TactileNetwork(sizes)
    blur = torch.tensor([[0.0, 0.1, 0.0], [0.1, 0.6, 0.1], [0.0, 0.1, 0.0]])
    with torch.no_grad():
        for layer in network.trunk:
            layer.convolution.weight[0] = 0
            layer.convolution.weight[0, 0] = blur
            layer.convolution.bias[0] = 0
        network.contact_head.weight.zero_()
        network.contact_head.weight[0, 0] = 20
        network.texture_head.weight.mul_(5)
    return network


def write_model(
    folder: Path,
    seed: int = 0,
    input_channels: int = 1,
    name: str = "pressing",
    signed: bool = False,
) -> Path:
    """A model directory of `pressing_network`."""
    network = pressing_network(seed, input_channels)
    normalisation = Normalisation(3, 64, signed=signed)
    save_model(folder, network, Card(name, "none", CLASSES, network.architecture, normalisation))
    return folder


def press(row: int = 4, column: int = 5, rows: int = 12, columns: int = 16) -> Any:
    """(rows, columns) float32: a 3 x 4 contact with its first taxel at (row, column)."""
    frame = np.zeros((rows, columns), np.float32)
    blob = np.random.default_rng(5).uniform(60, 200, (3, 4)).astype(np.float32)
    frame[row : row + 3, column : column + 4] = blob
    return frame


def image(frame: Any, seconds: float = 1.0, frame_id: str = "fingertip") -> Image:
    """An Image 32FC1 of (H, W)."""
    values = np.ascontiguousarray(frame, np.float32)
    message = Image(height=values.shape[0], width=values.shape[1], encoding="32FC1")
    message.step = 4 * values.shape[1]
    message.data = array.array("B", values.tobytes())
    message.header.frame_id = frame_id
    message.header.stamp.sec = math.floor(seconds)
    message.header.stamp.nanosec = round((seconds - math.floor(seconds)) * 1e9)
    return message


def pixels(message: Image) -> Any:
    """(H, W) float32 of a published 32FC1 image."""
    return np.frombuffer(message.data, np.float32).reshape(message.height, message.width)


def figures(status: Any) -> dict[str, str]:
    """The values of a diagnostic status by key."""
    return {pair.key: pair.value for pair in status.values}


class Client:
    """Publishes frames, listens, calls services; every wait is for an event."""

    def __init__(
        self, context: Any, namespace: str = "", executor: str = "single_threaded"
    ) -> None:
        self.node = Node("client", context=context)
        self.prefix = f"{namespace}{NODE}"
        self.executor = executor_of(executor, lambda notice: None, context)
        self.executor.add_node(self.node)
        self.received: dict[str, list[Any]] = {}
        self.publishers: dict[str, Any] = {}
        self.statuses = self.listen(DiagnosticArray, "/diagnostics")
        self.logs = self.listen(Log, "/rosout", EARLIER_TOO)
        self.clients: dict[str, Any] = {}

    def close(self) -> None:
        """Leave the graph."""
        self.executor.shutdown()
        self.node.destroy_node()

    def until(self, condition: Callable[[], Any], what: str = "event") -> Any:
        """Spin until the condition holds; its value."""
        deadline = time.monotonic() + LIMIT_S
        while not (value := condition()):
            assert time.monotonic() < deadline, f"waited {LIMIT_S} s for {what}"
            self.executor.spin_once(timeout_sec=0.05)
        return value

    def listen(self, message_class: type, topic: str, qos: QoSProfile = RELIABLE) -> list[Any]:
        """Subscribe; the list of messages, which grows while the executor spins."""
        received: list[Any] = []
        self.node.create_subscription(message_class, topic, received.append, qos)
        return received

    def output(self, message_class: type, name: str, qos: QoSProfile = RELIABLE) -> list[Any]:
        """Subscribe to an output of the node and wait until both sides know."""
        topic = f"{self.prefix}/{name}"
        received = self.listen(message_class, topic, qos)
        self.until(lambda: self.node.count_publishers(topic), f"a publisher of {topic}")
        return received

    def publisher(
        self, topic: str = "image", message_class: type = Image, qos: Any = BEST_EFFORT
    ) -> Any:
        """A publisher that the node has found."""
        if topic not in self.publishers:
            publisher = self.node.create_publisher(message_class, topic, qos)
            self.until(publisher.get_subscription_count, f"a subscription to {topic}")
            self.publishers[topic] = publisher
        return self.publishers[topic]

    def send(self, message: Any, topic: str = "image") -> None:
        """Publish on an input of the node; bytes are a serialised Image."""
        kind = Image if isinstance(message, bytes) else type(message)
        self.publisher(topic, kind).publish(message)

    def call(self, service: type, name: str, request: Any = None) -> Any:
        """Call a service of the node and wait for its answer."""
        future = self.ask(service, name, request)
        self.until(future.done, f"the answer of {name}")
        return future.result()

    def ask(self, service: type, name: str, request: Any = None) -> Any:
        """Call a service of the node; the future answer."""
        if name not in self.clients:
            self.clients[name] = self.node.create_client(service, f"{self.prefix}/{name}")
            self.until(self.clients[name].service_is_ready, f"service {name}")
        return self.clients[name].call_async(request or service.Request())

    def trigger(self, name: str) -> Any:
        """Call ~/tare or ~/reload_model."""
        return self.call(Trigger, name)

    def enable(self, on: bool) -> Any:
        """Call ~/enable."""
        return self.call(SetBool, "enable", SetBool.Request(data=on))

    def transition(self, name: str) -> bool:
        """Ask for a lifecycle transition by its name; whether it succeeded."""
        ids = {
            "configure": Transition.TRANSITION_CONFIGURE,
            "cleanup": Transition.TRANSITION_CLEANUP,
            "activate": Transition.TRANSITION_ACTIVATE,
            "deactivate": Transition.TRANSITION_DEACTIVATE,
            "shutdown_unconfigured": Transition.TRANSITION_UNCONFIGURED_SHUTDOWN,
            "shutdown_inactive": Transition.TRANSITION_INACTIVE_SHUTDOWN,
            "shutdown_active": Transition.TRANSITION_ACTIVE_SHUTDOWN,
        }
        request = ChangeState.Request(transition=Transition(id=ids[name]))
        return self.call(ChangeState, "change_state", request).success

    @property
    def state(self) -> str:
        """Lifecycle state of the node."""
        return self.call(GetState, "get_state").current_state.label

    def set(self, **values: Any) -> list[str]:
        """Set parameters; the reasons of those that were refused."""
        parameters = [Parameter(k, value=v).to_parameter_msg() for k, v in values.items()]
        request = SetParameters.Request(parameters=parameters)
        results = self.call(SetParameters, "set_parameters", request).results
        return [result.reason for result in results if not result.successful]

    def told(self, text: str) -> list[Any]:
        """Diagnostic statuses so far whose message contains `text`."""
        every = [status for array in self.statuses for status in array.status]
        return [status for status in every if text in status.message]

    def warnings(self, text: str) -> list[str]:
        """Warnings and errors of the node that contain `text`."""
        level = Log.WARN if isinstance(Log.WARN, int) else Log.WARN[0]
        return [
            log.msg
            for log in self.logs
            if log.level >= level and log.name.endswith(NODE[1:]) and text in log.msg
        ]


class Perception(Client):
    """A client and the perception node in one executor: a frame waits until the client spins."""

    def __init__(
        self,
        context: Any,
        parameters: dict[str, Any],
        namespace: str = "",
        arguments: Sequence[str] = (),
    ) -> None:
        super().__init__(context, namespace, parameters.get("executor", Settings().executor))
        overrides = [Parameter(name, value=value) for name, value in parameters.items()]
        self.perception = PerceptionNode(
            context=context,
            namespace=namespace,
            parameter_overrides=overrides,
            cli_args=["--ros-args", *arguments],
        )
        self.executor.add_node(self.perception)
        if self.perception.settings.autostart:
            self.perception.start()
        self.until(lambda: self.node.count_publishers("/rosout") >= 2, "the node's log")
        self.classes: list[Classification] = []
        if self.state == "active":
            self.classes = self.output(Classification, "classification")

    def close(self) -> None:
        """Leave the graph."""
        self.executor.remove_node(self.perception)
        self.perception.destroy_node()
        super().close()

    def diagnostics(self) -> Any:
        """The node's status, published now."""
        before = len(self.statuses)
        self.perception.publish_diagnostics()
        self.until(lambda: len(self.statuses) > before, "diagnostics")
        (status,) = self.statuses[-1].status
        return status

    def values(self) -> dict[str, str]:
        """The figures of `diagnostics` by key."""
        return figures(self.diagnostics())

    def perceive(self, message: Any, topic: str = "image") -> Classification:
        """Send a frame and wait for its classification."""
        before = len(self.classes)
        self.send(message, topic)
        self.until(lambda: len(self.classes) > before, "a classification")
        return self.classes[-1]

    def refused(self, message: Any, topic: str = "image") -> Any:
        """Send a frame that must be refused; the diagnostics after it."""
        before = figures(self.diagnostics())["refused"]
        self.send(message, topic)

        def status_after() -> Any:
            status = self.diagnostics()
            return status if figures(status)["refused"] != before else None

        return self.until(status_after, "a refusal")


class Process:
    """A perception node in a process of its own."""

    def __init__(self, arguments: list[str], log: Path) -> None:
        command = [sys.executable, "-m", "tactile_equiv.perception_node", "--ros-args", *arguments]
        self._log = log
        with log.open("w") as file:
            self._process = subprocess.Popen(
                command, cwd=ROOT, stdout=file, stderr=subprocess.STDOUT
            )

    @property
    def pid(self) -> int:
        """Its process id."""
        return self._process.pid

    def signal(self, number: int) -> None:
        """Send a signal."""
        self._process.send_signal(number)

    def wait(self) -> int:
        """The exit status, once it ended."""
        return self._process.wait(LIMIT_S)

    @property
    def said(self) -> str:
        """Everything it wrote so far."""
        return self._log.read_text()

    def close(self) -> None:
        """End it where it still runs."""
        if self._process.poll() is None:
            self._process.kill()
            self._process.wait()
