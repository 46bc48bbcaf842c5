"""Load a network to audit: one of our models, a torch module, a TorchScript or an ONNX file."""

from __future__ import annotations

from tactile_equiv.audit.traced import Subject
from tactile_equiv.errors import AuditError


def load_subject(
    text: str,
    input_shape: tuple[int, int, int] | None = None,
    *,
    trust_code: bool = False,
) -> Subject:
    """Load a network and try it on a frame.

    Args:
        text: a model directory or the name of a shipped model, `module:factory`, or a file
            (.onnx; TorchScript .pt, .ts).
        input_shape: (C, H, W) of the frames; needed where the network does not tell it.
        trust_code: run programs from the file: TorchScript is one.

    Raises:
        AuditError: if it cannot be loaded safely, or cannot be traced.
    """
    raise AuditError(f"{text!r} cannot be loaded")
