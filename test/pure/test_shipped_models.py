"""The shipped models load and perceive on every engine; torch is imported only where it runs."""

import subprocess
import sys
from pathlib import Path

import cv2
import pytest

from tactile_equiv.backends import OPENCV
from tactile_equiv.model import load_model
from tactile_equiv.model_directory import CARD_FILE, PROBE_FILE, WEIGHTS_FILE, load_card
from tactile_equiv.model_list import equivariance_error, missing_from

ROOT = Path(__file__).resolve().parents[2]
MODELS = sorted((ROOT / "config" / "models").glob("*/"))

PERCEIVE = """
import sys, numpy as np
from tactile_equiv.model import load_model
from tactile_equiv.percept import perceive
from tactile_equiv.sequence_percept import perceive_sequence
model = load_model(sys.argv[1], sys.argv[2], "cpu")
card = model.card
rows, columns, spectrum = card.latency["rows"], card.latency["columns"], card.spectrum
channels = card.architecture.input_channels // (spectrum.channels if spectrum else 1)
frame = np.zeros((rows, columns, channels), np.float32)
frame[rows // 4 : rows // 2, columns // 4 : columns // 2] = 40 * card.normalisation.scale
if spectrum:
    percept = perceive_sequence(model, np.stack([frame] * spectrum.window))
else:
    percept = perceive(model, frame)
print(model.backend.name, bool(percept.pooled.any()), *model.notices)
print("torch" in sys.modules)
"""
CONSOLE = """
import sys
from tactile_equiv.console import main
print(main(sys.argv[1:]), "torch" in sys.modules)
"""


def run(program, *arguments):
    command = [sys.executable, "-c", program, *map(str, arguments)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr
    return done.stdout.splitlines()


def skip_without(engine):
    if engine == "onnxruntime":
        pytest.importorskip("onnxruntime", reason="this engine is not installed")
    if engine == "opencv" and int(cv2.__version__.split(".")[0]) < OPENCV:
        pytest.skip(f"this engine needs OpenCV {OPENCV}")


@pytest.mark.parametrize("model", MODELS, ids=lambda folder: folder.name)
@pytest.mark.parametrize("engine", ["onnxruntime", "opencv"])
def test_a_shipped_model_perceives_without_torch(engine, model):
    skip_without(engine)
    assert run(PERCEIVE, model, engine) == [f"{engine} True", "False"]


@pytest.mark.parametrize("model", MODELS, ids=lambda folder: folder.name)
def test_a_shipped_model_loads_on_torch(model):
    found = load_model(model, "torch", "cpu")
    assert found.backend.name == "torch" and not found.notices


def test_torch_is_imported_where_it_is_the_engine():
    assert run(PERCEIVE, MODELS[0], "torch") == ["torch True", "True"]


def test_the_console_measures_without_torch():
    skip_without("onnxruntime")
    lines = run(CONSOLE, "symmetry", "simulated_textures", "--rows", "9", "--cols", "9")
    assert lines[-1] == "0 False"


@pytest.mark.parametrize("model", MODELS, ids=lambda folder: folder.name)
def test_the_card_of_a_shipped_model_is_complete(model):
    card = load_card(model)
    assert card.name == model.name
    assert missing_from(card) == []
    assert {file.name for file in model.iterdir()} == {CARD_FILE, *card.sha256}
    assert sum(file.stat().st_size for file in model.iterdir()) < 1_000_000
    assert equivariance_error(card) <= 1e-6


@pytest.mark.parametrize("model", MODELS, ids=lambda folder: folder.name)
def test_a_shipped_model_holds_a_small_probe(model):
    assert PROBE_FILE in load_card(model).sha256
    assert 2 * (model / PROBE_FILE).stat().st_size < (model / WEIGHTS_FILE).stat().st_size
