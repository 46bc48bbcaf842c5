"""Recordings of every kind give the same frames, without ROS."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tactile_equiv.bag_writer import BagWriter, RecordedTopic
from tactile_equiv.console import main
from tactile_equiv.errors import DataError, FrameError
from tactile_equiv.recordings import LABEL_TOPIC, LABEL_TYPE, read_recording
from tactile_equiv.settings import Settings

rosbag2 = pytest.importorskip("rosbags.rosbag2")
from rosbags.typesys import Stores, get_types_from_msg, get_typestore  # noqa: E402

FRAMES = np.random.default_rng(0).integers(0, 255, (3, 4, 5), np.uint8)
TYPES = get_typestore(Stores.ROS2_JAZZY)


def image(frame: np.ndarray[Any, Any]) -> Any:
    header = TYPES.types["std_msgs/msg/Header"](
        stamp=TYPES.types["builtin_interfaces/msg/Time"](sec=0, nanosec=0), frame_id=""
    )
    return TYPES.types["sensor_msgs/msg/Image"](
        header=header,
        height=frame.shape[0],
        width=frame.shape[1],
        encoding="mono8",
        is_bigendian=0,
        step=frame.shape[1],
        data=frame.ravel(),
    )


def numbers(frame: np.ndarray[Any, Any]) -> Any:
    layout = TYPES.types["std_msgs/msg/MultiArrayLayout"](dim=[], data_offset=0)
    return TYPES.types["std_msgs/msg/UInt16MultiArray"](
        layout=layout, data=frame.ravel().astype(np.uint16)
    )


@pytest.fixture(params=["sqlite3", "mcap"])
def bag(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    """Frames twice: as images on /skin and as arrays without layout on /numbers, 0.5 s apart."""
    path = tmp_path / "bag"
    storage = getattr(rosbag2.StoragePlugin, request.param.upper())
    with rosbag2.Writer(path, version=9, storage_plugin=storage) as writer:
        for topic, kind, convert in [
            ("/skin", "sensor_msgs/msg/Image", image),
            ("/numbers", "std_msgs/msg/UInt16MultiArray", numbers),
        ]:
            connection = writer.add_connection(topic, kind, typestore=TYPES)
            for index, frame in enumerate(FRAMES):
                raw = TYPES.serialize_cdr(convert(frame), kind)
                writer.write(connection, 10**9 + index * 500_000_000, raw)
    return path


def test_bag_images(bag: Path) -> None:
    read = list(read_recording(bag, "/skin"))
    assert np.array_equal([recorded.frame for recorded in read], FRAMES)
    assert [recorded.time for recorded in read] == [0.0, 0.5, 1.0]


def test_bag_arrays_need_their_size(bag: Path) -> None:
    read = list(read_recording(bag, "/numbers", Settings(rows=4, cols=5)))
    assert np.array_equal([recorded.frame for recorded in read], FRAMES)


def test_the_file_of_a_bag_reads_like_its_folder(bag: Path) -> None:
    file = next(path for path in bag.iterdir() if path.suffix in (".mcap", ".db3"))
    assert np.array_equal([r.frame for r in read_recording(file, "/skin")], FRAMES)


def test_several_topics_must_be_chosen_from(bag: Path) -> None:
    with pytest.raises(DataError, match="/numbers"):
        list(read_recording(bag))


SKIN = Settings(
    input_type="skin_msgs/msg/Stream", input_field="patches[].taxels[].z", rows=2, cols=3
)


@pytest.fixture
def skin_bag(tmp_path: Path) -> Path:
    """A bag of messages that no type store knows: two patches of taxels; then one is missing."""
    store = get_typestore(Stores.ROS2_JAZZY)
    fields = {
        "Taxel": "uint16 x\nuint16 z\n",
        "Patch": "string name\nTaxel[] taxels\n",
        "Stream": "std_msgs/Header header\nPatch[] patches\n",
    }
    for name, text in fields.items():
        store.register(get_types_from_msg(text, f"skin_msgs/msg/{name}"))
    taxel, patch, stream = (store.types[f"skin_msgs/msg/{name}"] for name in fields)
    time = store.types["builtin_interfaces/msg/Time"](sec=0, nanosec=0)
    header = store.types["std_msgs/msg/Header"](stamp=time, frame_id="")
    path = tmp_path / "skin"
    with rosbag2.Writer(path, version=9) as writer:
        connection = writer.add_connection("/skin", "skin_msgs/msg/Stream", typestore=store)
        for index, count in enumerate((2, 2, 1)):
            patches = [
                patch(name="p", taxels=[taxel(x=1, z=10 * index + 3 * p + t) for t in range(3)])
                for p in range(count)
            ]
            raw = store.serialize_cdr(stream(header=header, patches=patches), SKIN.input_type)
            writer.write(connection, index, raw)
    return path


def test_bag_messages_of_any_type_are_read_at_their_field(skin_bag: Path) -> None:
    frames = read_recording(skin_bag, settings=SKIN)
    assert next(frames).frame.tolist() == [[0, 1, 2], [3, 4, 5]]
    assert next(frames).frame.tolist() == [[10, 11, 12], [13, 14, 15]]
    with pytest.raises(FrameError, match="message has 3 values: rows x cols = 2 x 3 need 6"):
        next(frames)


@pytest.mark.parametrize(
    ("changes", "named"),
    [
        ({"input_type": "skin_msgs/msg/Other"}, "0 times one topic of skin_msgs/msg/Other"),
        ({"input_field": "", "input_type": "image"}, "0 times one topic of images or arrays"),
    ],
)
def test_a_bag_without_such_messages_says_what_it_holds(
    skin_bag: Path, changes: dict[str, str], named: str
) -> None:
    with pytest.raises(DataError, match=rf"{named}.*/skin \(skin_msgs/msg/Stream\)"):
        next(read_recording(skin_bag, settings=SKIN.changed(changes)))


def test_a_bag_message_without_the_field_is_refused(skin_bag: Path) -> None:
    wrong = SKIN.changed({"input_field": "patches[].taxels[].y"})
    with pytest.raises(FrameError, match="no attribute 'y'"):
        next(read_recording(skin_bag, settings=wrong))


PROFILE = """/**:
  ros__parameters:
    input_type: skin_msgs/msg/Stream
    input_field: patches[0].taxels[].z
    rows: {rows}
    cols: 1
"""


@pytest.mark.parametrize(("rows", "code", "said"), [(3, 0, "3 frames"), (2, 2, "3 values")])
def test_replay_reads_a_bag_as_a_parameter_file_says(
    skin_bag: Path, ros_domain: int, tmp_path: Path, capsys: Any, rows: int, code: int, said: str
) -> None:
    file = tmp_path / "skin.yaml"
    file.write_text(PROFILE.format(rows=rows))
    command = ["replay", str(skin_bag), "--sensor", str(file), "--rate", "200", "--topic", "taxels"]
    assert main(command) == code
    told = capsys.readouterr()
    assert said in told.out + told.err


def test_npz_frames_carry_their_labels(tmp_path: Path) -> None:
    file = tmp_path / "frames.npz"
    np.savez(file, frames=FRAMES, labels=[1, 0, 1], class_names=["one", "two"])
    read = list(read_recording(file))
    assert np.array_equal([recorded.frame for recorded in read], FRAMES)
    assert [recorded.label for recorded in read] == ["two", "one", "two"]


def test_npz_frames_have_their_own_times_and_need_no_rows_and_no_labels(tmp_path: Path) -> None:
    file = tmp_path / "hand.npz"
    frames = np.arange(3 * 486).reshape(3, 486)
    np.savez(file, frames=frames, t_ms=np.array([1000, 1033, 1066]))
    read = list(read_recording(file))
    assert np.array_equal([recorded.frame for recorded in read], frames[:, None])
    assert [recorded.time for recorded in read] == pytest.approx([0, 0.033, 0.066])
    assert {recorded.label for recorded in read} == {""}


@pytest.mark.parametrize(
    ("arrays", "reason"),
    [
        ({"t_ms": [0, 1]}, r"t_ms has shape \(2,\).*each of the 3 frames"),
        ({"t_ms": ["a", "b", "c"]}, "t_ms has .* type <U1"),
        ({"labels": [0, 1, 0]}, "there are 0 class_names"),
        ({"labels": [0], "class_names": ["one"]}, "a label for each of the 3 frames"),
        ({"frames": np.zeros(3)}, r"frames has shape \(3,\)"),
    ],
)
def test_arrays_that_do_not_fit_the_frames_are_refused(
    tmp_path: Path, arrays: dict[str, Any], reason: str
) -> None:
    np.savez(tmp_path / "wrong.npz", **({"frames": FRAMES} | arrays))
    with pytest.raises(DataError, match=reason):
        list(read_recording(tmp_path / "wrong.npz"))


@pytest.mark.parametrize(
    "name", ["missing.npz", "broken.npz", "broken.mcap", "broken.db3", "folder"]
)
def test_unreadable_recordings_are_refused(name: str, tmp_path: Path) -> None:
    if name.startswith("broken"):
        (tmp_path / name).write_bytes(b"no recording")
    if name == "folder":
        (tmp_path / name).mkdir()
    with pytest.raises(DataError):
        list(read_recording(tmp_path / name))


def test_a_recording_that_was_cut_off_gives_what_it_holds(tmp_path: Path) -> None:
    whole, told = labelled_bag(tmp_path / "whole.mcap"), []
    frames = [recorded.frame for recorded in read_recording(whole)]
    folder = tmp_path / "cut"
    folder.mkdir()
    (folder / "cut_0.mcap").write_bytes(whole.read_bytes()[:-2000])
    read = list(read_recording(folder, tell=told.append))
    assert 0 < len(read) <= len(frames)
    assert np.array_equal([recorded.frame for recorded in read], frames[: len(read)])
    assert len(told) == 1 and "ends in the middle" in told[0]


def test_a_label_holds_until_the_next(tmp_path: Path) -> None:
    labels = [recorded.label for recorded in read_recording(labelled_bag(tmp_path / "bag.mcap"))]
    assert labels == ["", "", "ridges", "ridges", "", "", "ring"]


def labelled_bag(file: Path) -> Path:
    """Seven frames, labels between them."""
    bag = BagWriter(file)
    numbers = {}
    for topic, kind in [("/skin", "sensor_msgs/msg/Image"), (f"/{LABEL_TOPIC}", LABEL_TYPE)]:
        text, _ = TYPES.generate_msgdef(kind, ros_version=2)
        numbers[kind] = bag.add_topic(RecordedTopic(topic, kind, text))
    label = TYPES.types[LABEL_TYPE]
    coming = [FRAMES[0], FRAMES[1], "ridges", FRAMES[2], FRAMES[0], "", FRAMES[1], FRAMES[2]]
    for time, one in enumerate([*coming, "ring", FRAMES[0]]):
        kind = LABEL_TYPE if isinstance(one, str) else "sensor_msgs/msg/Image"
        message = label(data=one) if isinstance(one, str) else image(one)
        bag.write(numbers[kind], time + 1, time, bytes(TYPES.serialize_cdr(message, kind)))
        bag.flush()
    bag.close()
    return file
