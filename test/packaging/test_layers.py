"""Which module may import what: the algorithm never meets ROS, the package never its simulator."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PACKAGE = ROOT / "tactile_equiv"


def dotted(path):
    return ".".join(path.relative_to(PACKAGE).with_suffix("").parts)


MODULES = {dotted(path): path for path in sorted(PACKAGE.rglob("*.py"))}
ROS_MODULES = {
    "messages", "parameters", "diagnostics", "quality_of_service", "frame_input", "percept_outputs",
    "markers", "view",
    "sensing", "sensor_stream", "model_node", "node_diagnostics", "hand_node",
    "patch_stream", "hand_diagnostics",
    "tare_service", "perception_node", "node_process", "replay", "launch_nodes", "result_headers",
    "input_kind", "recorder", "record_command", "player", "replay_command",
}  # fmt: skip
BUILD_MODULES = {"message_package", "message_sources", "vision_msgs_package"}
ROS_PREFIXES = ("rclpy", "rosidl", "rcl_interfaces", "ament_index_python", "launch", "std_srvs")

LATE_MODULES = {"console", "recording_commands", "view_command"}
"""These import ROS when a command is called."""
ALGORITHM = {*MODULES} - ROS_MODULES - {"message_sources"}

BLOCKED = """
import sys
class NoRos:
    def find_spec(self, name, path=None, target=None):
        if name.startswith(("rclpy", "rosidl", "std_srvs")) or name.split(".")[0].endswith("_msgs"):
            raise ImportError(name + " was imported")
sys.meta_path.insert(0, NoRos())
import importlib
for name in sys.argv[1:]:
    importlib.import_module(name)
"""


def imported(source, inside_functions=True):
    """Dotted names that `source` imports, also inside functions unless told otherwise."""
    names = set()
    tree = ast.parse(source)
    late = set()
    if not inside_functions:
        functions = [n for n in ast.walk(tree) if isinstance(n, ast.FunctionDef)]
        late = {inner for function in functions for inner in ast.walk(function)}
    for node in set(ast.walk(tree)) - late:
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            base = "." * node.level + (node.module or "")
            names |= {f"{base}.{alias.name}" for alias in node.names}
        elif isinstance(node, ast.Call) and ast.unparse(node.func).endswith("import_module"):
            names |= {arg.value for arg in node.args[:1] if isinstance(arg, ast.Constant)}
    return names


def is_ros(name):
    top = name.split(".")[0]
    return top.startswith(ROS_PREFIXES) or top.endswith(("_msgs", "_interfaces"))


def violations(module, source):
    """What `tactile_equiv`.`module` with text `source` imports but may not."""
    wrong = {
        name
        for name in imported(source)
        if name.startswith((".", "tactile_equiv_sim")) or name.split(".")[0] == "fuzz"
    }
    if module in ROS_MODULES:
        return wrong
    for name in imported(source, inside_functions=module not in LATE_MODULES):
        parts = name.split(".")
        own = parts[1] if parts[0] == "tactile_equiv" and len(parts) > 1 else ""
        build = module in BUILD_MODULES
        if (is_ros(name) and not (build and name.startswith("rosidl"))) or own in ROS_MODULES:
            wrong.add(name)
        if own in BUILD_MODULES and not build:
            wrong.add(name)
    return wrong


@pytest.mark.parametrize("module", MODULES)
def test_module_keeps_its_layer(module):
    assert violations(module, MODULES[module].read_text()) == set()


@pytest.mark.parametrize(
    "source",
    [
        "import rclpy",
        "import rclpy.node as node",
        "from sensor_msgs.msg import Image",
        "def f():\n    from vision_msgs import msg",
        "from tactile_equiv.perception_node import main",
        "from tactile_equiv import messages",
        "import tactile_equiv.parameters",
        "import tactile_equiv_sim.demo",
        "from fuzz.law import judged",
        "from . import messages",
        "from tactile_equiv import message_package",
        "import importlib\nimportlib.import_module('rclpy')",
        "from rosidl_runtime_py.utilities import get_message",
    ],
)
def test_a_pure_module_that_breaks_the_layer_is_caught(source):
    assert violations("network", f"import numpy\n{source}\n")


def test_a_pure_module_may_import_pure_things():
    source = "import rosbags.highlevel\nfrom tactile_equiv.frame import level\nimport torch\n"
    assert violations("recordings", source) == set()


def test_ros_modules_may_import_ros_but_not_the_simulator():
    assert violations("messages", "from sensor_msgs.msg import Image\n") == set()
    assert violations("perception_node", "import tactile_equiv_sim\n") == {"tactile_equiv_sim"}


def test_the_console_may_import_ros_only_when_a_command_needs_it():
    late = "def replay():\n    import rclpy\n"
    assert violations("console", late) == set()
    assert violations("recordings", late) == {"rclpy"}
    assert violations("console", "try:\n    import rclpy\nexcept ImportError:\n    pass\n")


def test_the_algorithm_runs_where_ros_is_not_installed():
    names = [f"tactile_equiv.{name}" for name in sorted(ALGORITHM) if "__init__" not in name]
    command = [sys.executable, "-c", BLOCKED, *names]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


def test_the_block_catches_a_module_that_needs_ros():
    command = [sys.executable, "-c", BLOCKED, "tactile_equiv.messages"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    assert done.returncode != 0
    assert "was imported" in done.stderr
