"""Files that hold a network, as people export them."""

import warnings

import torch

FRAME = torch.zeros(1, 1, 32, 32)


def to_onnx(module, file, *, open_size=True):
    axes = {"frames": {0: "n", 2: "rows", 3: "columns"}} if open_size else None
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        torch.onnx.export(
            module,
            (FRAME,),
            str(file),
            dynamo=False,
            opset_version=20,
            input_names=["frames"],
            dynamic_axes=axes,
        )
    return str(file)


def to_torchscript(module, file, form="traced"):
    """Traced, scripted, or scripted and frozen."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # torch 2.13 calls TorchScript deprecated
        if form == "traced":
            made = torch.jit.trace(module, FRAME, strict=False)
        else:
            made = torch.jit.script(module)
        torch.jit.save(torch.jit.freeze(made) if form == "frozen" else made, str(file))
    return str(file)
