"""The bar that a training shows in a terminal."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager

from tqdm import tqdm

from tactile_equiv.training import Progress


@contextmanager
def training_bar(title: str, steps: int) -> Iterator[Progress]:
    """A bar of so many steps; what is given moves it on and shows the losses."""
    with tqdm(total=steps, desc=title, unit="step", file=sys.stderr) as bar:

        def progress(step: int, losses: dict[str, float]) -> None:
            bar.update()
            bar.set_postfix({name: f"{value:.3f}" for name, value in losses.items()}, refresh=False)

        yield progress
