"""A hand of five fingertips and a palm: is a batch worth it, and how is its texture to be pooled?

Times are ratios of one call for each touched patch to calls for batches of them. Textures: the same
object is pressed onto two to six patches at once, each at another place, angle and load, so that
the border cuts some; printed is how often each rule names the object.
"""

from __future__ import annotations

import argparse
import itertools
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from typing import Any

import numpy as np
from networks import engines
from tactile_equiv_sim.scene import Contact, Pose, Scene
from tactile_equiv_sim.script import Script, load_script
from tactile_equiv_sim.surface import Surface
from timing import interleaved, median_ms, ratio

from tactile_equiv.hand import PatchFrame, fused_texture, perceive_hand
from tactile_equiv.model import Model
from tactile_equiv.patch_batch import run_together
from tactile_equiv.percept import Percept
from tactile_equiv.pooling import pooled_features

TIPS, PALM = [(13, 6)] * 5, [(16, 16)]
TOUCHES = {
    "6 contacts of 6 x 5": [(6, 5)] * 6,
    "5 tips and palm, all touched": TIPS + PALM,
    "5 tips, all touched": TIPS,
    "2 contacts of 6 x 5": [(6, 5)] * 2,
}
LOADS = (1.0, 4.0)


class OneByOne:
    """An engine as if it had no batches."""

    def __init__(self, backend: Any) -> None:
        self.run = backend.run


def batch_ratios(models: dict[str, Model], rounds: int) -> None:
    """Print how many times as long single calls take."""
    random = np.random.default_rng(0)
    for name, model in models.items():
        radius = model.card.architecture.radius
        for what, sizes in TOUCHES.items():
            frames = [random.uniform(0, 3, (1, *size)).astype(np.float32) for size in sizes]
            together = partial(run_together, model.backend, radius, frames)
            alone = partial(run_together, OneByOne(model.backend), radius, frames)
            times = interleaved({"together": together, "alone": alone}, rounds)
            saved, median = ratio(times["alone"], times["together"]), median_ms(times["together"])
            print(f"{name:12} {what:30} single calls / batches {saved:.2f}  ({median:.2f} ms)")


def rules(model: Model, percepts: Sequence[Percept]) -> dict[str, int]:
    """The class that each rule names, by the name of the rule."""
    features = model.card.architecture.channels[-1]
    pooled = np.array([one.pooled for one in percepts], np.float64)  # (n, 2F)
    sums = np.stack([pooled[:, :features], pooled[:, features:] ** 2])  # (2, n, F)
    textures = [one.texture for one in percepts if one.texture is not None]
    scores = np.array([texture.scores for texture in textures])  # (n, K)
    loads = [one.pressure.sum() for one in percepts]
    fused = fused_texture(textures)
    assert fused is not None
    return {
        "mean of scores": fused.index,
        "sum of log scores": int(np.log(scores + 1e-12).sum(0).argmax()),
        "surest patch": int(scores[scores.max(1).argmax()].argmax()),
        "largest load": int(scores[int(np.argmax(loads))].argmax()),
        "sum of pooled features": int(
            model.classifier.scores(pooled_features(sums.sum(1))).argmax()
        ),
        "mean of pooled features": int(
            model.classifier.scores(pooled_features(sums.mean(1))).argmax()
        ),
    }


def accuracies(model: Model, script: Script, trials: int, inside: bool, seed: int = 0) -> None:
    """Print the share of trials in which each rule names the object."""
    random = np.random.default_rng(seed)
    scenes = [
        Scene(replace(script.sensor, rows=rows, cols=columns), script.cover)
        for rows, columns in TIPS + PALM
    ]
    right: Counter[str] = Counter()
    patches = 0
    objects = itertools.cycle(script.objects.values())
    for surface in itertools.islice(objects, trials):
        chosen = random.choice(len(scenes), random.integers(2, 7), replace=False)
        frames = {str(k): PatchFrame(_press(scenes[k], surface, random, inside)) for k in chosen}
        felt = [p for p in perceive_hand(model, frames).patches.values() if p.texture is not None]
        wanted = model.card.classes.index(surface.texture_class)
        right.update(rule for rule, named in rules(model, felt).items() if named == wanted)
        right["one patch"] += sum(p.texture.index == wanted for p in felt if p.texture)
        patches += len(felt)
    where = "wholly inside" if inside else "anywhere"
    for rule, count in right.most_common():
        share = count / (patches if rule == "one patch" else trials)
        print(f"{where:14} {rule:26} {share:.3f}")


def _press(scene: Scene, surface: Surface, random: np.random.Generator, inside: bool) -> Any:
    sensor = scene.sensor
    while True:
        pose = Pose(
            random.uniform(0, (sensor.cols - 1) * sensor.pitch_mm),
            random.uniform(0, (sensor.rows - 1) * sensor.pitch_mm),
            random.uniform(0, 2 * np.pi),
            float(random.choice(np.linspace(*LOADS, 4))),
        )
        frame = scene.frame([Contact(surface, pose)])
        if frame.mask.any() and not (inside and frame.truths[0].clipped):
            return frame.values


def main() -> None:
    """Print both tables."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--model", default="simulated_hand")
    parser.add_argument("--script", default="hand")
    parser.add_argument("--rounds", type=int, default=40)
    parser.add_argument("--trials", type=int, default=500)
    options = parser.parse_args()
    models = engines(options.model)
    model = next(iter(models.values()))
    if model.card.architecture.correlations:
        parser.error(f"{options.model} pools correlations, which do not add up: give another model")
    batch_ratios(models, options.rounds)
    for inside in (True, False):
        script = load_script(options.script)
        accuracies(model, script, options.trials, inside)


if __name__ == "__main__":
    main()
