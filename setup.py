"""Installs with pip (`pip install .`, `pip install -e .`) and with colcon (--symlink-install)."""

import sys
from pathlib import Path

from setuptools import Distribution, setup

PACKAGE = "tactile_equiv"
HERE = Path(__file__).resolve().parent

EXECUTABLES = [
    "hand_node = tactile_equiv.hand_node:main",
    "hand_simulator_node = tactile_equiv_sim.hand_simulator_node:main",
    "perception_node = tactile_equiv.perception_node:main",
    "shift_check = tactile_equiv_sim.shift_check:main",
    "simulator_node = tactile_equiv_sim.simulator_node:main",
    "tactile-equiv = tactile_equiv.console:main",
]

# The ROS wheels are an extra: they must never enter an environment that has a sourced ROS 2.
# Where cv2 comes from another distribution (apt, opencv-python), install with pip --no-deps:
# pip cannot say "any of them" and would put a second cv2 over the first.
EXTRAS = {
    "ros": ["ros-rclpy[fastrtps]~=9.1", "ros-common-interfaces~=5.5"],
    "onnx": ["onnx>=1.16", "onnxruntime>=1.18"],
    "report": ["matplotlib>=3.5"],
    "bags": ["rosbags>=0.10"],
    "view": ["foxglove-sdk>=0.20"],
    "fuzz": ["atheris>=2.3", "hypothesis>=6"],
    "test": ["hypothesis>=6", "mypy>=1.10", "pytest>=7", "ruff>=0.5", "types-PyYAML"],
}


class WithData(Distribution):
    """A distribution whose editable wheel carries data_files, which setuptools leaves out.

    Without them `pip install -e` has no ament index marker and nothing for `ros2 run`.
    """

    def has_data(self):
        """The question editable_wheel asks before it runs install_data."""
        return self.has_data_files()


def shared(*folders):
    """Pairs (folder below share/tactile_equiv, its files) for every folder given, recursively."""
    found = [folder for name in folders for folder in [HERE / name, *(HERE / name).rglob("*/")]]
    pairs = []
    for folder in sorted(folder for folder in found if folder.is_dir()):
        relative = folder.relative_to(HERE)
        files = [str(relative / path.name) for path in sorted(folder.iterdir()) if path.is_file()]
        if files and "__pycache__" not in relative.parts:
            pairs.append((f"share/{PACKAGE}/{relative}", files))
    return pairs


def libexec():
    """Scripts under lib/tactile_equiv, where `ros2 run` and launch look for executables.

    colcon makes them itself (setup.cfg); a wheel puts its console scripts into bin/ only.
    """
    if not {"bdist_wheel", "editable_wheel"} & set(sys.argv):
        return []
    scripts = [f"resource/libexec/{entry.split()[0]}" for entry in EXECUTABLES]
    return [(f"lib/{PACKAGE}", scripts)]


setup(
    name=PACKAGE,
    distclass=WithData,
    version="0.1.0",
    description="Position-independent texture class and contact map from touch, as a ROS 2 node",
    license="Apache-2.0",
    maintainer="tactile_equiv maintainers",
    maintainer_email="maintainers@tactile-equiv.example.org",
    python_requires=">=3.10",
    packages=[
        PACKAGE,
        "tactile_equiv.audit",
        "tactile_equiv.lessons",
        "tactile_equiv_sim",
        "tactile_equiv_sim.check",
        "tactile_equiv_sim.faults",
    ],
    package_dir={"tactile_equiv_sim": "sim"},
    data_files=[
        ("share/ament_index/resource_index/packages", [f"resource/{PACKAGE}"]),
        (f"share/{PACKAGE}", ["package.xml"]),
        *shared("launch", "config", "web"),
        *libexec(),
    ],
    install_requires=[
        "numpy>=1.21",
        "opencv-python-headless>=4.5",
        "pyyaml>=5.4",
        "safetensors>=0.4",
        "torch>=2.0",
        "tqdm>=4.57",
    ],
    extras_require=EXTRAS,
    entry_points={"console_scripts": EXECUTABLES},
    zip_safe=False,
)
