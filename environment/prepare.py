"""Makes the project's environment where it is missing, then runs the given command in it.

A sourced ROS 2 is used as it is (`.venv-ros` sees its packages); otherwise `.venv` gets the pinned
requirements with the ROS 2 wheels, and vision_msgs is built into it. Standard library only.
"""

import fcntl
import hashlib
import os
import platform
import shutil
import subprocess
import sys
import sysconfig
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
PINS = ROOT / "environment"
STAMP = "tactile_equiv.stamp"
UNFINISHED = "tactile_equiv.unfinished"
BOOTSTRAP_MARK = "_ROS_WHEELS_BOOTSTRAP_COMPLETE"
ENTERING = [
    "environment/prepare.py", "environment/requirements.txt", "environment/constraints.txt",
    "environment/build-requirements.txt", "setup.py", "tactile_equiv/message_package.py",
    "tactile_equiv/message_sources.py", "tactile_equiv/vision_msgs_package.py",
]  # fmt: skip
DISTRIBUTION_MODULES = {
    "torch": "torch", "numpy": "numpy", "cv2": "opencv-python-headless", "yaml": "pyyaml",
    "safetensors": "safetensors", "tqdm": "tqdm",
}  # fmt: skip
TEST_TOOLS = "hypothesis mypy pytest rosbags ruff types-PyYAML"


class SetUpError(Exception):
    """One sentence that says what is missing and what to do."""


def main(command: list[str]) -> None:
    """Prepares the environment and replaces this process by `command`; exits 1 with a sentence."""
    try:
        with locked():
            folder = prepare()
    except SetUpError as error:
        sys.exit(f"tactile_equiv: {error}")
    if command:
        run_in(folder, command)


def prepare() -> Path:
    """The environment's folder, made or brought up to date where needed."""
    sourced = os.environ.get("ROS_DISTRO") and os.environ.get("AMENT_PREFIX_PATH")
    folder = ROOT / (".venv-ros" if sourced else ".venv")
    python = distribution_python() if sourced else sys.executable
    stamp = stamp_text(python)
    if (folder / STAMP).is_file() and (folder / STAMP).read_text() == stamp:
        return folder
    if sourced:
        make_beside_distribution(folder, python)
    else:
        make_from_wheels(folder)
    (folder / STAMP).write_text(stamp)
    (folder / UNFINISHED).unlink()
    return folder


def stamp_text(python: str) -> str:
    """What an environment was made from; it is made again when this changes."""
    digest = hashlib.sha256()
    for name in ENTERING:
        digest.update((ROOT / name).read_bytes())
    distribution = os.environ.get("ROS_DISTRO", "wheels")
    base = python if distribution != "wheels" else sys.base_prefix
    return f"{ROOT}\n{base}\n{platform.python_version()}\n{distribution}\n{digest.hexdigest()}\n"


def distribution_python() -> str:
    """The interpreter that imports the sourced distribution's rclpy."""
    for name in (sys.executable, "/usr/bin/python3", "python3"):
        if shutil.which(name) and succeeds([name, "-c", "import rclpy"]):
            return name
    raise SetUpError(
        f"ROS_DISTRO is {os.environ['ROS_DISTRO']} but `import rclpy` fails in {sys.executable} "
        "and /usr/bin/python3: source its setup.bash again, or use a shell without ROS 2"
    )


def make_beside_distribution(folder: Path, python: str) -> None:
    """An environment that sees the distribution's packages and adds only this package."""
    make_venv(folder, python, True, "--system-site-packages")
    inside = str(folder / "bin" / "python")
    names = DISTRIBUTION_MODULES
    missing = [name for name in names if not succeeds([inside, "-c", f"import {name}"])]
    if not succeeds([inside, "-c", "import vision_msgs.msg"]):
        raise SetUpError(
            "the sourced ROS 2 has no vision_msgs: apt install "
            f"ros-{os.environ['ROS_DISTRO']}-vision-msgs"
        )
    if missing:
        wanted = " ".join(DISTRIBUTION_MODULES[name] for name in missing)
        raise SetUpError(
            f"the Python of the sourced ROS 2 has no {', '.join(missing)}: install with apt "
            f"(python3-torch, python3-opencv, ...) or run {folder}/bin/pip install {wanted}"
        )
    install_package(inside)


def make_from_wheels(folder: Path) -> None:
    """An environment with the pinned requirements, the ROS 2 wheels and vision_msgs."""
    check_machine()
    make_venv(folder, sys.executable, False)
    inside = str(folder / "bin" / "python")
    say("installing the pinned requirements (ROS 2 wheels, torch, ...): minutes the first time")
    pip(inside, "-r", str(PINS / "build-requirements.txt"))
    pins = ["-r", str(PINS / "requirements.txt"), "-c", str(PINS / "constraints.txt")]
    pip(inside, "--no-build-isolation", *pins)
    install_package(inside)
    say("building vision_msgs")
    if not succeeds([inside, "-m", "tactile_equiv.vision_msgs_package"], quiet=False):
        raise SetUpError("vision_msgs was not built; the reason stands above")


