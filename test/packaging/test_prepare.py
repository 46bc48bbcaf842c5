"""The set-up: one sentence when something is missing, seconds when it is there, recoverable."""

import importlib.util
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def prepare(tmp_path, monkeypatch):
    """environment/prepare.py as a module that works on a copy of what it reads, ROS not sourced."""
    specification = importlib.util.spec_from_file_location(
        "prepare", ROOT / "environment" / "prepare.py"
    )
    module = importlib.util.module_from_spec(specification)
    specification.loader.exec_module(module)
    for name in module.ENTERING:
        (tmp_path / name).parent.mkdir(exist_ok=True)
        shutil.copy(ROOT / name, tmp_path / name)
    monkeypatch.setattr(module, "ROOT", tmp_path)
    monkeypatch.setattr(module, "PINS", tmp_path / "environment")
    monkeypatch.delenv("ROS_DISTRO", raising=False)
    return module


@pytest.fixture
def steps(prepare, monkeypatch):
    """The commands that the set-up would have run; every one succeeds."""
    commands = []

    def succeeds(command, quiet=True):
        commands.append(command)
        if "venv" in command:
            (Path(command[-1]) / "bin").mkdir()
            (Path(command[-1]) / "bin" / "python").symlink_to(sys.executable)
        return True

    monkeypatch.setattr(prepare, "succeeds", succeeds)
    return commands


def test_the_whole_set_up_then_nothing(prepare, steps, tmp_path):
    assert prepare.prepare() == tmp_path / ".venv"
    text = [" ".join(command) for command in steps]
    assert ["-m venv" in line for line in text] == [True] + [False] * 4
    assert text[-1].endswith("-m tactile_equiv.vision_msgs_package")
    assert not (tmp_path / ".venv" / prepare.UNFINISHED).exists()
    steps.clear()
    assert prepare.prepare() == tmp_path / ".venv"
    assert steps == []


def test_changed_requirements_are_installed_into_what_is_there(prepare, steps, tmp_path):
    prepare.prepare()
    (tmp_path / "environment" / "requirements.txt").write_text("torch==0\n")
    steps.clear()
    prepare.prepare()
    assert not any("venv" in command for command in steps)
    assert any("-r" in command for command in steps)


def test_an_interrupted_set_up_starts_afresh(prepare, steps, tmp_path, monkeypatch):
    def interrupted(python, *arguments):
        raise KeyboardInterrupt

    with monkeypatch.context() as patch, pytest.raises(KeyboardInterrupt):
        patch.setattr(prepare, "pip", interrupted)
        prepare.prepare()
    (tmp_path / ".venv" / "half").touch()
    assert prepare.prepare() == tmp_path / ".venv"
    assert not (tmp_path / ".venv" / "half").exists()


def test_a_broken_environment_is_made_again(prepare, steps, tmp_path):
    prepare.prepare()
    stamp = tmp_path / ".venv" / prepare.STAMP
    stamp.write_text("of an older checkout")
    (tmp_path / ".venv" / "bin" / "python").unlink()
    prepare.prepare()
    assert stamp.read_text() == prepare.stamp_text(sys.executable)


def test_somebody_elses_environment_is_left_alone(prepare, steps, tmp_path):
    (tmp_path / ".venv").mkdir()
    with pytest.raises(prepare.SetUpError, match=r"\.venv was not made by this set-up: move it"):
        prepare.prepare()
    assert steps == []


def test_another_machine_is_told_to_source_ros(prepare, steps, tmp_path, monkeypatch):
    monkeypatch.setattr(prepare.platform, "machine", lambda: "aarch64")
    with pytest.raises(prepare.SetUpError, match="this is aarch64"):
        prepare.prepare()
    assert not (tmp_path / ".venv").exists()


@pytest.mark.parametrize("there", [[], ["gcc"], ["g++"]])
def test_a_missing_compiler_is_named_first(prepare, steps, tmp_path, monkeypatch, there):
    for name in there:
        (tmp_path / name).touch(mode=0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(prepare.SetUpError) as error:
        prepare.prepare()
    absent = " and ".join(name for name in ("gcc", "g++") if name not in there)
    assert f"sourced, and {absent}, which" in str(error.value)
    assert not (tmp_path / ".venv").exists()


def test_missing_headers_are_named_first(prepare, steps, tmp_path, monkeypatch):
    monkeypatch.setattr(prepare.sysconfig, "get_path", lambda name: str(tmp_path / "include"))
    with pytest.raises(prepare.SetUpError, match=r"include/Python\.h.*python3-dev"):
        prepare.prepare()


def test_no_network_is_one_sentence(prepare, steps, monkeypatch):
    monkeypatch.setattr(prepare, "succeeds", lambda command, quiet=True: "pip" not in command)
    with pytest.raises(prepare.SetUpError, match="check the network"):
        prepare.prepare()


def sourced(prepare, monkeypatch, *absent):
    """A shell with a distribution whose Python lacks the modules `absent`."""
    monkeypatch.setenv("ROS_DISTRO", "jazzy")
    monkeypatch.setenv("AMENT_PREFIX_PATH", "/opt/ros/jazzy")
    succeeds = prepare.succeeds

    def some_fail(command, quiet=True):
        return succeeds(command, quiet) and not any(
            command[-1] == f"import {name}" for name in absent
        )

    monkeypatch.setattr(prepare, "succeeds", some_fail)


def test_a_sourced_distribution_is_used_and_gets_no_wheels(prepare, steps, tmp_path, monkeypatch):
    sourced(prepare, monkeypatch)
    assert prepare.prepare() == tmp_path / ".venv-ros"
    pips = [command for command in steps if "install" in command]
    assert len(pips) == 1 and "--no-deps" in pips[0] and "-e" in pips[0]
    assert any("--system-site-packages" in command for command in steps)


def test_what_the_distribution_lacks_is_said_and_what_was_added_stays(
    prepare, steps, tmp_path, monkeypatch
):
    with monkeypatch.context() as patch:
        sourced(prepare, patch, "torch", "safetensors")
        with pytest.raises(prepare.SetUpError, match=r"no torch, safetensors.*pip install torch"):
            prepare.prepare()
    (tmp_path / ".venv-ros" / "added").touch()
    sourced(prepare, monkeypatch)
    assert prepare.prepare() == tmp_path / ".venv-ros"
    assert (tmp_path / ".venv-ros" / "added").exists()


@pytest.mark.parametrize(
    ("absent", "sentence"),
    [("rclpy", "`import rclpy` fails"), ("vision_msgs.msg", "apt install ros-jazzy-vision-msgs")],
)
def test_an_incomplete_distribution_is_named(prepare, steps, monkeypatch, absent, sentence):
    sourced(prepare, monkeypatch, absent)
    with pytest.raises(prepare.SetUpError, match=sentence):
        prepare.prepare()


def test_without_a_python_the_command_says_so():
    environ = os.environ | {"PYTHON": "no-such-python"}
    run = [shutil.which("sh"), str(ROOT / "environment" / "run"), "true"]
    done = subprocess.run(run, env=environ, capture_output=True, text=True)
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.startswith("tactile_equiv: found no Python 3.10 to 3.14 (looked for no-such")
    assert done.stderr.count("\n") == 1
