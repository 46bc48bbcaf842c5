"""Fixtures that start perception nodes."""

import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

sys.path.insert(0, str(Path(__file__).parent))

import vendor_messages
from graph_client import LIMIT_S, Client, Perception, Process, write_model
from hand_client import BY_TOPIC, Hand

from tactile_equiv.message_package import BuildError
from tactile_equiv.vision_msgs_package import is_built_here


@pytest.fixture(scope="session")
def model_directory(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A model of three classes for frames of one channel; read only."""
    return write_model(tmp_path_factory.mktemp("model") / "pressing")


@pytest.fixture(scope="session")
def gel_model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A model of three classes for signed frames of three channels; read only."""
    return write_model(tmp_path_factory.mktemp("gel") / "gel", input_channels=3, signed=True)


@pytest.fixture(scope="session")
def vendor(tmp_path_factory: pytest.TempPathFactory) -> dict[str, type]:
    """Messages of vendors by their name, built here."""
    try:
        return vendor_messages.build(tmp_path_factory.mktemp("vendors"))
    except BuildError as error:
        if is_built_here():
            raise
        pytest.skip(f"messages are built with the ROS 2 wheels only: {error}")


@pytest.fixture
def client(ros_context: Any) -> Iterator[Client]:
    """Publishes and listens in an executor of its own."""
    client = Client(ros_context)
    yield client
    client.close()


@pytest.fixture
def perception(ros_context: Any, model_directory: Path) -> Iterator[Callable[..., Perception]]:
    """Starts perception nodes with these parameters, by default on the session's model."""
    started: list[Perception] = []

    def start(namespace: str = "", arguments: Any = (), **parameters: Any) -> Perception:
        defaults = {"model_path": str(model_directory), "backend": "torch", "device": "cpu"}
        started.append(Perception(ros_context, defaults | parameters, namespace, arguments))
        return started[-1]

    yield start
    while started:
        started.pop().close()


@pytest.fixture
def hand(ros_context: Any, model_directory: Path, tmp_path: Path) -> Iterator[Callable[..., Hand]]:
    """Starts the node of a hand, by default of three patches with a topic each."""
    started: list[Hand] = []

    def start(description: str = BY_TOPIC, **parameters: Any) -> Hand:
        file = tmp_path / "hand.yaml"
        file.write_text(description)
        defaults = {"model_path": str(model_directory), "backend": "torch", "device": "cpu"}
        own = {"hand": str(file), "max_patch_age_s": LIMIT_S}
        started.append(Hand(ros_context, defaults | own | parameters))
        return started[-1]

    yield start
    while started:
        started.pop().close()


@pytest.fixture
def process(ros_domain: int, tmp_path: Path) -> Iterator[Callable[..., Process]]:
    """Starts `python -m tactile_equiv.perception_node --ros-args ...` in the test's domain."""
    started: list[Process] = []

    def start(*arguments: str) -> Process:
        started.append(Process(list(arguments), tmp_path / f"process{len(started)}.log"))
        return started[-1]

    yield start
    for one in started:
        one.close()
