"""From serialised messages to published percepts, against a second reading of the same bytes."""

from __future__ import annotations

import zlib
from collections.abc import Callable
from random import Random
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray
from rclpy.clock import Clock
from rclpy.serialization import deserialize_message, serialize_message
from std_msgs.msg import Header

from fuzz import message_seeds
from fuzz.cdr_fields import Field, hostile, serialised
from fuzz.law import ViolationError
from tactile_equiv import cdr, messages
from tactile_equiv.contact_state import ContactState, rules_of
from tactile_equiv.decoding import COMPRESSED, MULTI_ARRAYS
from tactile_equiv.frame_decoder import SensorFrame
from tactile_equiv.input_kind import input_of
from tactile_equiv.model import Model, load_model
from tactile_equiv.model_directory import find_model
from tactile_equiv.percept import Percept, perceive
from tactile_equiv.repeated_warnings import RepeatedWarnings
from tactile_equiv.result_headers import ResultHeaders
from tactile_equiv.settings import Settings

LIMIT_S = 5.0
PERCEIVED, CHECKED_WHOLE = 4, 16
"""Of so many frames that are read right one is perceived, and one also by the network on the whole
frame: by a checksum of the message, so that the same ones are."""

Seed = Callable[[Random], list[Field]]
Reference = Callable[[Any, Settings], NDArray[Any]]


class MessageSubject:
    """One way of reading messages, as the node goes it from bytes to bytes.

    Args:
        name: of the subject.
        model: that perceives.
        seed: makes a right message.
        reference: the frame of a message that rclpy has read, computed in another way; None where
            the frame is more than its values (filters, bins).
        settings: how messages are read.
    """

    kind = "message"
    limit_s = LIMIT_S

    def __init__(
        self, name: str, model: Model, seed: Seed, reference: Reference | None, **settings: Any
    ) -> None:
        self.name = name
        self.settings = Settings(**settings)
        self.model = model
        self._seed = seed
        self._reference = reference
        self._kind = input_of(self.settings)
        self._headers = ResultHeaders(Clock(), RepeatedWarnings(lambda message: None))
        self._contacts = ContactState()

    def make(self, random: Random) -> bytes:
        """A serialised message; one of sixteen is right."""
        return hostile(random, self._seed(random)) if random.randrange(16) else self.right(random)

    def right(self, random: Random) -> bytes:
        """A serialised message with nothing wrong but, perhaps, its contents."""
        return serialised(self._seed(random))

    def read(self, given: bytes) -> SensorFrame:
        """The frame of a serialised message.

        Raises:
            FrameError: if it is refused.
        """
        return self._kind.decode(self._kind.read(given))

    def check(self, given: bytes) -> None:
        """See `Subject.check`."""
        contents = self._kind.read(given)
        frame = self._kind.decode(contents)
        if self._reference is not None:
            known = deserialize_message(given, self._kind.message_class)
            _same(frame.values, self._reference(known, self.settings), "the frame")
        header = self._headers.of(getattr(contents, "header", None), self.settings)
        if zlib.crc32(given) % PERCEIVED:
            return
        percept = self.perceived(frame)
        self._check_percept(percept, frame)
        if zlib.crc32(given) % CHECKED_WHOLE == 0:
            self._check_whole(percept, frame)
        followed = self._contacts.update(percept, rules_of(self.settings))
        self._check_messages(header, followed.percept.enlarged(frame.cell), followed.numbers)

    def perceived(self, frame: SensorFrame, whole_frame: bool = False) -> Percept:
        """The percept of a frame."""
        return perceive(self.model, frame.values, whole_frame=whole_frame)

    def _check_percept(self, percept: Percept, frame: SensorFrame) -> None:
        size = frame.values.shape[:2]
        contact_map = percept.contact_map
        if contact_map.shape != size or percept.pressure.shape != size:
            raise ViolationError(f"a frame of {size} has a map of {contact_map.shape}")
        with np.errstate(over="ignore"):
            single = frame.values.astype(np.float32).reshape(*size, -1)
        invalid = ~np.isfinite(single).all(axis=2)
        if not np.array_equal(np.isnan(contact_map), invalid) or percept.invalid != invalid.sum():
            raise ViolationError("NaN in the map is not where taxels are invalid")
        valid = contact_map[~invalid]
        if valid.size and not (valid.min() >= 0 and valid.max() <= 1):
            raise ViolationError(f"the map reaches from {valid.min()} to {valid.max()}")
        for contact in percept.contacts:
            top, left, bottom, right = contact.box
            if not (0 <= top < bottom <= size[0] and 0 <= left < right <= size[1]):
                raise ViolationError(f"a contact at {contact.box} on a sensor of {size}")
            numbers = contact.row, contact.column, contact.peak, contact.load
            if not np.isfinite(numbers).all():
                raise ViolationError(f"a contact has row, column, peak and load {numbers}")
        for texture in [percept.texture, *(contact.texture for contact in percept.contacts)]:
            if texture is not None and abs(texture.scores.sum() - 1) > 1e-6:
                raise ViolationError(f"scores {texture.scores} do not add up to 1")

    def _check_whole(self, percept: Percept, frame: SensorFrame) -> None:
        """Touched regions alone must give the answer of the whole frame."""
        whole = self.perceived(frame, whole_frame=True)
        if not np.allclose(whole.contact_map, percept.contact_map, 1e-3, 1e-4, equal_nan=True):
            raise ViolationError("the map is not that of the network on the whole frame")

    def _check_messages(self, header: Header, percept: Percept, numbers: tuple[int, ...]) -> None:
        answer = messages.classification(header, percept, self.settings)
        found = messages.contacts(header, percept.contacts, numbers, self.settings)
        for message in (answer, found):
            serialize_message(message)
        written = cdr.write_image(header.stamp, header.frame_id, "32FC1", percept.contact_map)
        height, width = percept.contact_map.shape
        read = cdr.read_image(written)
        if (read.height, read.width, len(read.data)) != (height, width, 4 * height * width):
            raise ViolationError(f"a map of {height}x{width} is published as {read[1:6]}")


