"""Several processes train as one does, and end together when one of them fails."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import safetensors.numpy
import torch
from torch import distributed

from tactile_equiv.console import main
from tactile_equiv.distributed_training import Share, Team, Worker, joined
from tactile_equiv.errors import TrainingError
from tactile_equiv.model_directory import load_card

ROOT = Path(__file__).resolve().parents[2]
LIMIT = 120  # seconds; a process that waits for one that has ended would reach it
OPTIONS = ["--steps", "4", "--batch", "6", "--validation", "0.2"]
TORCHRUN = [sys.executable, "-m", "torch.distributed.run", "--nproc-per-node", "2"]

GLOO = distributed.is_available() and distributed.is_gloo_available()
needs_gloo = pytest.mark.skipif(not GLOO, reason="this build of torch has no gloo")


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    random, labels = np.random.default_rng(0), np.arange(12) % 2
    frames = np.zeros((12, 9, 10), np.uint8)
    frames[:, 2:7, 2:7] = random.integers(40, 200, (12, 5, 5))
    file = tmp_path_factory.mktemp("data") / "presses.npz"
    np.savez(file, frames=frames, labels=labels, class_names=np.array(["one", "two"]))
    return file


@pytest.fixture(scope="module")
def alone(data: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("models") / "alone"
    assert main(["train", str(data), "--out", str(out), *OPTIONS]) == 0
    return out


@needs_gloo
def test_two_processes_train_what_one_trains(data: Path, alone: Path, tmp_path: Path) -> None:
    out = tmp_path / "two"
    command = ["-m", "tactile_equiv.console", "train", str(data), "--out", str(out), *OPTIONS]
    done = subprocess.run(
        [*TORCHRUN, *command], cwd=ROOT, capture_output=True, text=True, timeout=LIMIT
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.count("written to") == done.stdout.count("weights SHA-256") == 1
    one, two = load_card(alone), load_card(out)
    assert two.training["command"].startswith("torchrun --nproc-per-node 2")
    for name, loss in one.training["losses"].items():
        assert two.training["losses"][name] == pytest.approx(loss, rel=1e-4), name
    weights = (safetensors.numpy.load_file(d / "weights.safetensors") for d in (alone, out))
    for first, second in zip(*(arrays.values() for arrays in weights), strict=True):
        np.testing.assert_allclose(second, first, rtol=1e-3, atol=1e-4)


@pytest.fixture(scope="module")
def forked(data: Path, alone: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """What processes say that train alone, in twos, or in twos of which the second has a fault."""
    folder = tmp_path_factory.mktemp("forked")
    again = ["train", str(data), *OPTIONS, "--out", str(folder / "again")]
    right = ["train", str(data), *OPTIONS, "--out", str(folder / "together")]
    groups = {"alone": [again]}
    if GLOO:
        groups["in twos"] = 2 * [[*again[:-1], str(folder / "in_twos")]]
        groups["no file"] = [right, ["train", "no_such_file.npz", *right[2:]]]
        groups["other seed"] = [right, [*right, "--seed", "1"]]
    done = subprocess.run(
        [sys.executable, "-c", Path(__file__).with_name("forked.py").read_text()],
        cwd=ROOT,
        input=json.dumps(list(groups.values())),
        capture_output=True,
        text=True,
        timeout=LIMIT,
    )
    assert done.returncode == 0, done.stderr
    assert not (folder / "together").exists()
    return dict(zip(groups, json.loads(done.stdout), strict=True))


def test_a_process_of_its_own_trains_the_same_weights(forked: dict[str, Any], alone: Path) -> None:
    (again,) = forked["alone"]
    assert again["code"] == 0, again["said"]
    assert f"weights SHA-256 {load_card(alone).sha256['weights.safetensors']}" in again["said"]


@needs_gloo
def test_no_thread_that_joins_processes_outlives_the_training(forked: dict[str, Any]) -> None:
    for process in forked["in twos"]:
        assert process["code"] == 0, process["said"]
        assert not [name for name in process["threads"] if "gloo" in name]


@needs_gloo
def test_threads_that_are_left_are_seen(forked: dict[str, Any]) -> None:
    assert any("gloo" in name for name in forked["other seed"][0]["threads"])


@needs_gloo
@pytest.mark.parametrize(
    ("fault", "told"),
    [
        ("no file", ("cannot go on without the others", "no_such_file.npz")),
        ("other seed", ("other data or settings", "other data or settings")),
    ],
)
def test_a_fault_of_one_process_ends_both(
    fault: str, told: tuple[str, str], forked: dict[str, Any]
) -> None:
    for rank, (process, reason) in enumerate(zip(forked[fault], told, strict=True)):
        said = process["said"]
        assert process["code"] == 2, said
        assert f"tactile-equiv: process {rank} of 2" in said and reason in said
        assert "Traceback" not in said


def test_one_process_under_torchrun_is_one_process(
    data: Path, alone: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("WORLD_SIZE", "1")
    monkeypatch.setenv("RANK", "0")
    assert main(["train", str(data), "--out", str(tmp_path / "m"), *OPTIONS]) == 0
    found, expected = load_card(tmp_path / "m"), load_card(alone)
    assert found.sha256 == expected.sha256
    assert found.training["command"].startswith("tactile-equiv train")


class Numbered:
    """Batches whose values are their places."""

    def real(self, count: int) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
        places = torch.arange(count)
        return places, places, places

    def simulated(self, count: int) -> tuple[torch.Tensor, torch.Tensor]:
        return torch.arange(count), torch.arange(count)


def drawn(team: Team, real: int, simulated: int) -> tuple[list[int], list[int]]:
    """Places of a batch that a member of a team sees."""
    share = Share(team, Numbered())
    return share.real(real)[2].tolist(), share.simulated(simulated)[0].tolist()


def test_shares_are_equal_and_make_up_the_batch() -> None:
    shares = [drawn(Team(rank, 3), 12, 6) for rank in range(3)]
    for part, whole in zip(zip(*shares, strict=True), (12, 6), strict=True):
        assert {len(places) for places in part} == {whole // 3}
        assert sorted(place for places in part for place in places) == list(range(whole))


def test_simulated_presses_that_have_no_equal_shares_are_seen_by_all() -> None:
    assert [drawn(Team(rank, 3), 3, 4)[1] for rank in range(3)] == 3 * [[0, 1, 2, 3]]


def test_a_batch_without_equal_shares_is_refused() -> None:
    with pytest.raises(TrainingError, match=r"48 presses has no 5 equal shares.*--batch"):
        drawn(Team(0, 5), 48, 5)


def test_one_process_draws_what_it_always_drew() -> None:
    batches, network = Numbered(), torch.nn.Linear(1, 1)
    worker = Worker(Team(), network, batches)
    assert worker.losses(lambda seen, drawn_from: {"same": (seen, drawn_from)}) == {
        "same": (network, batches)
    }


def test_a_device_that_is_not_here_is_refused(
    data: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    if torch.cuda.is_available():
        pytest.skip("this machine has the device")
    out = tmp_path / "m"
    assert main(["train", str(data), "--out", str(out), "--device", "cuda", *OPTIONS]) == 2
    assert "torch sees 0" in capsys.readouterr().err
    with joined("auto") as team:
        assert team == Team()


@pytest.mark.parametrize("lacking", ["RANK", "MASTER_PORT"])
def test_an_incomplete_environment_is_told(lacking: str, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in {"WORLD_SIZE": "2", "RANK": "0", "MASTER_PORT": "1"}.items():
        monkeypatch.setenv(name, value)
    monkeypatch.delenv(lacking)
    with pytest.raises(TrainingError, match=f"{lacking} is ''.*torchrun"), joined():
        pass


def test_recordings_are_refused_in_several_processes() -> None:
    with pytest.raises(TrainingError, match="one process on the CPU"):
        Team(0, 2).require_one("strokes.npz holds recordings")
    Team().require_one("strokes.npz holds recordings")
