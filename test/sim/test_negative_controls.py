"""Every network with a mistake is failed by the check for that mistake; the exact one passes."""

import re
from pathlib import Path

import pytest
from broken_networks import BROKEN, NETWORKS, REASONS, model_of
from tactile_equiv_sim.check.measurement import measure
from tactile_equiv_sim.check.records import Injected, Perceived, SeenContact, TrueContact
from tactile_equiv_sim.check.thresholds import load_thresholds
from tactile_equiv_sim.check.verdict import exit_code, judge
from tactile_equiv_sim.script import load_script

from tactile_equiv.percept import perceive

SCRIPT = Path(__file__).parent / "controls.yaml"
LATENCY_NS = 1_000_000


@pytest.fixture(scope="module")
def script():
    return load_script(SCRIPT)


@pytest.fixture(scope="module")
def injected(script):
    scene = script.scene()
    return [injection(step, scene.frame(step.contacts)) for step in script]


def injection(step, seen):
    contacts = tuple(
        TrueContact(t.row, t.column, t.angle, t.load, t.label, t.clipped, t.margin, t.contained)
        for t in seen.truths
    )
    return Injected(round(1e9 * (1 + step.time_s)), step.move, contacts, seen.values)


def answer(model, frame):
    percept = perceive(model, frame.frame)
    texture = percept.texture
    return Perceived(
        frame.stamp_ns,
        frame.stamp_ns + LATENCY_NS,
        percept.contact_map,
        texture.name if texture else None,
        dict(zip(texture.names, texture.scores.tolist(), strict=True)) if texture else {},
        tuple(SeenContact(c.row, c.column, c.clipped) for c in percept.contacts),
    )


def findings_on(name, script, injected):
    model = model_of(name, script)
    measurements = measure(injected, [answer(model, frame) for frame in injected])
    return judge(measurements, load_thresholds())


def test_every_network_has_a_reason():
    assert set(REASONS) == set(BROKEN) == set(NETWORKS) - {"exact"}


@pytest.mark.parametrize("name", BROKEN)
def test_a_broken_network_is_failed_with_the_right_reason(name, script, injected):
    findings = findings_on(name, script, injected)
    assert exit_code(findings) == 1
    criterion, reason = REASONS[name]
    (finding,) = (one for one in findings if one.name == criterion)
    assert finding.outcome == "failed"
    assert re.search(reason, finding.sentence), finding.sentence


def test_pooling_the_cropped_map_leaves_the_map_exact(script, injected):
    findings = {one.name: one for one in findings_on("cropped_pooling", script, injected)}
    assert findings["map_shift_error"].outcome == "passed"


def test_the_exact_network_passes(script, injected):
    findings = findings_on("exact", script, injected)
    assert [one.sentence for one in findings if not one.passed] == []
    assert exit_code(findings) == 0
    judged = {one.name: one.measured for one in findings}
    assert judged["map_shift_error"] == judged["score_drift"] == judged["class_flips"] == 0