def message_subjects() -> list[MessageSubject]:
    """One for each kind of message."""
    grey, gel = (load_model(find_model(name)) for name in ("simulated_textures", "gel"))
    arrays = [
        MessageSubject(f"array_{kind}", grey, _arrays(kind), multi_array, input_type=message_type)
        for message_type, kind in MULTI_ARRAYS.items()
    ]
    sized = {"rows": 3, "cols": 4}
    cloud = {"input_type": "sensor_msgs/msg/PointCloud", **sized}
    return [
        MessageSubject("image", grey, message_seeds.image, image),
        MessageSubject("image_gel", gel, _colours, image, channel_order="rgb"),
        MessageSubject(
            "image_filtered", grey, message_seeds.image, None,
            binning=2, value_min=0.0, value_max=250.0, invert=True,
        ),
        MessageSubject("compressed", grey, _packed(1), packed, input_type=COMPRESSED),
        MessageSubject("compressed_gel", gel, _packed(3), packed, input_type=COMPRESSED),
        *arrays,
        MessageSubject(
            "array_sized", grey, _arrays("f4"), multi_array,
            input_type="taxels", order="column_major", rows=12, cols=16,
        ),
        MessageSubject(
            "field", grey, message_seeds.joint_state, joints,
            input_type="sensor_msgs/msg/JointState", input_field="position", **sized,
        ),
        MessageSubject(
            "field_inside", grey, message_seeds.point_cloud, forces,
            input_field="channels[0].values", **cloud,
        ),
        MessageSubject(
            "field_channels", gel, message_seeds.point_cloud, points,
            input_field="points[]", component="x,y,z", **cloud,
        ),
    ]  # fmt: skip


def _colours(random: Random) -> list[Field]:
    return message_seeds.image(random, ("rgb8", "bgr8", "8UC3", "rgba8", "bgra8", "mono8"))


def _packed(channels: int) -> Seed:
    return lambda random: message_seeds.compressed_image(random, channels)


def _arrays(kind: str) -> Seed:
    return lambda random: message_seeds.multi_array(random, kind)


def _same(got: NDArray[Any], expected: NDArray[Any], what: str) -> None:
    if got.shape != expected.shape or not np.array_equal(
        got, expected, equal_nan=got.dtype.kind == "f"
    ):
        raise ViolationError(
            f"{what} of {got.shape} is not that of {expected.shape} in the message"
        )


