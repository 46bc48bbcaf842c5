"""Contents of one message to the frame that the network sees, as the parameters say.

The one place where the order of steps is written: values, valid range, colour filters, binning.
Each but the first is the same function of every pixel, or of every square of pixels.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

from numpy.typing import NDArray

from tactile_equiv.binning import binned
from tactile_equiv.colour_filter import PERIOD, lift, pattern_of
from tactile_equiv.decoding import (
    COMPRESSED,
    IMAGE,
    arrange_values,
    decode_compressed_image,
    decode_image,
    decode_multi_array,
    full_type,
)
from tactile_equiv.errors import SettingsError
from tactile_equiv.message_fields import FieldPath, channel_values, field_paths
from tactile_equiv.settings import Settings
from tactile_equiv.value_range import ValueRange

Read = Callable[[Any, Settings], NDArray[Any]]
READERS: dict[str, Read] = {IMAGE: decode_image, COMPRESSED: decode_compressed_image}
ENCODED_IN = {IMAGE: "encoding", COMPRESSED: "format"}
"""The fields that name the colour filters of raw images."""


class SensorFrame(NamedTuple):
    """One frame.

    Attributes:
        values: (H, W) or (H, W, C), sensor units; NaN = invalid taxel.
        cell: input pixels along each side of one of its taxels.
    """

    values: NDArray[Any]
    cell: int


class FrameDecoder:
    """Reads messages of one type.

    Attributes:
        message_type: full name, "package/msg/Type".
        paths: where its values are, one path for each channel; none for the types that are known.

    Raises:
        SettingsError: if the parameters of the input contradict each other.
    """

    def __init__(self, settings: Settings) -> None:
        self.message_type = full_type(settings.input_type, settings.input_field)
        self.paths = _paths(settings)
        self._settings = settings
        valid = ValueRange(settings.value_min, settings.value_max, settings.invert)
        self._range = None if valid.keeps_all else valid
        self._read: Read = READERS.get(self.message_type, decode_multi_array)
        self._encoded_in = ENCODED_IN.get(self.message_type, "")
        if self.paths:
            self._read, self._encoded_in = self._read_field, ""

    def __call__(self, contents: Any) -> SensorFrame:
        """The frame of one message.

        Args:
            contents: attributes named as in the message type.

        Raises:
            FrameError: if the message is no such frame; `reason` names why.
        """
        settings, cell = self._settings, self._settings.binning
        values = self._read(contents, settings)
        if self._range is not None:
            values = self._range.applied(values)
        encoding = getattr(contents, self._encoded_in) if self._encoded_in else ""
        if (pattern := pattern_of(encoding)) and values.ndim == 2:
            values = lift(values, pattern, settings.bayer_channels)
            cell *= PERIOD
        return SensorFrame(binned(values, settings.binning), cell)

    def _read_field(self, contents: Any, settings: Settings) -> NDArray[Any]:
        return arrange_values(channel_values(self.paths, contents), settings)


def _paths(settings: Settings) -> tuple[FieldPath, ...]:
    if not settings.input_field:
        if settings.component:
            raise SettingsError(
                f"component is {settings.component!r} without input_field: name the field whose "
                "components these are"
            )
        return ()
    if not (settings.rows and settings.cols):
        raise SettingsError(
            f"rows, cols are {settings.rows}, {settings.cols}: a message that is read at "
            "input_field does not give its size, so set both"
        )
    return field_paths(settings.input_field, settings.component)
