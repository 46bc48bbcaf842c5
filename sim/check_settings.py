"""Parameters of the shift check, each declared once."""

from __future__ import annotations

from dataclasses import dataclass

from tactile_equiv.parameter_set import ParameterSet, parameter

START = "start"
IMAGE = "sensor_msgs/msg/Image"
CLASSIFICATION = "vision_msgs/msg/Classification"
DETECTIONS = "vision_msgs/msg/Detection2DArray"
POINT = "geometry_msgs/msg/PointStamped"


@dataclass(frozen=True)
class CheckSettings(ParameterSet):
    """All parameters of `shift_check`; they take effect when it starts.

    The defaults fit the perception node and the simulator in the same namespace.

    Raises:
        SettingsError: if a value has another type than its default, or is out of range.
    """

    classification_topic: str = parameter(
        "tactile_perception/classification", "classes of the whole frame", effect=START
    )
    classification_type: str = parameter(
        CLASSIFICATION, "message type of the classes", effect=START, choices=(CLASSIFICATION,)
    )
    contact_map_topic: str = parameter(
        "tactile_perception/contact_map", "map of contact probability", effect=START
    )
    contact_map_type: str = parameter(
        IMAGE, "message type of the map", effect=START, choices=(IMAGE,)
    )
    contacts_topic: str = parameter(
        "tactile_perception/contacts", "places of the contacts in pixels", effect=START
    )
    contacts_type: str = parameter(
        DETECTIONS,
        "message type of the contacts; a PointStamped is one contact, NaN = none",
        effect=START,
        choices=(DETECTIONS, POINT),
    )
    label_info_topic: str = parameter(
        "tactile_perception/label_info",
        "names of decimal class ids (vision_msgs/msg/LabelInfo); where none come, ids are names",
        effect=START,
    )
    tare_service: str = parameter(
        "",
        "std_srvs/srv/Trigger that is called before the script begins; empty = none",
        effect=START,
    )
    frames_topic: str = parameter("image", "frames of the simulator", effect=START)
    truth_prefix: str = parameter(
        "tactile_simulator/truth", "what the simulator's topics of truth begin with", effect=START
    )
    reliability: str = parameter(
        "reliable",
        "requested of the answers; best_effort hears every publisher, yet may lose answers",
        effect=START,
        choices=("reliable", "best_effort"),
    )
    thresholds: str = parameter(
        "",
        "YAML file with limits that replace the shipped ones; empty = the shipped ones",
        effect=START,
    )
    report_dir: str = parameter("shift_check_report", "folder of the report", effect=START)
    discovery_timeout_s: float = parameter(
        30.0,
        "until all topics must be there",
        unit="seconds",
        effect=START,
        minimum=0.1,
        maximum=3600.0,
    )
    answer_timeout_s: float = parameter(
        5.0,
        "how long an answer or the next truth may take",
        unit="seconds",
        effect=START,
        minimum=0.1,
        maximum=3600.0,
    )