def image(message: Any, settings: Settings) -> NDArray[Any]:
    """The frame of a sensor_msgs/Image by strides; raw colours by slices."""
    kind, channels = message_seeds.ENCODINGS[message.encoding]
    item = int(kind[1:])
    values = np.ndarray(
        (message.height, message.width, channels),
        (">" if message.is_bigendian else "<") + kind,
        bytes(message.data),
        strides=(message.step, channels * item, item),
    )
    if message.encoding.startswith("bayer"):
        return _lifted(values[:, :, 0], message.encoding[6:10])
    if channels == 1:
        return values[:, :, 0]
    is_blue_first = message.encoding.startswith("bgr") or (
        message.encoding == "8UC3" and settings.channel_order == "bgr"
    )
    return values[:, :, 2::-1] if is_blue_first else values[:, :, :3]


def _lifted(values: NDArray[Any], pattern: str) -> NDArray[Any]:
    """(2h, 2w) raw to (h, w, 3): red, mean of the greens, blue."""
    places = [values[row::2, column::2] for row in (0, 1) for column in (0, 1)]
    of = {colour: [places[k] for k in range(4) if pattern[k] == colour] for colour in "rgb"}
    green = (of["g"][0].astype(np.float32) + of["g"][1].astype(np.float32)) / 2
    return np.stack([of["r"][0], green, of["b"][0]], axis=2).astype(np.float32)


def packed(message: Any, settings: Settings) -> NDArray[Any]:
    """The frame of a sensor_msgs/CompressedImage; a PNG is also checked by its own checksums."""
    content = bytes(message.data)
    values: Any = cv2.imdecode(np.frombuffer(content, np.uint8), cv2.IMREAD_UNCHANGED)
    if content.startswith(message_seeds.PNG):
        _check_png(content)
    if values.ndim == 2:
        return values
    return values[:, :, :3] if "compressed rgb" in message.format else values[:, :, 2::-1]


def _check_png(content: bytes) -> None:
    """Every part that holds pixels must be whole, or the picture was not the one that was sent."""
    at = len(message_seeds.PNG)
    while at + 12 <= len(content):
        length = int.from_bytes(content[at : at + 4], "big")
        kind, part = content[at + 4 : at + 8], content[at + 8 : at + 8 + length]
        checksum = int.from_bytes(content[at + 8 + length : at + 12 + length], "big")
        if kind in (b"IHDR", b"IDAT", b"PLTE") and zlib.crc32(kind + part) != checksum:
            raise ViolationError(f"a PNG was answered whose part {kind!r} has a wrong checksum")
        at += 12 + length
        if kind == b"IEND":
            return


def multi_array(message: Any, settings: Settings) -> NDArray[Any]:
    """The frame of a std_msgs/...MultiArray, value by value."""
    sizes = [dimension.size for dimension in message.layout.dim]
    if len(sizes) < 2:
        sizes = [settings.rows, settings.cols]
    rows, columns, *channels = sizes
    depth = channels[0] if channels else 1
    values = list(message.data)[message.layout.data_offset :]
    by_row = settings.order == "row_major"
    frame = np.array(
        [
            values[((r * columns + c) if by_row else (c * rows + r)) * depth + k]
            for r in range(rows)
            for c in range(columns)
            for k in range(depth)
        ],
        np.asarray(message.data).dtype,
    )
    return frame.reshape(sizes)


def joints(message: Any, settings: Settings) -> NDArray[Any]:
    """The positions of a sensor_msgs/JointState."""
    return np.array(list(message.position)).reshape(settings.rows, settings.cols)


def forces(message: Any, settings: Settings) -> NDArray[Any]:
    """The values of the first channel of a sensor_msgs/PointCloud."""
    values = np.array(list(message.channels[0].values))
    return values.reshape(settings.rows, settings.cols)


def points(message: Any, settings: Settings) -> NDArray[Any]:
    """The places of the points of a sensor_msgs/PointCloud as channels."""
    values = [(point.x, point.y, point.z) for point in message.points]
    return np.array(values).reshape(settings.rows, settings.cols, 3)
