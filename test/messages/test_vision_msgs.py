"""vision_msgs as built here is the released one on the wire, and building fails cleanly."""

import json
import shutil
import subprocess
import sys
import time
from pathlib import Path

import pytest
import vision_msgs.msg as vision_msgs
from ament_index_python.packages import get_package_prefix
from rclpy.executors import SingleThreadedExecutor
from rclpy.node import Node

from tactile_equiv import vision_msgs_package
from tactile_equiv.message_package import (
    BuildError,
    build_message_package,
    builder_digest,
    find_compilers,
)
from tactile_equiv.vision_msgs_package import (
    MESSAGES,
    RELEASED_HASHES,
    installed_hashes,
    is_built_here,
    is_current,
)

LIMIT_S = 30.0


def test_installed_hashes_are_the_released_ones():
    hashes = installed_hashes(Path(get_package_prefix("vision_msgs")))
    assert {name: hashes[name] for name in RELEASED_HASHES} == RELEASED_HASHES


def test_every_listed_field_is_importable():
    for name, fields in MESSAGES.items():
        listed = [line.split()[1] for line in fields.splitlines()]
        assert list(getattr(vision_msgs, name).get_fields_and_field_types()) == listed


def test_a_message_travels_with_the_released_hash(ros_context):
    node = Node("vision_msgs_test", context=ros_context)
    executor = SingleThreadedExecutor(context=ros_context)
    executor.add_node(node)
    received = []
    node.create_subscription(vision_msgs.Detection2DArray, "contacts", received.append, 1)
    publisher = node.create_publisher(vision_msgs.Detection2DArray, "contacts", 1)
    spin_until(executor, lambda: publisher.get_subscription_count() == 1)
    sent = detections()
    publisher.publish(sent)
    spin_until(executor, lambda: bool(received))
    spin_until(executor, lambda: bool(node.get_publishers_info_by_topic("/contacts")))
    (info,) = node.get_publishers_info_by_topic("/contacts")
    value = bytes(info.topic_type_hash.value).hex()
    node.destroy_node()
    assert received == [sent]
    assert f"RIHS01_{value}" == RELEASED_HASHES["Detection2DArray"]


def test_publishing_and_subscribing_leave_no_error_set(ros_domain):
    left = errors_left("as_installed")
    assert left == {name: [False, False] for name in RELEASED_HASHES}


@pytest.mark.skipif(not is_built_here(), reason="vision_msgs came with the distribution")
def test_without_introspection_an_error_is_found(ros_domain):
    assert any(any(pair) for pair in errors_left("without_introspection").values())


def errors_left(mode):
    script = Path(__file__).with_name("errors_left.py")
    command = [sys.executable, str(script), mode, *RELEASED_HASHES]
    done = subprocess.run(command, capture_output=True, text=True, timeout=LIMIT_S)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def detections():
    hypothesis = vision_msgs.ObjectHypothesis(class_id="3", score=0.75)
    result = vision_msgs.ObjectHypothesisWithPose(hypothesis=hypothesis)
    position = vision_msgs.Point2D(x=4.25, y=-1.5)
    center = vision_msgs.Pose2D(position=position, theta=0.5)
    box = vision_msgs.BoundingBox2D(center=center, size_x=3.0, size_y=2.0)
    array = vision_msgs.Detection2DArray()
    array.header.frame_id = "skin"
    array.header.stamp.sec = 17
    for track in ("1", "2"):
        found = vision_msgs.Detection2D(header=array.header, results=[result], bbox=box, id=track)
        array.detections.append(found)
    return array


def spin_until(executor, condition):
    deadline = time.monotonic() + LIMIT_S
    while not condition():
        assert time.monotonic() < deadline, "nothing happened in time"
        executor.spin_once(timeout_sec=0.1)


def test_a_wrong_field_is_refused_and_leaves_nothing(tmp_path):
    wrong = MESSAGES | {"Classification": "ObjectHypothesis[] results\nstd_msgs/Header header\n"}
    with pytest.raises(BuildError, match=r"not be wire-identical.*Classification: RIHS01_"):
        build_message_package("vision_msgs", wrong, tmp_path, expected_hashes=RELEASED_HASHES)
    assert list(tmp_path.iterdir()) == []


def test_fields_that_do_not_parse_are_refused(tmp_path):
    with pytest.raises(BuildError, match="sample_msgs cannot be generated"):
        build_message_package("sample_msgs", {"Sample": "no_such_type field\n"}, tmp_path)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("there", [[], ["gcc"], ["g++"]])
def test_a_missing_compiler_is_named(tmp_path, monkeypatch, there):
    for name in there:
        (tmp_path / name).touch(mode=0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(BuildError) as error:
        find_compilers()
    named = str(error.value).split(" not found")[0]
    assert named == " and ".join(name for name in ("gcc", "g++") if name not in there)


def test_without_a_compiler_the_module_says_one_sentence(tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(vision_msgs_package, "is_importable", lambda: False)
    monkeypatch.setenv("PATH", str(tmp_path))
    assert vision_msgs_package.main() == 1
    said = capsys.readouterr()
    assert said.out == ""
    assert said.err.startswith("vision_msgs cannot be built: gcc and g++ not found on PATH")
    assert said.err.count("\n") == 1


def test_building_again_does_nothing(capsys):
    assert vision_msgs_package.main() == 0
    assert "there already" in capsys.readouterr().out


@pytest.mark.skipif(not is_built_here(), reason="vision_msgs came with the distribution")
@pytest.mark.parametrize("stale", ["manifest", "mark", "hash"])
def test_an_older_or_unfinished_build_is_not_current(tmp_path, stale):
    for part in ("vision_msgs", "ament_index"):
        shutil.copytree(Path(sys.prefix) / "share" / part, tmp_path / "share" / part)
    assert is_current(tmp_path)
    share = tmp_path / "share"
    if stale == "manifest":
        manifest = share / "vision_msgs" / "package.xml"
        manifest.write_text(manifest.read_text().replace(builder_digest(), ""))
    elif stale == "mark":
        (share / "ament_index" / "resource_index" / "packages" / "vision_msgs").unlink()
    else:
        (share / "vision_msgs" / "msg" / "LabelInfo.json").unlink()
    assert is_built_here(tmp_path)
    assert not is_current(tmp_path)


@pytest.mark.slow
def test_a_vendor_package_is_built_and_used(tmp_path, monkeypatch):
    messages = {
        "Taxel": "uint16 x\nuint16 y\nuint16 z\n",
        "Finger": (
            "uint8 LEFT=1\nuint8 side\nTaxel[] taxels\nuint16[4] values\n"
            "geometry_msgs/Vector3[<=2] forces\nbuiltin_interfaces/Time stamp\nstring<=8 name\n"
        ),
    }
    build_message_package("tactile_vendor_msgs", messages, tmp_path, "1.2.3")
    monkeypatch.syspath_prepend(str(next(tmp_path.glob("lib/*/site-packages"))))
    from rclpy.serialization import deserialize_message, serialize_message
    from tactile_vendor_msgs.msg import Finger, Taxel

    sent = Finger(side=Finger.LEFT, taxels=[Taxel(z=7), Taxel(x=2)], values=[1, 2, 3, 4], name="a")
    assert deserialize_message(serialize_message(sent), Finger) == sent
    marks = tmp_path / "share" / "ament_index" / "resource_index"
    assert (marks / "packages" / "tactile_vendor_msgs").is_file()
    listed = (marks / "rosidl_interfaces" / "tactile_vendor_msgs").read_text().split()
    assert listed == ["msg/Finger.msg", "msg/Taxel.msg"]
