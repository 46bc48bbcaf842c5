"""Where the simulator's frames come from: a shift script, or recorded presses."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, fields, replace
from pathlib import Path
from typing import Protocol

import numpy as np
from tactile_equiv_sim.imperfections import Imperfections
from tactile_equiv_sim.recorded_presses import DEAD_ZONE, contained_contacts, grid_of, moved_press
from tactile_equiv_sim.scene import SimulatedFrame
from tactile_equiv_sim.script import REST, Script, load_script
from tactile_equiv_sim.sensor import CameraGel

from tactile_equiv.dataset import load_dataset

RECORDING_RATE = 50.0  # frames per second
RECORDING_STEP = 4  # taxels between two places of a recorded press
RECORDED_CLASSES = 3  # strongest contained presses of so many classes
REST_FRAMES = 20


@dataclass(frozen=True, eq=False)
class SourceFrame:
    """The next frame: name of its move, and what the ideal sensor reads."""

    move: str
    frame: SimulatedFrame


class FrameSource(Protocol):
    """Frames with their truth.

    Attributes:
        rate_hz: frames per second.
        loop: begin again at the end.
        imperfections: of the sensor.
        encoding: of the images, "" = that of the values.
    """

    rate_hz: float
    loop: bool
    imperfections: Imperfections
    encoding: str

    def __len__(self) -> int:
        """Frames of one pass."""

    def __iter__(self) -> Iterator[SourceFrame]:
        """One pass."""

    def rest(self) -> SimulatedFrame:
        """A frame without contact."""


class ScriptSource:
    """Frames of a shift script; its mechanics are solved when it is made."""

    def __init__(self, script: Script) -> None:
        self._script = script
        self._scene = script.scene()
        self._scene.prepare(script.contacts())
        self.rate_hz = script.timing.rate_hz
        self.loop = script.timing.loop
        self.imperfections = script.imperfections
        raw = isinstance(script.sensor, CameraGel) and script.sensor.colours != "rgb"
        self.encoding = f"{script.sensor.colours}8" if raw else ""

    def __len__(self) -> int:
        return len(self._script)

    def __iter__(self) -> Iterator[SourceFrame]:
        for step in self._script:
            yield SourceFrame(step.move, self._scene.frame(step.contacts))

    def rest(self) -> SimulatedFrame:
        """A frame without contact."""
        return self._scene.frame(())


class RecordingSource:
    """Recorded presses that lie wholly inside the array, moved over it by whole taxels.

    Raises:
        DataError: if the file cannot be read, or every contact meets the border.
    """

    encoding = ""
    loop = False
    rate_hz = RECORDING_RATE

    def __init__(self, file: Path) -> None:
        dataset = load_dataset(file)
        self.imperfections = Imperfections()
        self._contacts = contained_contacts(dataset, DEAD_ZONE)[:RECORDED_CLASSES]
        self._rows, self._columns = dataset.frames.shape[1:3]
        self._kind = dataset.frames.dtype

    def __len__(self) -> int:
        places = (grid_of(c, self._rows, self._columns, RECORDING_STEP) for c in self._contacts)
        return REST_FRAMES + sum(1 for grid in places for _ in grid)

    def __iter__(self) -> Iterator[SourceFrame]:
        for _ in range(REST_FRAMES):
            yield SourceFrame(REST, self.rest())
        for contact in self._contacts:
            for row, column in grid_of(contact, self._rows, self._columns, RECORDING_STEP):
                moved = moved_press(contact, row, column, self._rows, self._columns)
                yield SourceFrame(f"recorded {contact.label}", moved)

    def rest(self) -> SimulatedFrame:
        """A frame without contact."""
        shape = self._rows, self._columns
        return SimulatedFrame(np.zeros(shape, self._kind), np.zeros(shape, bool), ())


def open_source(script: str, recording: str) -> FrameSource:
    """The source that the parameters name; a recording takes precedence.

    Raises:
        SettingsError: if the script is wrong.
        DataError: if a file cannot be read, or the recording has no press to move.
    """
    if recording:
        return RecordingSource(Path(recording))
    return ScriptSource(load_script(script))


def reseeded(imperfections: Imperfections, seed: int) -> Imperfections:
    """The same imperfections of another specimen: `seed` is added to the seed of each."""
    chosen = {one.name: getattr(imperfections, one.name) for one in fields(imperfections)}
    return replace(
        imperfections,
        **{
            name: replace(kind, seed=kind.seed + seed)
            for name, kind in chosen.items()
            if kind is not None and hasattr(kind, "seed")
        },
    )
