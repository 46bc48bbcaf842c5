"""The SROS 2 policy grants each node what it really has in the graph, nothing less and no more."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest
from rclpy.node import Node
from rclpy.parameter import Parameter
from tactile_equiv_sim.hand_simulator_node import HandSimulatorNode
from tactile_equiv_sim.shift_check import ShiftCheck
from tactile_equiv_sim.simulator_node import SimulatorNode

from tactile_equiv.bag_writer import BagWriter
from tactile_equiv.hand_node import HandNode
from tactile_equiv.perception_node import PerceptionNode
from tactile_equiv.record_command import INPUTS, OUTPUTS
from tactile_equiv.recorder import Recorder
from tactile_equiv.share import share_directory
from tactile_equiv.view import DIAGNOSTICS, Relay
from tactile_equiv.view import OUTPUTS as VIEWED

POLICY = share_directory() / "config" / "security" / "policy.xml"
ENCLAVES = "/tactile_equiv"
KINDS = ("publish", "subscribe", "reply", "request")
Granted = dict[str, set[str]]


def granted(enclave: str) -> Granted:
    """Full names that the policy allows in an enclave, by kind of use."""
    (profile,) = ElementTree.parse(POLICY).iterfind(f".//enclave[@path='{enclave}']//profile")
    found: Granted = {kind: set() for kind in KINDS}
    for rule in profile:
        for use, word in rule.attrib.items():
            assert word == "ALLOW"
            found[use] |= {full_name(name.text or "", profile.attrib) for name in rule}
    return found


def full_name(name: str, profile: Any) -> str:
    if name.startswith("/"):
        return name
    if name.startswith("~/"):
        return f"{profile['ns']}{profile['node']}{name[1:]}"
    return profile["ns"] + name


def used(observer: Node, node: Node) -> Granted:
    """Full names that a node uses, as the graph tells; its namespace left out."""
    asked = {
        "publish": observer.get_publisher_names_and_types_by_node,
        "subscribe": observer.get_subscriber_names_and_types_by_node,
        "reply": observer.get_service_names_and_types_by_node,
        "request": observer.get_client_names_and_types_by_node,
    }
    name, space = node.get_name(), node.get_namespace()
    return {
        kind: {topic.replace(f"{space}/", "/", 1) for topic, _ in ask(name, space)}
        for kind, ask in asked.items()
    }


class Variants:
    """Starts a node in every way that changes what it uses, each in a namespace of its own."""

    def __init__(self, context: Any, model: Path, folder: Path) -> None:
        self._context = context
        self._folder = folder
        self._started_nodes = 0
        self._model = {"model_path": str(model), "backend": "torch", "device": "cpu"}

    def perception(self) -> Iterator[Node]:
        inputs = ("image", "sensor_msgs/msg/CompressedImage", "taxels")
        for kind, size, clock in zip(inputs, (0, 0, 8), (True, False, False), strict=True):
            given = {"input_type": kind, "rows": size, "cols": size, "use_sim_time": clock}
            yield self._started(PerceptionNode, {**self._model, **given})

    def hand(self) -> Iterator[Node]:
        yield self._started(HandNode, {**self._model, "hand": "simulated", "use_sim_time": True})

    def simulator(self) -> Iterator[Node]:
        yield self._made(SimulatorNode, {"script": "imperfect"})
        yield self._made(SimulatorNode, {"output": "taxels"})

    def hand_simulator(self) -> Iterator[Node]:
        yield self._made(HandSimulatorNode, {})

    def check(self) -> Iterator[Node]:
        check = self._made(ShiftCheck, {"tare_service": "tactile_perception/tare"})
        check._begin_tare()
        for topic in (*check._answers, *check._truths, *check._frame_topics):
            topic.listen(check)
        yield check

    def recorder(self) -> Iterator[Node]:
        bag = BagWriter(self._folder / "recording.mcap")
        topics = [*INPUTS, *(f"tactile_perception/{name}" for name in OUTPUTS)]
        recorder = Recorder(bag, topics, context=self._context, namespace=self._namespace())
        for topic in recorder.waiting:
            recorder._add(topic, "std_msgs/msg/String")
        yield recorder
        bag.close()

    def view(self) -> Iterator[Node]:
        class Everything:
            """A server whose browsers ask for all there is."""

            def wanted(self) -> dict[str, int]:
                return dict.fromkeys(relay._types, 1)

        space = self._namespace()
        relay = Relay(Everything(), 30.0, context=self._context, namespace=space)
        owner = f"{space}/tactile_perception"
        relay._types |= {f"{owner}/{name}": kind for name, kind in VIEWED.items()} | DIAGNOSTICS
        relay._gates[owner] = None
        relay.refresh()
        yield relay

    def _made(self, kind: type, parameters: dict[str, Any]) -> Any:
        given = [Parameter(name, value=value) for name, value in parameters.items()]
        space = self._namespace()
        return kind(context=self._context, namespace=space, parameter_overrides=given)

    def _namespace(self) -> str:
        self._started_nodes += 1
        return f"/variant{self._started_nodes}"

    def _started(self, kind: type, parameters: dict[str, Any]) -> Any:
        node = self._made(kind, parameters)
        node.start()
        return node


def test_the_policy_has_an_enclave_for_each_kind_of_node():
    paths = {enclave.attrib["path"] for enclave in ElementTree.parse(POLICY).iter("enclave")}
    kinds = [name for name in vars(Variants) if not name.startswith("_")]
    assert paths == {f"{ENCLAVES}/{name}" for name in kinds}


@pytest.mark.parametrize(
    "name", ["perception", "hand", "simulator", "hand_simulator", "check", "recorder", "view"]
)
def test_the_policy_grants_what_the_node_uses(ros_context, model_directory, tmp_path, name):
    variants = Variants(ros_context, model_directory, tmp_path)
    seen: Granted = {kind: set() for kind in KINDS}
    for node in getattr(variants, name)():
        for kind, names in used(node, node).items():
            seen[kind] |= names
        node.destroy_node()
    assert seen == granted(f"{ENCLAVES}/{name}")
