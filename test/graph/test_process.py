"""The node as a process: wrong parameters end it with one line, signals end it cleanly."""

import os
import signal
from pathlib import Path

import pytest
import yaml
from graph_client import Client, figures, image, pixels, press
from sensor_msgs.msg import Image

from tactile_equiv.shared_memory import SEGMENT, SHARED_MEMORY


@pytest.fixture
def client(ros_context):
    one = Client(ros_context)
    yield one
    one.close()


@pytest.fixture
def parameter_file(tmp_path, model_directory):
    def write(**values):
        defaults = {"model_path": str(model_directory), "backend": "torch"}
        file = tmp_path / "parameters.yaml"
        file.write_text(
            yaml.safe_dump({"tactile_perception": {"ros__parameters": defaults | values}})
        )
        return ["--params-file", str(file)]

    return write


def complaints(text):
    """The lines in which the process says why it ends."""
    return [line for line in text.splitlines() if line.startswith("perception_node: ")]


def test_a_misspelt_parameter_ends_it_with_one_line(process, parameter_file):
    node = process(*parameter_file(contact_treshold=0.4))
    assert node.wait() == 2
    (line,) = complaints(node.said)
    assert "'contact_treshold'" in line
    assert "did you mean 'contact_threshold'" in line
    assert "Traceback" not in node.said


def test_a_parameter_file_that_is_not_yaml_ends_it_with_one_line(process, tmp_path):
    file = tmp_path / "broken.yaml"
    file.write_text("tactile_perception: [")
    node = process("--params-file", str(file))
    assert node.wait() == 2
    assert len(complaints(node.said)) == 1
    assert "Traceback" not in node.said


@pytest.mark.parametrize("name", ["SIGINT", "SIGTERM"])
def test_a_signal_ends_it_cleanly(process, client, parameter_file, name):
    node = process(*parameter_file())
    client.until(lambda: client.node.count_subscribers("/image"), "the node")
    maps = client.output(Image, "contact_map")
    publisher = client.publisher()
    seconds = iter(range(1, 10_000))

    def answered():
        publisher.publish(image(press(), next(seconds)))
        return maps

    client.until(answered, "a contact map from the process")
    assert pixels(maps[0]).max() > 0.9
    node.signal(getattr(signal, name))
    assert node.wait() == 0
    assert "Traceback" not in node.said
    assert "Error" not in node.said


@pytest.mark.parametrize("name", ["SIGINT", "SIGTERM"])
def test_a_signal_while_starting_ends_it_cleanly(process, client, parameter_file, name):
    node = process(*parameter_file())
    client.until(lambda: client.node.count_publishers("/diagnostics"), "the node")
    node.signal(getattr(signal, name))
    assert node.wait() == 0
    assert "Traceback" not in node.said


def test_without_a_model_the_process_lives_and_says_why(process, client, parameter_file):
    node = process(*parameter_file(model_path="no_such_model"))
    client.until(lambda: client.statuses)
    (status,) = client.statuses[-1].status
    assert "no model 'no_such_model'" in status.message
    assert figures(status)["state"] == "unconfigured"
    node.signal(signal.SIGINT)
    assert node.wait() == 0
    assert "Traceback" not in node.said


@pytest.mark.skipif(not SHARED_MEMORY.is_dir(), reason="this system has no /dev/shm")
def test_what_a_killed_process_left_in_shared_memory_is_removed_by_the_next(
    process, client, parameter_file, tmp_path
):
    node = process(*parameter_file())
    client.until(lambda: client.node.count_publishers("/diagnostics"), "the node")
    own, other = segments_of(node.pid), segments_of(os.getpid())
    node.signal(signal.SIGKILL)
    node.wait()
    assert own and other and not own & other
    assert all(path.exists() for path in own)
    for path in own | other:
        os.utime(path, (0, 0))
    assert process(*parameter_file(contact_treshold=0.4)).wait() == 2
    assert not any(path.exists() for path in own)
    assert all(path.exists() for path in other)


def segments_of(pid):
    """Segments of Fast DDS that a process owns: it holds their locks open."""
    opened = [one.resolve() for one in Path(f"/proc/{pid}/fd").iterdir()]
    names = [lock.name.removesuffix("_el") for lock in opened if lock.parent == SHARED_MEMORY]
    return {SHARED_MEMORY / name for name in names if SEGMENT.fullmatch(name)}
