"""The same seed gives the same weights, whatever was drawn before."""

from pathlib import Path

import numpy as np
import pytest
import torch

from tactile_equiv.console import main
from tactile_equiv.model_directory import load_card

SHORT = ["--steps", "3", "--batch", "6", "--threads", "1"]


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """Tiny frames and tiny recordings of two classes."""
    folder, random = tmp_path_factory.mktemp("data"), np.random.default_rng(0)
    labels, names = np.arange(12) % 2, np.array(["one", "two"])
    frames = np.zeros((12, 9, 10), np.uint8)
    frames[:, 2:7, 2:7] = random.integers(40, 200, (12, 5, 5))
    np.savez(folder / "frames.npz", frames=frames, labels=labels, class_names=names)
    sequences = np.zeros((12, 5, 6, 24), np.float32)
    sequences[:, 1:4, 2:5] = random.uniform(50, 70, (12, 3, 3, 24))
    np.savez(folder / "strokes.npz", sequences=sequences, labels=labels, class_names=names)
    return {name: folder / f"{name}.npz" for name in ("frames", "strokes")}


def trained(data: Path, out: Path, *options: str) -> str:
    """Hash of the weights of a training in this process."""
    assert main(["train", str(data), "--out", str(out), *SHORT, *options]) == 0
    return load_card(out).sha256["weights.safetensors"]


@pytest.mark.parametrize("kind", ["frames", "strokes"])
def test_a_training_repeats_itself_whatever_was_drawn_before(
    kind: str, data: dict[str, Path], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    first = trained(data[kind], tmp_path / "first")
    assert f"weights SHA-256 {first}" in capsys.readouterr().out
    torch.manual_seed(123)
    np.random.seed(123)
    assert trained(data[kind], tmp_path / "again") == first
    assert trained(data[kind], tmp_path / "other", "--seed", "1") != first
