"""What is set before rclpy is imported, and what a child in another environment does not get."""

import sys
from pathlib import Path
from xml.etree import ElementTree

import pytest

from tactile_equiv import ros_environment
from tactile_equiv.ros_environment import child_environment, prepare_ros_environment, ros_source
from tactile_equiv.share import share_directory

NAMES = ("FASTDDS_DEFAULT_PROFILES_FILE", "FASTRTPS_DEFAULT_PROFILES_FILE")
PROFILE = share_directory() / "config" / "fastdds.xml"


@pytest.fixture
def from_wheels(monkeypatch):
    monkeypatch.setattr(ros_environment, "ros_source", lambda: "wheels")
    monkeypatch.setattr(ros_environment, "profile_variable", lambda: NAMES[0])


def test_wheels_get_the_index_and_the_profile(from_wheels):
    environ = {}
    found = prepare_ros_environment(environ)
    assert (found.source, found.profile) == ("wheels", PROFILE)
    assert environ == {"AMENT_PREFIX_PATH": sys.prefix, NAMES[0]: str(PROFILE)}
    assert str(PROFILE) in str(found)


def test_preparing_twice_changes_nothing_more(from_wheels):
    environ = {}
    first = prepare_ros_environment(environ)
    before = dict(environ)
    assert prepare_ros_environment(environ) == first
    assert environ == before


def test_a_sourced_workspace_keeps_its_place(from_wheels):
    environ = {"AMENT_PREFIX_PATH": "/workspace/install"}
    prepare_ros_environment(environ)
    assert environ["AMENT_PREFIX_PATH"] == f"/workspace/install:{sys.prefix}"


@pytest.mark.parametrize("name", NAMES)
def test_the_users_profile_is_kept(from_wheels, name):
    environ = {name: "/home/user/profile.xml"}
    assert prepare_ros_environment(environ).profile is None
    assert {key: environ.get(key) for key in NAMES} == dict.fromkeys(NAMES) | {
        name: "/home/user/profile.xml"
    }


def test_another_middleware_gets_no_profile(from_wheels):
    environ = {"RMW_IMPLEMENTATION": "rmw_zenoh_cpp"}
    assert prepare_ros_environment(environ).profile is None
    assert not set(NAMES) & set(environ)


@pytest.mark.parametrize(("version", "name"), [("7.1.6", NAMES[1]), ("9.1.2", NAMES[0])])
def test_the_variable_is_the_one_that_the_wheels_read(monkeypatch, version, name):
    monkeypatch.setattr(ros_environment.importlib.metadata, "version", lambda package: version)
    assert ros_environment.profile_variable() == name


@pytest.mark.parametrize("source", ["distribution", "nowhere"])
def test_without_wheels_nothing_is_touched(monkeypatch, source):
    monkeypatch.setattr(ros_environment, "ros_source", lambda: source)
    environ = {"AMENT_PREFIX_PATH": "/opt/ros/jazzy"}
    found = prepare_ros_environment(environ)
    assert (found.source, found.profile) == (source, None)
    assert environ == {"AMENT_PREFIX_PATH": "/opt/ros/jazzy"}


def test_the_source_is_where_rclpy_lies(monkeypatch, tmp_path):
    (tmp_path / "rclpy").mkdir()
    (tmp_path / "rclpy" / "__init__.py").touch()
    monkeypatch.delitem(sys.modules, "rclpy", raising=False)
    monkeypatch.syspath_prepend(str(tmp_path))
    assert ros_source() == "distribution"
    monkeypatch.setattr(sys, "path", [])
    assert ros_source() == "nowhere"


def test_a_child_gets_neither_loader_nor_paths_of_this_prefix():
    environ = {
        "_ROS_WHEELS_BOOTSTRAP_COMPLETE": "1",
        "LD_LIBRARY_PATH": f"{sys.prefix}/lib:/usr/local/cuda/lib64",
        "PATH": f"{sys.prefix}/bin:/usr/bin",
        "AMENT_PREFIX_PATH": sys.prefix,
        "VIRTUAL_ENV": sys.prefix,
        "HOME": "/root",
        NAMES[0]: str(PROFILE),
        NAMES[1]: "/home/user/profile.xml",
    }
    assert child_environment(environ) == {
        "LD_LIBRARY_PATH": "/usr/local/cuda/lib64",
        "PATH": "/usr/bin",
        "HOME": "/root",
        NAMES[1]: "/home/user/profile.xml",
    }
    assert "_ROS_WHEELS_BOOTSTRAP_COMPLETE" in environ


def test_the_profile_says_what_the_documentation_says():
    space = {"p": "http://www.eprosima.com"}
    root = ElementTree.parse(Path(PROFILE)).getroot()
    assert root.findtext(".//p:segment_size", namespaces=space) == str(16 * 2**20)
    assert root.findtext(".//p:initialAnnouncements/p:count", namespaces=space) == "20"
    assert root.findtext(".//p:period/p:nanosec", namespaces=space) == str(50_000_000)
