"""Parameters of the perception node, each declared once: default, unit, range, time of effect."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Mapping
from dataclasses import Field, dataclass, field, fields, replace
from typing import Any

from tactile_equiv.errors import SettingsError

LIVE, RELOAD, CONFIGURE = "live", "reload_model", "configure"


def _parameter(
    default: Any,
    description: str,
    *,
    effect: str = CONFIGURE,
    choices: tuple[str, ...] = (),
    minimum: float | None = None,
    maximum: float | None = None,
) -> Any:
    metadata = {
        "description": description,
        "effect": effect,
        "choices": choices,
        "minimum": minimum,
        "maximum": maximum,
    }
    return field(default=default, metadata=metadata)


@dataclass(frozen=True)
class Settings:
    """All parameters of the perception node.

    `metadata` of each field holds description, choices, minimum, maximum and `effect`: "live" (at
    the next frame), "reload_model" (at the next call of ~/reload_model) or "configure" (at the next
    configure transition).

    Raises:
        SettingsError: if a value has another type than its default, or is out of range.
    """

    model_path: str = _parameter(
        "tekscan_objects", "model directory, or the name of a shipped model", effect=RELOAD
    )
    device: str = _parameter(
        "auto", "where the network runs", effect=RELOAD, choices=("auto", "cpu", "cuda")
    )
    backend: str = _parameter(
        "auto", "engine of the network", effect=RELOAD, choices=("auto", "torch", "onnxruntime")
    )
    input_type: str = _parameter(
        "sensor_msgs/msg/Image",
        "message type: sensor_msgs/msg/Image (topic image) or std_msgs/msg/...MultiArray (topic "
        "taxels); 'image' and 'taxels' are short for Image and Float32MultiArray",
    )
    rows: int = _parameter(
        0, "rows of the sensor, taxels; 0 = as in the message", minimum=0, maximum=65535
    )
    cols: int = _parameter(
        0, "columns of the sensor, taxels; 0 = as in the message", minimum=0, maximum=65535
    )
    order: str = _parameter(
        "row_major",
        "order of the values in a MultiArray",
        choices=("row_major", "column_major"),
    )
    channel_order: str = _parameter(
        "bgr", "order of the channels in 8UC3 images", choices=("bgr", "rgb")
    )
    frame_id: str = _parameter("tactile_sensor", "frame of the results when the message names none")
    autostart: bool = _parameter(True, "configure and activate at start")
    contact_threshold: float = _parameter(
        0.5,
        "contact probability from which a taxel is touched",
        effect=LIVE,
        minimum=0.0,
        maximum=1.0,
    )
    min_contact_area: int = _parameter(
        2, "smaller touched regions are no contact, taxels", effect=LIVE, minimum=1, maximum=1000000
    )
    score_threshold: float = _parameter(
        0.0, "classes with a lower score are not published", effect=LIVE, minimum=0.0, maximum=1.0
    )
    max_hypotheses: int = _parameter(
        3,
        "classes published for each frame and contact, best first",
        effect=LIVE,
        minimum=1,
        maximum=65535,
    )
    class_id_format: str = _parameter(
        "index",
        "class_id as decimal index into ~/label_info, or as name",
        effect=LIVE,
        choices=("index", "name"),
    )
    max_age_s: float = _parameter(
        0.0,
        "older frames are refused, seconds; 0 = any age",
        effect=LIVE,
        minimum=0.0,
        maximum=3600.0,
    )
    input_timeout_s: float = _parameter(
        1.0,
        "without a frame for so long diagnostics warn, seconds",
        effect=LIVE,
        minimum=0.01,
        maximum=3600.0,
    )
    tare_frames: int = _parameter(
        10, "frames averaged by ~/tare", effect=LIVE, minimum=1, maximum=10000
    )
    tare_timeout_s: float = _parameter(
        5.0,
        "~/tare fails when its frames take longer, seconds",
        effect=LIVE,
        minimum=0.1,
        maximum=60.0,
    )

    def __post_init__(self) -> None:
        for declared in fields(self):
            _check(declared, getattr(self, declared.name))

    def changed(self, values: Mapping[str, Any]) -> Settings:
        """A copy with other values.

        Raises:
            SettingsError: if a name is unknown, or a value is of the wrong type or out of range.
        """
        check_names(values)
        return replace(self, **values)


def check_names(names: Iterable[str]) -> None:
    """Refuse names that are no parameter.

    Raises:
        SettingsError: names the first unknown one and the nearest right one.
    """
    known = [declared.name for declared in fields(Settings)]
    for name in names:
        if name not in known:
            nearest = difflib.get_close_matches(name, known, n=1, cutoff=0.0)[0]
            raise SettingsError(
                f"parameter {name!r} is unknown: did you mean {nearest!r}? All: {', '.join(known)}"
            )


def _check(declared: Field[Any], value: Any) -> None:
    name, metadata = declared.name, declared.metadata
    expected = type(declared.default)
    if type(value) is not expected:
        raise SettingsError(
            f"parameter {name!r} is {value!r} of type {type(value).__name__}: it must be "
            f"{expected.__name__}, such as {declared.default!r}"
        )
    choices, minimum, maximum = metadata["choices"], metadata["minimum"], metadata["maximum"]
    if choices and value not in choices:
        raise SettingsError(f"parameter {name!r} is {value!r}: use one of {', '.join(choices)}")
    if minimum is not None and not minimum <= value <= maximum:
        raise SettingsError(
            f"parameter {name!r} is {value!r}: it must lie in {minimum} .. {maximum}"
        )
