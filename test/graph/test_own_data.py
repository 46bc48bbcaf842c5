"""From a live sensor to a model trained on one's own recordings, and measured on other presses."""

import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from graph_client import Client, image
from rclpy.qos import QoSProfile
from sensor_msgs.msg import Image
from std_msgs.msg import String

from tactile_equiv.card import Card
from tactile_equiv.console import main
from tactile_equiv.cut_recordings import CutRecording
from tactile_equiv.dataset import load_dataset
from tactile_equiv.evaluation import evaluate
from tactile_equiv.model import assemble
from tactile_equiv.training import TrainingSettings, fitting_normalisation, train

pytest.importorskip("rosbags")
RELIABLE = QoSProfile(depth=100)
CLASSES = {"bar": (slice(3, 5), slice(2, 11)), "block": (slice(3, 7), slice(2, 6))}
PRESSES, FRAMES = 6, 3
LIMIT = 30.0


def touch(name: str, press: int) -> Any:
    """(12, 16): a bar or a block somewhere, on a sensor that rests at 20."""
    frame = np.full((12, 16), 20, np.float32)
    rows, columns = CLASSES[name]
    frame[rows, columns] += 60 + 10 * press
    return np.roll(frame, (press % 4, press % 3), (0, 1))


@pytest.fixture
def record(ros_domain: int, tmp_path: Path) -> Iterator[Callable[..., Any]]:
    """Starts `tactile-equiv record`; killed at the end."""
    started = []

    def start(path: Path) -> Any:
        options = [str(path), "--classes", ",".join(CLASSES), "--topic", "image"]
        command = [sys.executable, "-m", "tactile_equiv.console", "record", *options]
        started.append(subprocess.Popen(command, stdin=subprocess.PIPE))
        return started[-1]

    yield start
    for process in started:
        process.kill()
        process.communicate()


def press_everything(client: Client) -> None:
    """Presses of each class with rest between them, labelled over the topic of the labels."""
    frames = client.node.create_publisher(Image, "image", RELIABLE)
    labels = client.node.create_publisher(String, "tactile_label", RELIABLE)
    client.until(lambda: frames.get_subscription_count() and labels.get_subscription_count())
    rest = np.full((12, 16), 20, np.float32)
    for _ in range(10):
        frames.publish(image(rest))
    for name in CLASSES:
        labels.publish(String(data=name))
        time.sleep(0.02)  # two topics have no common order but that of time
        for press in range(PRESSES):
            for frame in [touch(name, press)] * FRAMES + [rest]:
                frames.publish(image(frame))
            time.sleep(0.02)
        labels.publish(String())
        time.sleep(0.02)


def test_record_dataset_train_evaluate(
    client: Client, record: Any, tmp_path: Path, capsys: Any
) -> None:
    recorder = record(tmp_path / "bag")
    press_everything(client)
    messages = 10 + len(CLASSES) * (PRESSES * (FRAMES + 1) + 2)
    file = tmp_path / "bag" / "bag_0.mcap"
    client.until(lambda: len(CutRecording(file)) == messages, "all messages on disk")
    recorder.send_signal(signal.SIGINT)
    assert recorder.wait(LIMIT) == 0
    data, held_out = (str(tmp_path / name) for name in ("data.npz", "test.npz"))
    split = ["--gap", "0.01", "--test", held_out, "--test-share", "0.3"]
    assert main(["dataset", str(tmp_path / "bag"), "--out", data, *split]) == 0
    told = capsys.readouterr().out
    assert told.count("bar") == told.count("block") == 2
    with np.load(data) as learned, np.load(held_out) as kept:
        assert len(learned["frames"]) + len(kept["frames"]) == 2 * PRESSES * FRAMES
        assert learned["press"].max() == PRESSES - 1 or kept["press"].max() == PRESSES - 1
        assert learned["frames"].max() == pytest.approx(110) and learned["frames"].min() == 0
    dataset = load_dataset(data)
    normalisation = fitting_normalisation(dataset)
    trained = train(dataset, normalisation, TrainingSettings(steps=4, batch=4, simulated=0))
    card = Card("own", "", dataset.class_names, trained.network.architecture, normalisation)
    result = evaluate(assemble(trained.network, card), load_dataset(held_out))
    assert sum(result.per_class) == 2 * FRAMES * round(0.3 * PRESSES)
