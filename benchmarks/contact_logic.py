"""What following contacts and watching for drift costs, beside `perceive` on the same frame.

Contacts of 4x4 on 32x32 slide to and fro by one column. "follow" is what a node does with a percept
before it publishes: hysteresis, numbers, drift of untouched frames, which is looked at in one of
several. Least times of functions timed in turns.
"""

from __future__ import annotations

from functools import partial
from itertools import cycle
from typing import Any

from perceive import frame_with
from timing import interleaved, options_of, record, table

from tactile_equiv.contact_state import ContactState, Rules
from tactile_equiv.drift import EVERY, DriftWatch
from tactile_equiv.model import Model, load_model
from tactile_equiv.model_directory import find_model
from tactile_equiv.percept import perceive

SIZE = (32, 32)
PLACES = ((3, 3), (3, 19), (14, 11), (23, 3), (23, 19))  # more than two receptive radii apart
FRAMES = EVERY * 2
RULES = {"at once": Rules(0.5, 1, 1), "3 on, 3 off": Rules(0.5, 3, 3)}


def followed(model: Model, contacts: int, rules: Rules, rounds: int) -> dict[str, float]:
    """Microseconds of following so many contacts and of perceiving them, and their ratio."""
    frames = [
        frame_with(model, SIZE, [(top, left + step, 4, 4) for top, left in PLACES[:contacts]])
        for step in (0, 1)
    ]
    percepts = [perceive(model, frame) for frame in frames]
    assert all(len(percept.contacts) == contacts for percept in percepts)
    state, watch = ContactState(), DriftWatch()
    turns = cycle(zip(percepts, frames, strict=True))

    def follow() -> None:
        for _ in range(FRAMES):
            percept, frame = next(turns)
            if not percept.contacts:
                watch.untouched(frame, None)
            state.update(percept, rules)

    times = interleaved({"follow": follow, "perceive": partial(perceive, model, frames[0])}, rounds)
    follow_us = 1e6 * float(times["follow"].min()) / FRAMES
    perceive_us = 1e6 * float(times["perceive"].min())
    return {
        "follow_us": follow_us,
        "perceive_us": perceive_us,
        "follow_over_perceive": follow_us / perceive_us,
    }


def measure(name: str, rounds: int) -> list[dict[str, Any]]:
    """All figures of one model."""
    model = load_model(find_model(name), device="cpu")
    return [
        {"contacts": contacts, "rules": text, **followed(model, contacts, rules, rounds)}
        for contacts in (0, 1, 2, len(PLACES))
        for text, rules in RULES.items()
    ]


def main() -> None:
    """Print the table."""
    options = options_of(__doc__, 60).parse_args()
    measured = measure(options.model, options.rounds)
    columns = [column.replace("_", " ") for column in measured[0]]
    print(table(columns, [list(line.values()) for line in measured]))
    record(options.json, measured)


if __name__ == "__main__":
    main()
