"""The fuzzer finds what is planted: in readers of its own, and in the decoder of the package."""

import importlib.util
from pathlib import Path

import pytest
from broken_subjects import FAULTS

import fuzz.__main__ as program
from fuzz import ledger, memory, report, supervision
from fuzz.drivers import BytesRandom, Campaign
from fuzz.law import Outcome
from fuzz.supervision import Plan, run
from fuzz.watched import Watched

HERE = Path(__file__).parent
DRIVERS = ["random", "property", "coverage"]


@pytest.fixture
def planted(monkeypatch, tmp_path):
    """Runs a campaign on the reader with a fault, in a process of its own."""
    monkeypatch.setenv("PYTHONPATH", str(HERE), prepend=":")

    def campaign(fault, driver="random", count=200):
        monkeypatch.setenv("PLANTED_FAULT", fault)
        return run(Plan("planted", "broken_subjects:broken", driver, count), tmp_path)

    return campaign


@pytest.mark.parametrize("fault", list(FAULTS))
def test_a_planted_fault_is_found(fault, planted, monkeypatch):
    if fault == "wait_for_ever":
        monkeypatch.setattr(supervision, "IDLE_S", 2.0)
    found = report.findings([planted(fault, count=1500 if fault == "leak" else 200)])
    assert {finding["kind"] for finding in found} == {FAULTS[fault][1]}


@pytest.mark.parametrize("driver", DRIVERS)
def test_every_driver_finds_a_crash_and_a_dead_process(driver, planted):
    if driver == "coverage" and importlib.util.find_spec("atheris") is None:
        pytest.skip("atheris is not installed")
    for fault in ("raise_key_error", "die"):
        (finding,) = report.findings([planted(fault, driver)])
        assert finding["kind"] == "crash"


def test_the_input_that_killed_a_process_is_kept(planted, tmp_path):
    (finding,) = planted("die")["findings"]
    (kept,) = tmp_path.glob("*.bin")
    assert kept.read_bytes()[0] % 40 == 7
    assert "SIGABRT" in finding["place"]
    assert str(kept) in finding["source"]


@pytest.mark.parametrize(("factory", "code"), [("broken", 1), ("sound", 0)])
def test_the_exit_code_tells(factory, code, planted, monkeypatch, tmp_path, capsys):
    monkeypatch.setenv("PLANTED_FAULT", "answer_wrongly")
    monkeypatch.setenv("ROS_DOMAIN_ID", "1")
    monkeypatch.setenv("ROS_AUTOMATIC_DISCOVERY_RANGE", "LOCALHOST")
    plan = Plan("planted", f"broken_subjects:{factory}", "random", 300)
    monkeypatch.setattr(program, "SHORT", (plan,))
    assert program.main(["--short", "--report-dir", str(tmp_path)]) == code
    said = capsys.readouterr().out
    assert ("a map of 4x3" in said) == bool(code)
    assert ("no crash, no hang" in said) == (not code)


def test_one_input_that_takes_absurd_memory_is_found(monkeypatch):
    book = ledger.Ledger()
    monkeypatch.setattr(ledger, "peak_bytes", lambda: memory.peak_bytes() + (2 << 30))
    book.add("reader", "message", Outcome("answered", "", "", 0.0), "here")
    assert [finding.kind for finding in book.findings] == ["memory"]


def test_memory_that_only_warms_up_is_no_leak():
    warming = [(n, 10**6 + 1000 * min(n, 5)) for n in range(24)]
    assert memory.slope(warming) == 0
    assert memory.slope([(n, 1000 * n) for n in range(24)]) == pytest.approx(1000)


def test_numbers_come_from_the_bytes_and_end_in_zeros():
    random = BytesRandom(b"\x05\x00\x07")
    assert [random.getrandbits(16), random.randrange(256), random.getrandbits(32)] == [5, 7, 0]
    assert BytesRandom(b"").random() == 0


@pytest.fixture(scope="module")
def image_subject():
    """The subject that reads images as the node does."""
    pytest.importorskip("rclpy")
    from fuzz.message_subjects import message_subjects

    return next(subject for subject in message_subjects() if subject.name == "image")


def raised(frame):
    raise ZeroDivisionError


DECODERS = {
    "one row short": (lambda frame: frame._replace(values=frame.values[:-1]), "wrong"),
    "one value off": (lambda frame: frame._replace(values=frame.values + 1), "wrong"),
    "crashes": (raised, "crash"),
}


@pytest.mark.parametrize("fault", list(DECODERS))
def test_a_fault_planted_in_the_decoder_of_the_package_is_found(
    fault, image_subject, monkeypatch, tmp_path
):
    spoil, kind = DECODERS[fault]
    right = image_subject._kind
    wrong = right._replace(decode=lambda contents: spoil(right.decode(contents)))
    monkeypatch.setattr(image_subject, "_kind", wrong)
    campaign = Campaign([image_subject], Watched(tmp_path / "doing"), 0)
    campaign.at_random(150)
    assert kind in {finding.kind for finding in campaign.ledger.findings}
