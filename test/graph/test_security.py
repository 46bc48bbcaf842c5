"""SROS 2: what is told to be secure never runs open; a node without a key hears and says nothing.

The ROS 2 wheels bring a Fast DDS that is built without security (docs/security.md): there nodes
refuse to start, and the test with keys is skipped with the middleware's own words.
"""

import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
import rclpy
from graph_client import BEST_EFFORT, RELIABLE, ROOT, image, press
from rclpy.executors import SingleThreadedExecutor
from rclpy.node import Node
from sensor_msgs.msg import Image
from vision_msgs.msg import Classification

from tactile_equiv.share import share_directory

POLICY = share_directory() / "config" / "security" / "policy.xml"
WITHOUT_SECURITY = "doesn't have the security libraries"
CLASSES = "tactile_perception/classification"
OPEN_STAMP, FRAMES = 7777, 20
PATIENCE_S = 240.0


@pytest.fixture
def secured(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """Security is asked for in this process and its children; the keystore, still empty."""
    keystore = tmp_path / "keystore"
    monkeypatch.setenv("ROS_SECURITY_ENABLE", "true")
    monkeypatch.setenv("ROS_SECURITY_STRATEGY", "Enforce")
    monkeypatch.setenv("ROS_SECURITY_KEYSTORE", str(keystore))
    return keystore


@pytest.mark.parametrize("strategy", ["Enforce", "Permissive"])
def test_a_node_that_cannot_be_secure_does_not_start(secured, ros_domain, monkeypatch, strategy):
    if strategy == "Permissive":
        require_wheels()
    monkeypatch.setenv("ROS_SECURITY_STRATEGY", strategy)
    (secured / "enclaves").mkdir(parents=True)
    command = [sys.executable, "-m", "tactile_equiv.perception_node"]
    ended = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=PATIENCE_S)
    assert ended.returncode == 2
    said = ended.stderr.splitlines()[-1]
    assert said.startswith("perception_node: ") and "secur" in said.lower()
    assert "Traceback" not in ended.stderr and "active" not in ended.stderr


def require_wheels() -> None:
    """With security built in, Permissive means to run open where there is no key."""
    from tactile_equiv.ros_environment import ros_source

    if ros_source() != "wheels":
        pytest.skip("Permissive runs open where the middleware has security and there is no key")


def test_a_node_without_a_key_hears_and_says_nothing(
    secured, process, monkeypatch, ros_domain, model_directory
):
    make_keys(secured)
    node = process("--enclave", "/tactile_equiv/perception", "-p", f"model_path:={model_directory}",
                   "-p", "backend:=torch", "-p", "device:=cpu")  # fmt: skip
    heard: dict[str, list[float]] = {"check": [], "open": []}
    with participant("simulator", ros_domain) as source, participant("check", ros_domain) as check:
        monkeypatch.setenv("ROS_SECURITY_ENABLE", "false")
        with participant("", ros_domain) as stranger:
            listen(check.node, heard["check"])
            listen(stranger.node, heard["open"])
            frames = source.node.create_publisher(Image, "image", BEST_EFFORT)
            false = stranger.node.create_publisher(Image, "image", BEST_EFFORT)
            for second in range(1, 3000):
                frames.publish(image(press(), second))
                false.publish(image(press(), OPEN_STAMP + second))
                for one in (source, check, stranger):
                    one.spin()
                if len(heard["check"]) >= FRAMES:
                    break
            assert len(heard["check"]) >= FRAMES, node.said
            assert max(heard["check"]) < OPEN_STAMP
            assert not heard["open"]
            assert CLASSES not in str(stranger.node.get_topic_names_and_types())


def make_keys(keystore: Path) -> None:
    """A keystore with a key for each enclave of the policy, as docs/security.md makes it."""
    ros2 = shutil.which("ros2")
    if (reason := why_not_secure(keystore)) or not ros2:
        pytest.skip(reason or "needs `ros2 security` (package sros2) to make keys")
    for arguments in (
        ["create_keystore", str(keystore)],
        ["generate_artifacts", "-k", str(keystore), "-p", str(POLICY)],
    ):
        subprocess.run([ros2, "security", *arguments], check=True)


def why_not_secure(keystore: Path) -> str:
    """What a middleware without security says, or nothing."""
    (keystore / "enclaves").mkdir(parents=True)
    context = rclpy.Context()
    try:
        rclpy.init(context=context)
        Node("asks", context=context).destroy_node()
    except Exception as error:
        said = " ".join(str(error).split())
        return said if WITHOUT_SECURITY in said else ""
    finally:
        rclpy.try_shutdown(context=context)
        shutil.rmtree(keystore)
    return ""


class Participant:
    """A node in a context of its own, with the key of an enclave or without one."""

    def __init__(self, enclave: str, domain: int) -> None:
        names = {"simulator": "tactile_simulator", "check": "shift_check"}
        given = ["--ros-args", "--enclave", f"/tactile_equiv/{enclave}"] if enclave else []
        self.context = rclpy.Context()
        rclpy.init(args=given, context=self.context, domain_id=domain)
        self.node = Node(names.get(enclave, "stranger"), context=self.context)
        self._executor = SingleThreadedExecutor(context=self.context)
        self._executor.add_node(self.node)

    def spin(self) -> None:
        """Hear what has come."""
        self._executor.spin_once(timeout_sec=0.01)

    def close(self) -> None:
        """Leave the graph."""
        self._executor.shutdown()
        self.node.destroy_node()
        rclpy.try_shutdown(context=self.context)


@contextmanager
def participant(enclave: str, domain: int) -> Iterator[Participant]:
    one = Participant(enclave, domain)
    yield one
    one.close()


def listen(node: Node, stamps: list[float]) -> None:
    """Collect the stamps of classes."""
    add: Callable[[Any], None] = lambda message: stamps.append(message.header.stamp.sec)  # noqa: E731
    node.create_subscription(Classification, CLASSES, add, RELIABLE)
