"""Parameters of the perception node, each declared once: default, unit, range, time of effect."""

from __future__ import annotations

from dataclasses import dataclass

from tactile_equiv.backends import BACKENDS, DEVICES
from tactile_equiv.parameter_set import START, ParameterSet, parameter
from tactile_equiv.topology import PLANE, TOPOLOGIES
from tactile_equiv.value_range import ANY

LIVE, RELOAD = "live", "reload_model"
TAXEL_FAULTS = ("mask", "report", "off")


@dataclass(frozen=True)
class Settings(ParameterSet):
    """All parameters of the perception node.

    `metadata` of each field holds description, unit, choices, minimum, maximum and `effect`: "live"
    (at the next frame), "reload_model" (at the next call of ~/reload_model), "configure" (at the
    next configure transition) or "start" (of the process: read-only afterwards).

    Raises:
        SettingsError: if a value has another type than its default, or is out of range.
    """

    model_path: str = parameter(
        "tekscan_objects", "model directory, or the name of a shipped model", effect=RELOAD
    )
    device: str = parameter("auto", "where the network runs", effect=RELOAD, choices=DEVICES)
    backend: str = parameter("auto", "engine of the network", effect=RELOAD, choices=BACKENDS)
    input_type: str = parameter(
        "sensor_msgs/msg/Image",
        "message type: sensor_msgs/msg/Image (topic image), sensor_msgs/msg/CompressedImage (topic "
        "image/compressed), std_msgs/msg/...MultiArray (topic taxels), or with input_field any "
        "package/msg/Type (topic taxels); 'image' and 'taxels' are short for Image and "
        "Float32MultiArray",
    )
    input_field: str = parameter(
        "",
        "where a message of any type keeps its values, such as sensors[0].taxels[].z; [] = all "
        "elements of an array, [2] = one; needs rows and cols",
    )
    component: str = parameter(
        "", "names behind input_field that are the channels, such as x,y,z; empty = none"
    )
    rows: int = parameter(
        0,
        "rows of the sensor; 0 = as in the message",
        unit="input pixels",
        minimum=0,
        maximum=65535,
    )
    cols: int = parameter(
        0,
        "columns of the sensor; 0 = as in the message",
        unit="input pixels",
        minimum=0,
        maximum=65535,
    )
    order: str = parameter(
        "row_major",
        "order of the values in a MultiArray or at input_field",
        choices=("row_major", "column_major"),
    )
    channel_order: str = parameter(
        "bgr", "order of the channels in 8UC3 images", choices=("bgr", "rgb")
    )
    bayer_channels: int = parameter(
        3,
        "channels of raw colour images: 3 = red, mean green, blue; 4 = red, green, green, blue",
        minimum=3,
        maximum=4,
    )
    value_min: float = parameter(
        -ANY, "lower values are invalid taxels", unit="sensor units", minimum=-ANY, maximum=ANY
    )
    value_max: float = parameter(
        ANY, "higher values are invalid taxels", unit="sensor units", minimum=-ANY, maximum=ANY
    )
    invert: bool = parameter(
        False, "the sensor reads less where pressed: frames are value_max - value"
    )
    binning: int = parameter(
        1,
        "side of the squares of input pixels whose mean is one taxel of the frame",
        unit="input pixels",
        minimum=1,
        maximum=64,
    )
    topology: str = parameter(
        PLANE,
        "how the sensor lies: cylinder_rows, cylinder_cols = rows, columns run round a finger, so "
        "that the last one is beside the first",
        choices=TOPOLOGIES,
    )
    row_pitch: float = parameter(
        0.0,
        "distance of neighbouring rows of the frame, for ~/markers; 0 = unknown",
        unit="metres",
        effect=LIVE,
        minimum=0.0,
        maximum=1.0,
    )
    col_pitch: float = parameter(
        0.0,
        "distance of neighbouring columns of the frame, for ~/markers; 0 = unknown",
        unit="metres",
        effect=LIVE,
        minimum=0.0,
        maximum=1.0,
    )
    frame_id: str = parameter("tactile_sensor", "frame of the results when the message names none")
    autostart: bool = parameter(True, "configure and activate at start")
    contact_threshold: float = parameter(
        0.5,
        "contact probability from which a taxel is touched",
        effect=LIVE,
        minimum=0.0,
        maximum=1.0,
    )
    contact_off_threshold: float = parameter(
        1.0,
        "contact probability down to which taxels belong to a contact that reaches "
        "contact_threshold, and a contact goes on; at most contact_threshold",
        effect=LIVE,
        minimum=0.0,
        maximum=1.0,
    )
    contact_on_frames: int = parameter(
        1,
        "a contact begins after so many frames in a row in which it reaches contact_threshold",
        unit="frames",
        effect=LIVE,
        minimum=1,
        maximum=10000,
    )
    contact_off_frames: int = parameter(
        1,
        "a contact ends after so many frames in a row without it",
        unit="frames",
        effect=LIVE,
        minimum=1,
        maximum=10000,
    )
    min_contact_area: int = parameter(
        2,
        "smaller touched regions are no contact",
        unit="taxels",
        effect=LIVE,
        minimum=1,
        maximum=1000000,
    )
    whole_frame: bool = parameter(
        False,
        "run the network on the whole frame, not on the touched regions alone: slower, same answer",
        effect=LIVE,
    )
    score_threshold: float = parameter(
        0.0, "classes with a lower score are not published", effect=LIVE, minimum=0.0, maximum=1.0
    )
    max_hypotheses: int = parameter(
        3,
        "classes published for each frame and contact, best first",
        effect=LIVE,
        minimum=1,
        maximum=65535,
    )
    class_id_format: str = parameter(
        "index",
        "class_id as decimal index into ~/label_info, or as name",
        effect=LIVE,
        choices=("index", "name"),
    )
    max_age_s: float = parameter(
        0.0,
        "older frames are refused; 0 = any age",
        unit="seconds",
        effect=LIVE,
        minimum=0.0,
        maximum=3600.0,
    )
    stamp_tolerance_s: float = parameter(
        0.5,
        "stamps may lie so far ahead of the node's clock, and so far before that of the last frame "
        "(further back is another time: all starts anew)",
        unit="seconds",
        effect=LIVE,
        minimum=0.0,
        maximum=3600.0,
    )
    input_timeout_s: float = parameter(
        1.0,
        "without a frame for so long diagnostics are STALE, and the next contacts are new ones; "
        "seconds of /clock with use_sim_time",
        unit="seconds",
        effect=LIVE,
        minimum=0.01,
        maximum=3600.0,
    )
    tare_frames: int = parameter(
        10, "frames averaged by ~/tare", effect=LIVE, minimum=1, maximum=10000
    )
    tare_timeout_s: float = parameter(
        5.0,
        "~/tare fails when its frames take longer",
        unit="seconds",
        effect=LIVE,
        minimum=0.1,
        maximum=60.0,
    )
    tare_while_touched: bool = parameter(
        False,
        "~/tare also takes frames in which contact is felt: for a sensor that is untouched and has "
        "drifted so far that it feels touched",
        effect=LIVE,
    )
    drift_limit: float = parameter(
        0.5,
        "diagnostics ask for a tare when a taxel of the untouched sensor rests so far from its "
        "tare; 0 = never",
        unit="dead-zones",
        effect=LIVE,
        minimum=0.0,
        maximum=100.0,
    )
    taxel_faults: str = parameter(
        "mask",
        "taxels that do not answer where their neighbours are pressed: mask = they count as "
        "invalid, report = they are named only, off = nobody looks for them",
        effect=LIVE,
        choices=TAXEL_FAULTS,
    )
    path_root: str = parameter(
        "",
        "folder below which model_path and hand must lie when they are changed while the node "
        "runs; empty = beside those of the start; shipped names always",
        effect=START,
    )
    executor: str = parameter(
        "events",
        "what runs the callbacks: events takes half the time for a frame, single_threaded is "
        "rclpy's oldest",
        effect=START,
        choices=("events", "single_threaded"),
    )
    realtime_priority: int = parameter(
        0, "SCHED_FIFO priority of the process; 0 = none", effect=START, minimum=0, maximum=99
    )

    @property
    def touched_from(self) -> float:
        """Contact probability from which a taxel belongs to a contact."""
        return min(self.contact_threshold, self.contact_off_threshold)
