"""Files of torch: what each kind holds, and which of them may be opened."""

from __future__ import annotations

import warnings
import zipfile
from pathlib import Path

import torch
from torch import nn

from tactile_equiv.errors import AuditError

FILE_LIMIT = 2**28
"""Bytes of a file, packed or unpacked."""

EXPORT_ADVICE = (
    "export it to ONNX (torch.onnx.export), or name the code that builds it as MODULE:FACTORY"
)


def load_torchscript(name: str, file: Path, trust_code: bool) -> nn.Module:
    """A TorchScript archive as a module on the CPU.

    Such an archive is a program: it may call any operator, also those that read and write files,
    and runs code of its own while it is loaded. So it is opened only for a user who trusts it.

    Raises:
        AuditError: if it is another kind of file, is not trusted, or cannot be loaded.
    """
    _require_torchscript(name, file)
    if not trust_code:
        raise AuditError(
            f"{name} is TorchScript, a program that may read and write files when it is loaded: if "
            "you know where it comes from say so (--trust-code), otherwise ask for an ONNX file"
        )
    try:
        with warnings.catch_warnings():  # torch 2.13 calls TorchScript deprecated
            warnings.simplefilter("ignore", DeprecationWarning)
            module: nn.Module = torch.jit.load(str(file), "cpu")  # type: ignore[no-untyped-call]
    except Exception as error:  # whatever the program raises
        raise AuditError(
            f"{name} cannot be loaded ({' '.join(str(error).split()):.300}): save it again with "
            "the torch that is installed here"
        ) from error
    return module


def _require_torchscript(name: str, file: Path) -> None:
    parts = _unpacked_names(name, file)
    if any(part.endswith("constants.pkl") for part in parts):
        return
    if any(part.endswith("archive_format") or "models/" in part for part in parts):
        raise AuditError(
            f"{name} is an exported program (PT2), which holds pickles that run code when they "
            f"are loaded, and is not opened: {EXPORT_ADVICE}"
        )
    raise AuditError(
        f"{name} is a pickle of torch.save (weights or a whole module), which runs any code when "
        f"it is loaded, and is never opened: {EXPORT_ADVICE}"
    )


def _unpacked_names(name: str, file: Path) -> list[str]:
    """Names of the parts of an archive, none for another file; refuses one that swells."""
    if not zipfile.is_zipfile(file):
        return []
    try:
        with zipfile.ZipFile(file) as archive:
            parts = archive.infolist()
    except (zipfile.BadZipFile, OSError, ValueError) as error:
        raise AuditError(f"{name} is a damaged archive ({error}): copy it again") from error
    size = sum(part.file_size for part in parts)
    if size > FILE_LIMIT:
        raise AuditError(f"{name} unpacks to {size} bytes: at most {FILE_LIMIT} are read")
    return [part.filename for part in parts]
