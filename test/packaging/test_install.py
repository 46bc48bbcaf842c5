"""pip, pip -e, colcon and colcon --symlink-install: each way of installing gives the same."""

import ast
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
INQUIRY = """
import importlib.metadata, json, os
import tactile_equiv, tactile_equiv.perception_node, tactile_equiv_sim
import tactile_equiv_sim.check.verdict
from tactile_equiv.share import share_directory
from ament_index_python.packages import get_package_prefix, get_package_share_directory
prefix = get_package_prefix("tactile_equiv")
folder = os.path.join(prefix, "lib", "tactile_equiv")
print(json.dumps({
    "module": os.path.realpath(tactile_equiv.__file__),
    "simulator": os.path.realpath(tactile_equiv_sim.__file__),
    "share": str(share_directory()),
    "prefix": prefix,
    "ament_share": get_package_share_directory("tactile_equiv"),
    "version": importlib.metadata.version("tactile_equiv"),
    "executables": sorted(name for name in os.listdir(folder)
        if os.access(os.path.join(folder, name), os.X_OK)),
}))
"""


@pytest.fixture(scope="session")
def pristine(tmp_path_factory) -> Path:
    """The tree as a checkout has it, with what is new but not ignored."""
    copy = tmp_path_factory.mktemp("pristine")
    for name in tracked_files():
        target = copy / name
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(ROOT / name, target, follow_symlinks=False)
    return copy


def tracked_files() -> list[str]:
    listing = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    done = subprocess.run(listing, cwd=ROOT, capture_output=True, text=True)
    if done.returncode:
        pytest.skip("not a git checkout: the packaging tests install a copy of what git lists")
    return [name for name in done.stdout.split("\0") if name and (ROOT / name).is_file()]


@pytest.fixture
def tree(pristine, tmp_path) -> Path:
    """A copy of the tree that the test may dirty."""
    return Path(shutil.copytree(pristine, tmp_path / "tree", symlinks=True))


@pytest.fixture
def python(tmp_path) -> str:
    """Python of a fresh environment that sees the packages of this one, but not this package.

    A .pth file adds the site directories of this environment behind its own.
    """
    folder = tmp_path / "venv"
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", str(folder)], check=True)
    (site,) = folder.glob("lib/python3*/site-packages")
    paths = [path for path in sys.path if "-packages" in path]
    lines = [f"import site; site.addsitedir({path!r})" for path in paths]
    (site / "zz_parent.pth").write_text("\n".join(lines) + "\n")
    return str(folder / "bin" / "python")


def run(*command: str, folder: Path = Path("/"), ament: str = "") -> str:
    """Output of `command`, run in `folder`; the test fails with it when the command does."""
    environ = os.environ | {"AMENT_PREFIX_PATH": ament}
    done = subprocess.run(
        command, capture_output=True, text=True, env=environ, cwd=folder, timeout=300
    )
    assert done.returncode == 0, f"{' '.join(command)}\n{done.stdout}\n{done.stderr}"
    return done.stdout


def executables():
    """Names of the executables that setup.py lists."""
    for node in ast.parse((ROOT / "setup.py").read_text()).body:
        if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == "EXECUTABLES":
            return sorted(entry.split()[0] for entry in ast.literal_eval(node.value))
    raise AssertionError("setup.py assigns no EXECUTABLES")


def shared_files(folder):
    """What lies in the shared folders below `folder`, relative to it."""
    found = {path for name in ("config", "launch", "web") for path in (folder / name).rglob("*")}
    return {str(p.relative_to(folder)) for p in found if p.is_file() and p.suffix != ".pyc"}


def check(answer, tree, prefix):
    """What every way of installing owes."""
    assert Path(answer["prefix"]) == prefix
    assert answer["version"] == "0.1.0"
    assert answer["executables"] == executables()
    assert shared_files(Path(answer["ament_share"])) == shared_files(tree)
    assert shared_files(Path(answer["share"])) == shared_files(tree)


def pip_install(python, *arguments):
    offline = ["--no-deps", "--no-build-isolation", "--no-index", "--disable-pip-version-check"]
    run(sys.executable, "-m", "pip", "--python", python, "install", "-q", *offline, *arguments)


def test_a_script_for_ros2_run_goes_with_every_executable():
    scripts = sorted((ROOT / "resource" / "libexec").iterdir())
    assert [path.name for path in scripts] == executables()
    assert all(os.access(path, os.X_OK) for path in scripts)


@pytest.mark.slow
def test_pip_install(tree, python):
    pip_install(python, str(tree))
    shutil.rmtree(tree / "config")
    prefix = Path(python).parents[1]
    answer = json.loads(run(python, "-c", INQUIRY, ament=str(prefix)))
    assert Path(answer["module"]).is_relative_to(prefix)
    assert Path(answer["simulator"]).is_relative_to(prefix)
    check(answer, ROOT, prefix)
    assert Path(answer["share"]) == prefix / "share" / "tactile_equiv"
    for folder in ("bin", "lib/tactile_equiv"):
        run(str(prefix / folder / "tactile-equiv"), "--help")


@pytest.mark.slow
def test_pip_install_editable(tree, python):
    pip_install(python, "-e", str(tree))
    prefix = Path(python).parents[1]
    answer = json.loads(run(python, "-c", INQUIRY, ament=str(prefix)))
    check(answer, tree, prefix)
    run(str(prefix / "lib" / "tactile_equiv" / "tactile-equiv"), "--help")
    assert Path(answer["module"]) == tree / "tactile_equiv" / "__init__.py"
    assert Path(answer["simulator"]) == tree / "sim" / "__init__.py"
    assert Path(answer["share"]) == tree


@pytest.mark.slow
@pytest.mark.parametrize("symlink", [False, True], ids=["copied", "symlinked"])
def test_colcon_build(tree, python, tmp_path, symlink):
    pytest.importorskip("colcon_core")
    workspace = tmp_path / "workspace"
    (workspace / "src").mkdir(parents=True)
    source = tree.rename(workspace / "src" / "tactile_equiv")
    option = ["--symlink-install"] if symlink else []
    run(python, "-m", "colcon", "build", *option, folder=workspace)
    sourced = ["bash", "-c", '. install/setup.bash && exec "$@"', "bash"]
    answer = run(*sourced, python, "-c", INQUIRY, folder=workspace)
    run(
        *sourced,
        "install/tactile_equiv/lib/tactile_equiv/tactile-equiv",
        "--help",
        folder=workspace,
    )
    prefix = workspace / "install" / "tactile_equiv"
    check(json.loads(answer), source, prefix)
    configuration = prefix / "share" / "tactile_equiv" / "config" / "fastdds.xml"
    assert (configuration.resolve() == source / "config" / "fastdds.xml") is symlink
    module = Path(json.loads(answer)["module"])
    assert module.is_relative_to(source if symlink else prefix)
