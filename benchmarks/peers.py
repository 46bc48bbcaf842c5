"""What a user would pick instead, on the same frames: how long it takes and how far it drifts.

Drift is the change of the answer when the contact moves by one taxel.

Every peer runs in torch eager, one thread, with random weights: a strided CNN of this network's
widths, the same with the blur-pool layers of `kornia` and of `antialiased-cnns`, the
`antialiased-cnns` ResNet-18, and a plain ResNet-18 (He et al. 2016). Peers that are not installed
(benchmarks/requirements.txt) are left out and named.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np
import torch
from timing import interleaved, median_ms, options_of, ratio, record, table
from torch import Tensor, nn

from tactile_equiv.band_limited import band_limited_contact
from tactile_equiv.model import Model, load_model
from tactile_equiv.model_directory import find_model
from tactile_equiv.percept import perceive

SIZES = ((32, 32), (64, 64), (240, 320))
CLASSES = 22


class Residual(nn.Module):
    """Two 3x3 convolutions around a shortcut (He et al. 2016, basic block)."""

    def __init__(self, inputs: int, outputs: int, stride: int) -> None:
        super().__init__()
        self.first = nn.Conv2d(inputs, outputs, 3, stride, 1, bias=False)
        self.second = nn.Conv2d(outputs, outputs, 3, 1, 1, bias=False)
        self.norms = nn.ModuleList([nn.BatchNorm2d(outputs), nn.BatchNorm2d(outputs)])
        self.shortcut: nn.Module = nn.Identity()
        if stride > 1 or inputs != outputs:
            self.shortcut = nn.Sequential(
                nn.Conv2d(inputs, outputs, 1, stride, bias=False), nn.BatchNorm2d(outputs)
            )

    def forward(self, x: Tensor) -> Tensor:
        """(N, inputs, H, W) to (N, outputs, H / stride, W / stride)."""
        inner = self.norms[0](self.first(x)).relu()
        return (self.norms[1](self.second(inner)) + self.shortcut(x)).relu()


def resnet18(classes: int = CLASSES) -> nn.Module:
    """ResNet-18 for three-channel images (He et al. 2016)."""
    widths = (64, 64, 64, 128, 128, 256, 256, 512, 512)
    strides = (1, 1, 2, 1, 2, 1, 2, 1)
    blocks = [
        Residual(before, after, stride)
        for before, after, stride in zip(widths[:-1], widths[1:], strides, strict=True)
    ]
    stem = [nn.Conv2d(3, 64, 7, 2, 3, bias=False), nn.BatchNorm2d(64), nn.ReLU()]
    head = [nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(512, classes)]
    return nn.Sequential(*stem, nn.MaxPool2d(3, 2, 1), *blocks, *head)


def strided(channels: tuple[int, ...], down: Callable[[int], nn.Module]) -> nn.Module:
    """This network's widths with zero padding, halved after the first two layers by `down`."""
    layers: list[nn.Module] = []
    for index, (before, after) in enumerate(zip((1, *channels[:-1]), channels, strict=True)):
        layers += [nn.Conv2d(before, after, 3, padding=1), nn.ReLU()]
        if index < 2:
            layers.append(down(after))
    return nn.Sequential(
        *layers, nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(channels[-1], CLASSES)
    )


def peers(channels: tuple[int, ...]) -> tuple[dict[str, nn.Module], list[str]]:
    """The peers that are here by name, and the names of those that are not installed."""
    found: dict[str, nn.Module] = {"strided CNN": strided(channels, lambda _: nn.MaxPool2d(2))}
    missing = []
    try:
        from kornia.filters import MaxBlurPool2D

        found["kornia MaxBlurPool2D"] = strided(channels, lambda _: MaxBlurPool2D(3))
    except ImportError:
        missing.append("kornia")
    try:
        import antialiased_cnns

        found["antialiased-cnns BlurPool"] = strided(
            channels, lambda width: antialiased_cnns.BlurPool(width, filt_size=4, stride=2)
        )
        found["antialiased-cnns ResNet-18"] = antialiased_cnns.resnet18(num_classes=CLASSES)
    except ImportError:
        missing.append("antialiased-cnns")
    found["ResNet-18"] = resnet18()
    return {name: network.eval() for name, network in found.items()}, missing


