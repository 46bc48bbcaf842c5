"""Model directories and exported networks that somebody tampered with, hashes and all."""

from __future__ import annotations

import hashlib
import json
import struct
import tempfile
from collections.abc import Callable
from functools import partial
from pathlib import Path
from random import Random
from typing import Any

import numpy as np
import torch

from fuzz.file_subject import Files, FileSubject
from fuzz.law import ViolationError
from fuzz.mutations import changed, edited, noise, pick
from tactile_equiv.architecture import Architecture
from tactile_equiv.audit.subjects import load_subject
from tactile_equiv.card import Card
from tactile_equiv.frame import Normalisation
from tactile_equiv.model import Model, load_model
from tactile_equiv.model_directory import CARD_FILE, ONNX_FILE, PROBE_FILE, WEIGHTS_FILE
from tactile_equiv.model_export import save_model
from tactile_equiv.network import TactileNetwork
from tactile_equiv.percept import perceive

FRAME = np.zeros((9, 11), np.float32)
FRAME[3:6, 4:8] = np.arange(12).reshape(3, 4) * 20
ENGINES = ("onnxruntime", "opencv", "torch")


def model_subjects() -> list[FileSubject]:
    """Model directories by engine, and files for the audit."""
    seed = seed_directory()
    subjects = [
        FileSubject(f"model_{engine}", partial(hostile_directory, seed), _loads_with(engine))
        for engine in ENGINES
    ]
    audited = FileSubject("audit_onnx", partial(_export, seed), _audited)
    return [*subjects, audited, FileSubject("audit_other", partial(_other, seed), _audited)]


def seed_directory() -> Files:
    """The files of a small model with every part that a model can have."""
    torch.manual_seed(0)
    sizes = Architecture(3, channels=(3, 4), dilations=(1, 2))
    network = TactileNetwork(sizes)
    card = Card("small", "none", ("a", "b", "c"), sizes, Normalisation(3, 64))
    with tempfile.TemporaryDirectory() as folder:
        save_model(folder, network, card)
        found = {path.name: path.read_bytes() for path in Path(folder).iterdir()}
    return {name: found[name] for name in (CARD_FILE, *(set(found) - {CARD_FILE}))}


def hostile_directory(seed: Files, random: Random) -> Files:
    """A model directory with something wrong; the card then names the hashes of what is there."""
    files = dict(seed)
    name = pick(random, (CARD_FILE, WEIGHTS_FILE, ONNX_FILE, PROBE_FILE))
    way = random.randrange(10)
    if way == 0:
        files.pop(name)
    elif way == 1:
        files[name] = noise(random, 300)
    elif way == 2:
        files[name] = changed(random, files[name])  # without its hash
    elif name == CARD_FILE:
        files[name] = _wrong_card(random, files[name])
    else:
        wrong = changed if name == ONNX_FILE else pick(random, (changed, _wrong_safetensors))
        files[name] = wrong(random, files[name])
        files = _hashed_again(files, name)
    return files or {CARD_FILE: b""}


def _wrong_card(random: Random, content: bytes) -> bytes:
    if random.randrange(4) == 0:
        return changed(random, content)
    values = edited(random, json.loads(content))
    try:
        return json.dumps(values).encode("utf-8", "surrogatepass")
    except (TypeError, ValueError):  # keys that JSON has not
        return repr(values).encode("utf-8", "surrogatepass")


def _wrong_safetensors(random: Random, content: bytes) -> bytes:
    """Another header, of its right length or another."""
    (length,) = struct.unpack_from("<Q", content)
    header = edited(random, json.loads(content[8 : 8 + length]))
    written = json.dumps(header, skipkeys=True).encode("utf-8", "surrogatepass")
    told = pick(random, (len(written), len(written), random.getrandbits(64)))
    return struct.pack("<Q", told) + written + content[8 + length :]


def _hashed_again(files: Files, name: str) -> Files:
    card = json.loads(files[CARD_FILE])
    card["sha256"][name] = hashlib.sha256(files[name]).hexdigest()
    return {**files, CARD_FILE: json.dumps(card).encode()}


def _loads_with(engine: str) -> Callable[[Path], None]:
    def check(file: Path) -> None:
        model = load_model(file.parent, engine, "cpu")
        percept = perceive(model, FRAME)
        if percept.contact_map.shape != FRAME.shape:
            raise ViolationError(
                f"a frame of {FRAME.shape} has a map of {percept.contact_map.shape}"
            )
        if not np.isfinite(percept.contact_map).all():
            raise ViolationError("the map holds NaN on a frame without")
        _check_engine(file, model, percept.contact_map)

    return check


def _check_engine(file: Path, model: Model, contact_map: Any) -> None:
    """Every engine must answer what torch answers with the weights that are there."""
    if model.backend.name == "torch":
        return
    expected = perceive(load_model(file.parent, "torch", "cpu"), FRAME).contact_map
    if not np.allclose(contact_map, expected, 1e-3, 1e-3):
        raise ViolationError(f"{model.backend.name} answers other than torch")


def _export(seed: Files, random: Random) -> Files:
    return {"network.onnx": changed(random, seed[ONNX_FILE])}


def _other(seed: Files, random: Random) -> Files:
    """Anything under any name."""
    ending = pick(random, (".onnx", ".pt", ".pth", ".pt2", ".safetensors", ".npz", ".txt", ""))
    content = pick(random, (seed[WEIGHTS_FILE], b"PK\x03\x04" + noise(random, 99), b"\x80\x02}."))
    return {f"network{ending}": pick(random, (content, changed(random, content)))}


def _audited(file: Path) -> None:
    subject = load_subject(str(file), (1, 9, 11))
    layers = subject.layers(np.zeros((1, 1, 9, 11), np.float32))
    if not any(layer.is_output for layer in layers):
        raise ViolationError("a network without outputs was accepted")