def check_machine() -> None:
    """Raises SetUpError before anything is downloaded if the set-up cannot end well here."""
    if sys.platform != "linux" or platform.machine() != "x86_64":
        raise SetUpError(
            f"no ROS 2 is sourced, and its wheels exist for x86_64 Linux only (this is "
            f"{platform.machine()}): install ROS 2 Jazzy, Kilted or Lyrical and source setup.bash"
        )
    missing = [name for name in ("gcc", "g++") if not shutil.which(name)]
    if missing:
        raise SetUpError(
            f"no ROS 2 is sourced, and {' and '.join(missing)}, which the set-up compiles "
            "vision_msgs with, not found on PATH: install them (Debian, Ubuntu: apt install g++)"
        )
    header = Path(sysconfig.get_path("include")) / "Python.h"
    if not header.is_file():
        raise SetUpError(
            f"{header}, which vision_msgs is compiled against, is missing: install the headers of "
            "this Python (Debian, Ubuntu: apt install python3-dev), or name another with PYTHON="
        )


def make_venv(folder: Path, python: str, keep_unfinished: bool, *options: str) -> None:
    """A virtual environment marked unfinished; a broken one is made afresh.

    So is an unfinished one, unless `keep_unfinished` (somebody may have installed into it).
    """
    inside = str(folder / "bin" / "python")
    if folder.exists() and not (folder / STAMP).is_file() and not (folder / UNFINISHED).is_file():
        raise SetUpError(f"{folder} was not made by this set-up: move it away and run again")
    finished = (folder / STAMP).is_file() or keep_unfinished
    reusable = finished and same_version(inside, python) and succeeds([inside, "-c", "import pip"])
    if folder.exists() and not reusable:
        shutil.rmtree(folder)
    folder.mkdir(exist_ok=True)
    (folder / UNFINISHED).touch()
    (folder / STAMP).unlink(missing_ok=True)
    if reusable:
        return
    say(f"making {folder} with Python {platform.python_version()}")
    if not succeeds([base_python(python), "-m", "venv", *options, str(folder)], quiet=False):
        raise SetUpError(
            f"{python} -m venv failed: install the venv module of this Python (Debian, Ubuntu: "
            "apt install python3-venv), or name another with PYTHON="
        )


def base_python(python: str) -> str:
    """The interpreter outside any virtual environment, since the one we run may be removed."""
    own = python == sys.executable
    return str(getattr(sys, "_base_executable", python)) if own else python


def same_version(one: str, other: str) -> bool:
    """Whether both interpreters start and have the same version."""
    ask = "import sys; print(sys.version)"
    answers = [
        subprocess.run([python, "-c", ask], capture_output=True, env=outside()).stdout
        for python in (one, other)
        if shutil.which(python)
    ]
    return len(answers) == 2 and answers[0] == answers[1] != b""


def install_package(python: str) -> None:
    """Installs this checkout, editable, with what is there: no downloads."""
    pip(python, "--no-deps", "--no-build-isolation", "-e", str(ROOT))


def pip(python: str, *arguments: str) -> None:
    """Runs `pip install`, showing errors only."""
    command = [python, "-m", "pip", "install", "-qq", "--no-input", "--disable-pip-version-check"]
    if not succeeds([*command, *arguments], quiet=False):
        raise SetUpError(
            f"pip install {' '.join(arguments)} failed; the reason stands above: check the network "
            "and run again"
        )


def succeeds(command: list[str], quiet: bool = True) -> bool:
    """Whether `command`, run outside the environment that this process may live in, exits 0."""
    output = subprocess.DEVNULL if quiet else sys.stderr
    done = subprocess.run(
        command, stdin=subprocess.DEVNULL, stdout=output, stderr=output, env=outside()
    )
    return done.returncode == 0


def outside() -> dict[str, str]:
    """The environment variables without those of the ROS wheels' loader of another environment."""
    variables = dict(os.environ)
    if variables.pop(BOOTSTRAP_MARK, None):
        variables.pop("LD_LIBRARY_PATH", None)
    return variables


def run_in(folder: Path, command: list[str]) -> None:
    """Replaces this process by `command`, looked up in the environment first."""
    variables = outside()
    variables["PATH"] = f"{folder / 'bin'}{os.pathsep}{variables.get('PATH', os.defpath)}"
    variables["VIRTUAL_ENV"] = str(folder)
    if not shutil.which(command[0], path=variables["PATH"]):
        sys.exit(
            f"tactile_equiv: {command[0]} is not installed beside the sourced ROS 2: "
            f"run {folder}/bin/pip install {TEST_TOOLS}"
        )
    sys.stdout.flush()
    os.execvpe(command[0], command, variables)


@contextmanager
def locked() -> Iterator[None]:
    """Only one set-up at a time in this checkout."""
    handle = os.open(PINS, os.O_RDONLY)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield
    finally:
        os.close(handle)


def say(text: str) -> None:
    """Progress, on standard error."""
    print(f"tactile_equiv: {text}", file=sys.stderr, flush=True)


if __name__ == "__main__":
    main(sys.argv[1:])