def contact_in_the_middle(rows: int, columns: int) -> Tensor:
    """A contact of a third of the shorter side in the middle, (1, 1, rows, columns)."""
    side = min(rows, columns) // 3
    row, column = (rows - side) // 2, (columns - side) // 2
    frame = torch.zeros(1, 1, rows, columns)
    contact = torch.from_numpy(band_limited_contact(side))
    frame[0, 0, row : row + side, column : column + side] = contact
    return frame


def everything_touched(rows: int, columns: int) -> Tensor:
    """Pressure on every taxel, (1, 1, rows, columns)."""
    return torch.rand(1, 1, rows, columns, generator=torch.Generator().manual_seed(0))


def drift(answer: Callable[[Tensor], Any], rows: int, columns: int) -> float:
    """Change of the answer vector when a contact moves by one taxel, of its distance from rest."""
    frame = contact_in_the_middle(rows, columns)
    frames = (frame, frame.roll(1, dims=3), torch.zeros_like(frame))
    here, there, rest = (np.asarray(answer(each)) for each in frames)
    return float(np.abs(there - here).max() / np.abs(here - rest).max())


def ours(model: Model) -> dict[str, Callable[[Tensor], Any]]:
    """The whole of `perceive` on the model, as a function of a frame (1, 1, H, W)."""
    unit = 30 * model.card.normalisation.scale

    def answer(frame: Tensor) -> Any:
        return perceive(model, (frame[0, 0] * unit).numpy()).pooled

    return {f"perceive ({model.backend.name})": answer}


def measure(name: str, rounds: int) -> dict[str, Any]:
    """Records of every subject at every size, and what is left out."""
    torch.manual_seed(0)
    models = [load_model(find_model(name), engine) for engine in ("onnxruntime", "torch")]
    channels = models[0].card.architecture.channels
    networks, missing = peers(channels)
    answers: dict[str, Callable[[Tensor], Any]] = {}
    for model in models:
        answers.update(ours(model))
    for title, network in networks.items():
        colours = 3 if "ResNet" in title else 1
        answers[title] = _answer(network, colours)
    records = []
    first = next(iter(answers))
    for rows, columns in SIZES:
        one, all_over = contact_in_the_middle(rows, columns), everything_touched(rows, columns)
        able = {title: answer for title, answer in answers.items() if _answers(answer, one)}
        missing += [f"{title} at {rows}x{columns}" for title in answers if title not in able]
        touched = interleaved({t: partial(answer, one) for t, answer in able.items()}, rounds)
        full = interleaved({t: partial(answer, all_over) for t, answer in able.items()}, rounds)
        records += [
            {
                "subject": title,
                "rows": rows,
                "columns": columns,
                "contact_ms": median_ms(touched[title]),
                "contact_over_ours": ratio(touched[title], touched[first]),
                "everything_ms": median_ms(full[title]),
                "everything_over_ours": ratio(full[title], full[first]),
                "drift": drift(answer, rows, columns),
            }
            for title, answer in able.items()
        ]
    return {"records": records, "missing": missing}


def _answer(network: nn.Module, colours: int) -> Callable[[Tensor], Any]:
    @torch.inference_mode()
    def answer(frame: Tensor) -> Any:
        return network(frame.expand(-1, colours, -1, -1)).numpy()

    return answer


def _answers(answer: Callable[[Tensor], Any], frame: Tensor) -> bool:
    """False for a network that pads by reflection and halves the frame below its padding."""
    try:
        answer(frame)
    except RuntimeError:
        return False
    return True


def report(measured: dict[str, Any]) -> str:
    """The records as a table."""
    columns = ["subject", "frame", "one contact ms", "/ ours", "everything ms", "/ ours", "drift"]
    rows = [
        [
            record["subject"],
            f"{record['rows']}x{record['columns']}",
            record["contact_ms"],
            record["contact_over_ours"],
            record["everything_ms"],
            record["everything_over_ours"],
            record["drift"],
        ]
        for record in measured["records"]
    ]
    lines = [table(columns, rows)]
    if measured["missing"]:
        absent = ", ".join(measured["missing"])
        lines.append(f"left out (not installed, or the frame is too small): {absent}")
    return "\n".join(lines)


def main() -> None:
    """Print the table."""
    options = options_of(__doc__, 40).parse_args()
    torch.set_num_threads(1)
    measured = measure(options.model, options.rounds)
    print(report(measured))
    record(options.json, measured)


if __name__ == "__main__":
    main()
