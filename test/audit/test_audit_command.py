"""`tactile-equiv audit`: exit codes, files, and input that says nothing."""

import json

import numpy as np
import pytest

from tactile_equiv.console import main


@pytest.fixture
def run(capsys):
    """Run the subcommand; its exit code, output and errors."""

    def run_audit(*arguments):
        try:
            code = main(["audit", *map(str, arguments)])
        except SystemExit as stopped:  # argparse
            code = stopped.code
        return code, *capsys.readouterr()

    return run_audit


SMALL = ("--input", "1x32x32", "--seeds", "1")


def test_an_exact_network_ends_with_0_and_a_table(run):
    code, out, _ = run("networks:exact", *SMALL)
    assert code == 0
    lines = out.splitlines()
    assert lines[0] == "networks:exact, frames of 1x32x32"
    assert lines[2].split() == [
        "#", "layer", "operation", "output", "lattice", "shift", "border", "ripple", "sub-px",
        "pooled", "flips",
    ]  # fmt: skip
    assert [line.split()[:4] for line in lines[3:5]] == [
        ["1", "0", "convolution", "4x30x30"],
        ["2", "1", "gelu", "4x30x30"],
    ]
    assert "Exact: " in out


def test_a_broken_network_ends_with_1_and_says_what_helps(run):
    code, out, _ = run("networks:strided", *SMALL)
    assert code == 1
    assert "not multiples of 2" in out
    assert "what helps: dilate" in out


def test_limits_change_the_exit_code(run, tmp_path):
    assert run("networks:strided", *SMALL, "--limit", "integer=0.9")[0] == 0
    assert run("networks:exact", *SMALL, "--limit", "rotation=0.01")[0] == 1
    file = tmp_path / "limits.yaml"
    file.write_text("integer: 0.9\n")
    assert run("networks:strided", *SMALL, "--thresholds", file)[0] == 0
    assert run("networks:strided", *SMALL, "--thresholds", file, "--limit", "integer=0.001")[0] == 1


def test_files_are_written_also_when_it_fails(run, tmp_path):
    numbers, page = tmp_path / "audit.json", tmp_path / "audit.html"
    code, *_ = run("networks:max_pool", *SMALL, "--json", numbers, "--html", page)
    assert code == 1
    assert json.loads(numbers.read_text())["passed"] is False
    assert "max pooling, stride 2" in page.read_text()


def test_a_recorded_contact(run, tmp_path):
    frames = np.zeros((2, 32, 32, 1), np.uint16)
    frames[1, 4:12, 5:12] = np.random.default_rng(0).integers(200, 900, (8, 7, 1))
    np.savez(tmp_path / "press.npz", frames=frames)
    chosen = ("--frame", tmp_path / "press.npz", "--frame-index", "1")
    assert run("networks:exact", *SMALL, *chosen)[0] == 0
    assert run("networks:strided", *SMALL, *chosen)[0] == 1


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["nowhere"], "no network"),
        (["networks:missing", *SMALL], "AttributeError"),
        (["networks:exact"], "--input"),
        (["networks:exact", "--input", "32x32"], "CHANNELSxROWSxCOLUMNS"),
        (["networks:exact", "--input", "1x0x32"], "CHANNELSxROWSxCOLUMNS"),
        (["networks:exact", "--input", "1x6x32"], "too small"),
        (["networks:exact", "--input", "2x32x32"], "got 2 channels"),
        (["networks:flatten_head", "--input", "1x40x40"], "40"),
        (["networks:exact", *SMALL, "--seeds", "0"], "whole number from 1"),
        (["networks:exact", *SMALL, "--amplitude", "nan"], "finite"),
        (["networks:exact", *SMALL, "--amplitude", "1e39"], "finite"),
        (["networks:exact", *SMALL, "--amplitude", "0"], "amplitude"),
        (["networks:exact", *SMALL, "--background", "1e9"], "--amplitude"),
        (["networks:exact", *SMALL, "--amplitude", "3e38"], "NaN or infinity"),
        (["networks:nan_producer", *SMALL], "NaN or infinity"),
        (["networks:always_random", *SMALL], "random"),
        (["networks:size_changer", *SMALL], "size"),
        (["networks:constant_answer", *SMALL], "answer"),
        (["networks:exact", *SMALL, "--limit", "integer"], "name=value"),
        (["networks:exact", *SMALL, "--limit", "speed=1"], "unknown"),
        (["networks:exact", *SMALL, "--thresholds", "/nowhere.yaml"], "cannot be read"),
        (["networks:exact", *SMALL, "--frame", "/nowhere.npz"], "nowhere.npz"),
        (["networks:exact", *SMALL, "--json", "/nowhere/a.json"], "cannot be written"),
        (["networks:exact", *SMALL, "--html", "/nowhere/a.html"], "cannot be written"),
    ],
)
def test_bad_input_ends_with_2_and_one_sentence(run, arguments, said):
    code, out, err = run(*arguments)
    assert code == 2, out
    assert said in err
    assert "Traceback" not in err
    assert not out
