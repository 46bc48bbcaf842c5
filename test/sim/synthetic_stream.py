"""Streams of frames and answers with known faults; no ROS, no simulator."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import cv2
import numpy as np
from tactile_equiv_sim.check.records import Injected, Perceived, SeenContact, TrueContact

from tactile_equiv.contacts import energy_centroid

ROWS, COLUMNS = 24, 28
RADIUS = 2.5
PERIOD_NS, LATENCY_NS = 10_000_000, 3_000_000
CLASSES = ("ball", "ring")


@dataclass(frozen=True)
class Answer:
    """What a subject says about a frame."""

    contact_map: np.ndarray
    scores: dict[str, float]
    contacts: tuple[SeenContact, ...]


Subject = Callable[[np.ndarray], Answer]


def contact_at(row: float, column: float, label: str = "ball") -> TrueContact:
    nearest = min(row, column, ROWS - 1 - row, COLUMNS - 1 - column)
    margin = np.floor(nearest - RADIUS) + 1
    return TrueContact(row, column, 0.0, 1.0, label, bool(margin < 0), float(margin))


def pressed(contacts: Sequence[TrueContact]) -> np.ndarray:
    """Sum of round pressures, exactly the same after a shift of whole taxels."""
    frame = np.zeros((ROWS, COLUMNS))
    for contact in contacts:
        rows, columns = np.arange(ROWS) - contact.row, np.arange(COLUMNS) - contact.column
        squared = (rows[:, None] ** 2 + columns[None] ** 2) / RADIUS**2
        bump = np.clip(1 - squared, 0, None) ** 2
        frame += bump if contact.label == "ball" else 4 * bump * squared
    return frame.astype(np.float32)


def moves() -> list[tuple[str, tuple[TrueContact, ...]]]:
    """A grid, two slides in sub-taxel steps, the border, nothing, and two contacts."""
    inside_rows, inside_columns = range(2, ROWS - 2, 3), range(2, COLUMNS - 2, 2)
    steps = np.arange(40) / 4
    found = [("grid", (contact_at(r, c),)) for r in inside_rows for c in inside_columns]
    found += [("slide", (contact_at(4 + s, 5 + 1.5 * s),)) for s in steps]
    found += [("back", (contact_at(13.75 - s, 12.0, "ring"),)) for s in steps]
    found += [("across", (contact_at(10, 3 - s),)) for s in np.arange(0, 5, 0.5)]
    found += [("lift", ())] * 5
    found += [("crossing", (contact_at(6, 4 + s), contact_at(16, 22 - s))) for s in range(10)]
    return found


def script() -> list[Injected]:
    return [
        Injected(1_000_000_000 + k * PERIOD_NS, move, contacts, pressed(contacts))
        for k, (move, contacts) in enumerate(moves())
    ]


def answers(subject: Subject, injected: Sequence[Injected]) -> list[Perceived]:
    found = []
    for one in injected:
        answer = subject(one.frame)
        label = max(answer.scores, key=answer.scores.get) if answer.contacts else None
        received = one.stamp_ns + LATENCY_NS
        found.append(
            Perceived(
                one.stamp_ns, received, answer.contact_map, label, answer.scores, answer.contacts
            )
        )
    return found


def contact_map(frame: np.ndarray) -> np.ndarray:
    return np.tanh(8 * frame)


def answer_of(
    frame: np.ndarray, shown: np.ndarray | None = None, features: np.ndarray | None = None
) -> Answer:
    """The exact answer, with another contact map or other features for the class."""
    shown = contact_map(frame) if shown is None else shown
    features = frame if features is None else features
    energy = np.nan_to_num(features).astype(np.float64)
    total, squares = energy.sum(), (energy**2).sum()
    ball = np.float32(1 / (1 + np.exp(-12 * (squares / max(total, 1e-9) - 0.53))))
    scores = {"ball": float(ball), "ring": float(1 - ball)}
    return Answer(shown.astype(np.float32), scores, contacts_of(shown, frame))


def contacts_of(shown: np.ndarray, frame: np.ndarray) -> tuple[SeenContact, ...]:
    touched = (np.nan_to_num(shown) >= 0.5).astype(np.uint8)
    count, _, stats, _ = cv2.connectedComponentsWithStats(touched, connectivity=8)
    found = []
    for left, top, width, height, area in stats[1:count]:
        box = (int(top), int(left), int(top + height), int(left + width))
        clipped = top == 0 or left == 0 or box[2] == ROWS or box[3] == COLUMNS
        if area > 1:
            found.append(SeenContact(*energy_centroid(frame, box), bool(clipped)))
    return tuple(found)


def exact(frame: np.ndarray) -> Answer:
    return answer_of(frame)


def convolved(frame: np.ndarray, border: int, bias: float) -> np.ndarray:
    """Three 3x3 layers with a bias and a ReLU, padded at every layer."""
    kernel = np.array([[1, 2, 1], [2, 4, 3], [1, 2, 2]], np.float32) / 12
    for _ in range(3):
        padded = cv2.copyMakeBorder(frame, 1, 1, 1, 1, border, value=0)
        frame = np.maximum(cv2.filter2D(padded, -1, kernel) - np.float32(bias), 0)[1:-1, 1:-1]
    return frame


def zero_padded(frame: np.ndarray) -> Answer:
    """A bias lifts the background, zero padding does not."""
    features = convolved(frame, cv2.BORDER_CONSTANT, -0.1)
    return answer_of(frame, features - 0.2, features)


def circular(frame: np.ndarray) -> Answer:
    wrapped = np.pad(frame, 4, mode="wrap")
    return answer_of(frame, 2 * convolved(wrapped, cv2.BORDER_CONSTANT, 0)[4:-4, 4:-4])


def strided(frame: np.ndarray, n: int = 2) -> Answer:
    coarse = frame[::n, ::n]
    fine = np.repeat(np.repeat(coarse, n, axis=0), n, axis=1)[:ROWS, :COLUMNS]
    return answer_of(frame, contact_map(fine), coarse)


def max_pooled(frame: np.ndarray) -> Answer:
    coarse = frame.reshape(ROWS // 2, 2, COLUMNS // 2, 2).max(axis=(1, 3))
    return answer_of(frame, contact_map(np.repeat(np.repeat(coarse, 2, 0), 2, 1)), coarse)


def pooled_when_cropped(frame: np.ndarray) -> Answer:
    """An exact map, but the class comes from features cut off at the border."""
    return answer_of(frame, features=convolved(frame, cv2.BORDER_CONSTANT, 0))


def with_coordinates(frame: np.ndarray) -> Answer:
    gain = 1 + 0.03 * np.arange(COLUMNS) + 0.02 * np.arange(ROWS)[:, None]
    return answer_of(frame, np.tanh(2 * gain * frame), frame * gain)


def locally_connected(frame: np.ndarray) -> Answer:
    gain = np.random.default_rng(0).uniform(0.5, 1.5, (ROWS, COLUMNS))
    return answer_of(frame, np.tanh(2 * gain * frame), frame * gain)


def rounding(frame: np.ndarray) -> Answer:
    """What a Winograd path leaves."""
    gain = np.random.default_rng(0).uniform(1 - 4e-6, 1 + 4e-6, (ROWS, COLUMNS))
    return answer_of(frame, contact_map(frame) * gain)


def blind(frame: np.ndarray) -> Answer:
    return Answer(np.zeros((ROWS, COLUMNS), np.float32), {"ball": 1.0}, ())


def coarse_map(frame: np.ndarray) -> Answer:
    return replace(exact(frame), contact_map=contact_map(frame)[::2, ::2])


def late_map(perceived: Sequence[Perceived]) -> list[Perceived]:
    """Every answer bears the map of the frame before."""
    maps = [perceived[0].contact_map, *(one.contact_map for one in perceived[:-1])]
    return [replace(p, contact_map=m) for p, m in zip(perceived, maps, strict=True)]


def late_contacts(perceived: Sequence[Perceived]) -> list[Perceived]:
    contacts = [perceived[0].contacts, *(one.contacts for one in perceived[:-1])]
    return [replace(p, contacts=c) for p, c in zip(perceived, contacts, strict=True)]


def moved_contacts(perceived: Sequence[Perceived], errors: np.ndarray) -> list[Perceived]:
    """Contacts displaced by errors (answers, 2)."""
    found = []
    for one, (down, right) in zip(perceived, errors, strict=True):
        moved = tuple(replace(c, row=c.row + down, column=c.column + right) for c in one.contacts)
        found.append(replace(one, contacts=moved))
    return found
