"""package.xml, setup.py, setup.cfg and the launch file agree; nothing of ROS is forced on pip."""

import ast
import re
from pathlib import Path
from xml.etree import ElementTree

import pytest

import tactile_equiv
from tactile_equiv.process_descriptions import ClosedLoop, hand_of

ROOT = Path(__file__).resolve().parents[2]
SETUP = (ROOT / "setup.py").read_text()
MANIFEST = ElementTree.parse(ROOT / "package.xml").getroot()


def argument(name):
    """The literal value of a keyword argument of setup()."""
    for node in ast.walk(ast.parse(SETUP)):
        if isinstance(node, ast.keyword) and node.arg == name:
            return ast.literal_eval(node.value)
    raise AssertionError(f"setup.py passes no {name}")


def test_one_version():
    assert argument("version") == MANIFEST.findtext("version") == tactile_equiv.__version__


def test_the_manifest_is_valid():
    package = pytest.importorskip("catkin_pkg.package")
    warnings = []
    parsed = package.parse_package(ROOT / "package.xml", warnings=warnings)
    assert warnings == []
    assert parsed.get_build_type() == "ament_python"
    assert parsed.licenses == [(ROOT / "setup.py").read_text().split('license="')[1].split('"')[0]]


def test_pip_forces_no_ros():
    required = " ".join(argument("install_requires"))
    assert not re.search(r"ros|rclpy|msgs", required)


def test_every_ros_package_that_is_imported_is_declared():
    declared = {element.text for element in MANIFEST if element.tag.endswith("depend")}
    imported = set()
    for folder in ("tactile_equiv", "sim", "launch"):
        for path in (ROOT / folder).glob("*.py"):
            for node in ast.walk(ast.parse(path.read_text())):
                names = [alias.name for alias in getattr(node, "names", [])]
                if isinstance(node, ast.ImportFrom):
                    names = [node.module or ""]
                if isinstance(node, (ast.Import, ast.ImportFrom)):
                    imported |= {name.split(".")[0] for name in names}
    ros = {name for name in imported if name.endswith(("_msgs", "_srvs", "_interfaces"))}
    ros |= imported & {"rclpy", "launch", "launch_ros", "ament_index_python", "rosidl_runtime_py"}
    assert ros <= declared


@pytest.mark.parametrize("path", sorted((ROOT / "launch").glob("*.py")), ids=lambda p: p.name)
def test_launch_files_compile(path):
    compile(path.read_text(), path.name, "exec")


@pytest.mark.parametrize("role", ["simulator", "perception", "check"])
def test_described_nodes_are_installed_executables(role):
    node = getattr(ClosedLoop(), role)
    for one in (node, hand_of(node, "simulated")):
        assert f'"{one.executable} = {one.module}:main"' in SETUP
