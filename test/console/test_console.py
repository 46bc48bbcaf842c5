"""The console tool: train, evaluate and symmetry as a user calls them."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from tactile_equiv_sim.presses import pressed_objects
from tactile_equiv_sim.script import load_script

from tactile_equiv.console import main
from tactile_equiv.model import load_model


def write(file: Path, **arrays: Any) -> Path:
    np.savez(file, **arrays)
    return file


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    presses = pressed_objects(load_script("quick"), 18, seed=0)
    return write(
        tmp_path_factory.mktemp("data") / "presses.npz",
        frames=presses.frames,
        labels=presses.labels,
        class_names=np.array(presses.class_names),
    )


@pytest.fixture(scope="module")
def trained(data: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("models") / "shapes"
    arguments = ["train", str(data), "--out", str(out), "--steps", "8", "--batch", "8"]
    assert main([*arguments, "--position-seeds", "1", "--threads", "1", "--sensor", "made up"]) == 0
    return out


def test_train_writes_a_model_that_loads(trained: Path) -> None:
    card = load_model(trained).card
    assert card.name == "shapes" and card.sensor == "made up" and card.classes == ("ridges", "ring")
    assert card.training["command"].startswith("tactile-equiv train")
    assert card.training["settings"]["seed"] == 0
    assert 0 <= card.measured["by_position"]["mean_per_class_accuracy"] <= 1
    assert card.measured["shifts"]["pooled_drift"] <= 1e-6
    assert (trained / "weights.safetensors").stat().st_size < 1_000_000


def test_evaluate_writes_its_figures(trained: Path, data: Path, tmp_path: Path) -> None:
    file = tmp_path / "figures.json"
    assert main(["evaluate", str(trained), str(data), "--json", str(file)]) == 0
    figures = json.loads(file.read_text())
    assert figures["n"] == 36
    counted = np.sum(figures["confusion"]) + np.sum(figures["no_contact"])
    assert counted == 36 and np.shape(figures["confusion"]) == (2, 2)
    assert figures["accuracy"] == pytest.approx(np.trace(figures["confusion"]) / 36)
    assert {"accuracy", "mean_per_class_accuracy"} <= figures.keys()


def test_symmetry_measures_the_sensor_asked_for(trained: Path, tmp_path: Path) -> None:
    file = tmp_path / "shifts.json"
    arguments = ["symmetry", str(trained), "--rows", "9", "--cols", "11", "--json", str(file)]
    assert main(arguments) == 0
    figures = json.loads(file.read_text())
    assert figures["positions"] == (9 - 3 + 1) * (11 - 3 + 1)
    assert figures["class_flips"] == 0
    assert figures["turns"]["quarter_turn"]["map_error"] > 0.01  # nobody promised it


def test_a_model_of_turns_is_trained_and_measured(data: Path, tmp_path: Path) -> None:
    out = str(tmp_path / "turning")
    arguments = ["--symmetry", "c4", "--no-correlations", "--steps", "6", "--batch", "4"]
    assert main(["train", str(data), "--out", out, *arguments]) == 0
    card = load_model(out).card
    assert card.architecture.symmetry == card.training["settings"]["symmetry"] == "c4"
    assert not card.architecture.correlations
    turned = card.measured["turns"]["quarter_turn"]
    assert turned["map_error"] <= 1e-6 and turned["pooled_drift"] <= 1e-6
    assert card.measured["turns"]["mirror"]["pooled_drift"] > 1e-5
    file = tmp_path / "errors.json"
    assert main(["symmetry", out, "--rows", "9", "--cols", "7", "--json", str(file)]) == 0
    assert json.loads(file.read_text())["turns"]["quarter_turn"]["class_flips"] == 0


FRAMES = np.ones((4, 5, 6), np.uint8)
LABELS = np.array([0, 1, 0, 1])
NAMES = np.array(["one", "two"])


@pytest.mark.parametrize(
    ("arrays", "word"),
    [
        ({"frames": FRAMES, "labels": LABELS}, "lacks class_names"),
        ({"frames": FRAMES[0], "labels": LABELS, "class_names": NAMES}, "frames has shape"),
        ({"frames": FRAMES, "labels": LABELS[:3], "class_names": NAMES}, "labels has shape"),
        ({"frames": FRAMES, "labels": LABELS * 2, "class_names": NAMES}, "labels run from"),
        ({"frames": FRAMES, "labels": LABELS * 0, "class_names": NAMES}, "no frame of class two"),
    ],
)
@pytest.mark.parametrize("command", ["train", "evaluate"])
def test_wrong_data_is_one_line_and_a_code(
    command: str,
    arrays: dict[str, Any],
    word: str,
    trained: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    file = str(write(tmp_path / "wrong.npz", **arrays))
    given = ["train", file, "--out", str(tmp_path / "m")]
    code = main(given if command == "train" else ["evaluate", str(trained), file])
    said = capsys.readouterr().err.strip()
    assert code == 2
    assert len(said.splitlines()) == 1 and word in said
    assert not (tmp_path / "m").exists()


@pytest.mark.parametrize("content", [None, b"", b"not a zip"])
def test_unreadable_data_is_one_line_and_a_code(
    content: bytes | None, trained: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "unreadable.npz"
    if content is not None:
        file.write_bytes(content)
    assert main(["evaluate", str(trained), str(file)]) == 2
    said = capsys.readouterr().err.strip()
    assert len(said.splitlines()) == 1 and "cannot be read" in said


def test_a_missing_model_is_named_with_the_shipped_ones(
    data: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["evaluate", "no_such_model", str(data)]) == 2
    assert "no_such_model" in capsys.readouterr().err


def test_classes_that_the_model_does_not_know_are_named(
    trained: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = write(tmp_path / "other.npz", frames=FRAMES, labels=LABELS, class_names=NAMES)
    assert main(["evaluate", str(trained), str(file)]) == 2
    assert "one, two" in capsys.readouterr().err


@pytest.mark.parametrize(
    "arguments",
    [
        ["train", "x.npz", "--out", "m", "--steps", "0"],
        ["train", "x.npz", "--out", "m", "--validation", "1"],
        ["train", "x.npz", "--out", "m", "--scale", "nan"],
        ["train", "x.npz", "--out", "m", "--symmetry", "c8"],
        ["replay", "x.npz", "--rate", "0"],
        ["dance"],
        [],
    ],
)
def test_wrong_arguments_end_with_code_2(arguments: list[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main(arguments)
    assert ended.value.code == 2
