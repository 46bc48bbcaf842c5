"""Faults on the live graph: a real node passes, nodes with defects fail; no time is judged."""

import sys
from pathlib import Path

import pytest
from tactile_equiv_sim.faults import __main__ as faults

FAULTY = Path(__file__).parent / "faulty_node.py"
FOREVER = "1e6"
SMALL = ["--rows", "12", "--cols", "16", "--within", FOREVER]
PATIENCE = 300

pytestmark = pytest.mark.slow


@pytest.fixture
def tried(ros_domain, model_directory):
    """Outcomes of faults by name."""

    def run(*names, patience=PATIENCE, **options):
        options["patience"] = patience
        given = [text for key, value in options.items() for text in (f"--{key}", str(value))]
        arguments = [*names, "--model", str(model_directory), *SMALL, *given]
        outcomes = faults.run(faults.parser().parse_args(arguments))
        return dict(zip(names, outcomes, strict=True))

    return run


@pytest.fixture
def failed(tried, tmp_path):
    """What came of a fault that met a node with a defect."""

    def run(mode, fault, patience=PATIENCE):
        node = f"{sys.executable} {FAULTY} {mode} {tmp_path / 'started'}"
        (outcome,) = tried(fault, node=node, kills=1, patience=patience).values()
        assert outcome.verdict == "FAILED"
        return outcome

    return run


def assert_passed(outcomes):
    problems = {name: one.all_problems() for name, one in outcomes.items()}
    assert problems == {name: [] for name in outcomes}
    for outcome in outcomes.values():
        assert outcome.tally.answered > 0


def test_what_is_round_the_node_breaks(tried):
    outcomes = tried(
        "driver_dies",
        "driver_stopped",
        "two_publishers",
        "deaf_listener",
        "deaf_node",
        "idle_subscriber",
        "size_changes",
        "model_broken",
    )
    assert_passed(outcomes)
    said = {name: " ".join(one.said) for name, one in outcomes.items()}
    assert "no frame for" in said["driver_dies"]
    assert "no frame for" in said["driver_stopped"]
    for name in ("fault_driver", "second_driver", "at once"):
        assert name in said["two_publishers"]
    for name in ("tactile_perception offers", "fault_bench requests"):
        assert name in said["deaf_listener"]
    for name in ("fault_driver offers", "tactile_perception requests"):
        assert name in said["deaf_node"]
    assert "changed from 12x16 to 8x21" in said["size_changes"]
    assert "8x21 but the tare was taken at 12x16" in said["size_changes"]
    assert "the running model stays" in said["model_broken"]


def test_the_node_is_killed_and_stopped(tried):
    outcomes = tried(
        "stopped", "killed", "killed_while_starting", "killed_with_a_broken_model", kills=2
    )
    assert_passed(outcomes)
    assert len(outcomes["killed"].recoveries) == 2
    assert "SHA-256" in outcomes["killed_with_a_broken_model"].said[0]


def test_frames_lost_in_silence_are_found(failed):
    problems = failed("silent", "deaf_listener").all_problems()
    assert any("frames are lost and not counted" in problem for problem in problems)


def test_wrong_answers_after_a_kill_are_found(failed):
    assert failed("stale", "killed").tally.wrong > 0


def test_a_node_that_does_not_come_back_is_found(failed):
    outcome = failed("dead", "killed", patience=10)
    assert outcome.recoveries == []
    assert "waited 10 s" in " ".join(outcome.problems) or "within 10 s" in outcome.problems[0]


def test_a_node_that_takes_a_broken_model_is_found(failed):
    assert "reload_model says" in failed("gullible", "model_broken").problems[0]
