"""Global pooling: a map becomes a vector that no longer tells where the contact is."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from tactile_equiv.band_limited import band_limited_contact, fourier_shift
from tactile_equiv.frame import FloatArray
from tactile_equiv.layers import pool
from tactile_equiv.lessons.drawing import BREAKS, HOLDS
from tactile_equiv.lessons.lesson import Finding, Lesson, Table
from tactile_equiv.lessons.planes import on_skin, relative_error
from tactile_equiv.lessons.random_trunk import random_trunk

if TYPE_CHECKING:
    from matplotlib.figure import Figure

SIZE, SIDE, CHANNELS = 36, 7, 8
LOAD = 5  # peak of the contact; features reach about 1
LAYERS = RADIUS = 3
PARTS = 8  # in which a taxel is crossed

POOLINGS: dict[str, Callable[[Tensor], Tensor]] = {
    "max": lambda features: features.amax(1),
    "average": lambda features: features.mean(1),
    "sum": lambda features: features.sum(1),
    "log-sum-exp": lambda features: torch.logsumexp(features, 1),
    "root sum of squares": lambda features: torch.linalg.vector_norm(features, dim=1),
    "correlations": lambda features: pool(features[None, :, None], True)[0, 2 * len(features) :],
}
"""Features (F, cells) to a vector: (F,), correlations (F (F - 1) / 2,)."""
COLOURS = {
    "max": BREAKS,
    "average": "#2f62b5",
    "sum": HOLDS,
    "log-sum-exp": "#d99a1c",
    "root sum of squares": "#25a0a8",
    "correlations": "#7a4fa3",
}

Pooling = Callable[[Tensor], Tensor]


def _vector(pooling: Pooling, canvas: Tensor) -> NDArray[np.float32]:
    """A canvas (1, F, H', W') pooled in float64: the order of its cells leaves no trace."""
    pooled: NDArray[np.float32] = pooling(canvas[0].flatten(1).double()).float().numpy()
    return pooled


def _cropped(canvas: Tensor) -> Tensor:
    return canvas[..., RADIUS:-RADIUS, RADIUS:-RADIUS]


def _along_the_skin(contact: FloatArray, network: nn.Module) -> list[Tensor]:
    """Canvases of the contact at every column, from border to border."""
    row = (SIZE - SIDE) // 2
    return [network(on_skin(contact, row, c, SIZE, SIZE)) for c in range(SIZE - SIDE + 1)]


def _slowly(network: nn.Module) -> list[Tensor]:
    """Canvases of a band-limited contact moved by two taxels in parts of a taxel."""
    frame = on_skin(LOAD * band_limited_contact(21), 7, 7, SIZE, SIZE)
    return [
        network(torch.from_numpy(fourier_shift(frame.numpy(), 0, part / PARTS)).float())
        for part in range(2 * PARTS + 1)
    ]


def _drift(vectors: list[NDArray[np.float32]], reference: int) -> NDArray[np.float64]:
    """Distance of each vector from one of them, relative to its largest value."""
    return np.array([relative_error(v, vectors[reference]) for v in vectors])


@torch.no_grad()
def measure() -> Finding:
    """Pool the cropped and the grown map of a contact slid over the skin, by whole and part taxels.

    Also what becomes of the vector when the skin doubles, and when a second contact is added: the
    ratio of its length to that of the one contact on the one skin.
    """
    network = random_trunk((1, *LAYERS * (CHANNELS,)))
    contact = LOAD * band_limited_contact(21)[7:-7, 7:-7]  # ends abruptly
    canvases, slow = _along_the_skin(contact, network), _slowly(network)
    single = on_skin(contact, 4, 4, SIZE, SIZE)
    double = single + on_skin(contact, 22, 22, SIZE, SIZE)
    wide = on_skin(contact, 4, 4, SIZE, 2 * SIZE)
    one, two, on_wide = network(single), network(double), network(wide)
    rows, pictures = [], {}
    for name, pooling in POOLINGS.items():
        cropped = _drift([_vector(pooling, _cropped(c)) for c in canvases], len(canvases) // 2)
        grown = _drift([_vector(pooling, c) for c in canvases], len(canvases) // 2)
        parts = _drift([_vector(pooling, c) for c in slow], 0)
        length = np.linalg.norm(_vector(pooling, one))
        ratios = (float(np.linalg.norm(_vector(pooling, c)) / length) for c in (two, on_wide))
        rows.append((name, cropped.max(), grown.max(), parts.max(), *ratios))
        pictures[name] = np.concatenate([cropped, grown, parts])
    columns = ("pooling", "cropped", "grown", "parts of a taxel", "two contacts", "twice the skin")
    return Finding(Table(columns, tuple(rows)), pictures)


def draw(finding: Finding, figure: Figure) -> None:
    """Drift of the vector along the skin, cropped and grown, and within two taxels."""
    cropped, grown, parts = figure.subplots(1, 3)
    places = SIZE - SIDE + 1
    across, slowly = np.arange(places), np.arange(2 * PARTS + 1) / PARTS
    for name, drift in finding.pictures.items():
        style: dict[str, Any] = {"color": COLOURS[name], "label": name}
        if name == "average":  # lies upon the sum
            style |= {"linestyle": (0, (3, 3)), "zorder": 3}
        cropped.plot(across, drift[:places], **style)
        grown.plot(across, drift[places : 2 * places], **style)
        parts.plot(slowly, drift[2 * places :], **style)
    cropped.set_title("pooled over the cropped map")
    grown.set_title("pooled over the grown canvas")
    grown.set_ylim(cropped.get_ylim())
    parts.set_title("grown canvas, parts of a taxel")
    cropped.set_ylabel("drift of the vector")
    cropped.set_xlabel("column of the contact")
    grown.set_xlabel("column of the contact")
    parts.set_xlabel("shift, taxels")
    cropped.legend(loc="upper center", fontsize=8)


LESSON = Lesson(
    name="global_pooling",
    title="Global pooling",
    law="A maximum or a sum over the whole of an equivariant map is invariant: where the contact "
    "is, is lost. It breaks where a part of the map is cut off, and between the taxels for what "
    "looks at single values.",
    measure=measure,
    draw=draw,
)
