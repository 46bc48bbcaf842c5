"""Parameters of the simulator node, each declared once."""

from __future__ import annotations

from dataclasses import dataclass

from tactile_equiv.parameter_set import ParameterSet, parameter

START = "start"


@dataclass(frozen=True)
class SimulatorSettings(ParameterSet):
    """All parameters of `tactile_simulator`; they take effect when it starts.

    Raises:
        SettingsError: if a value has another type than its default, or is out of range.
    """

    script: str = parameter(
        "quick", "shift script: a YAML file, or the name of a shipped one", effect=START
    )
    recording: str = parameter(
        "",
        "data-set file (.npz): instead of the script, its presses that lie wholly inside the "
        "array, moved over it by whole taxels",
        effect=START,
    )
    output: str = parameter(
        "image",
        "image: sensor_msgs/msg/Image on topic image; taxels: std_msgs/msg/Float32MultiArray on "
        "topic taxels, which has no stamp, so that answers cannot be paired with frames",
        effect=START,
        choices=("image", "taxels"),
    )
    frame_id: str = parameter("tactile_sensor", "frame of the messages", effect=START)
    seed: int = parameter(
        0,
        "added to the seeds of the script's imperfections: another specimen of the sensor",
        effect=START,
        minimum=0,
        maximum=2**31,
    )
    rate_hz: float = parameter(
        0.0,
        "frames a second; 0 = as in the script",
        unit="Hz",
        effect=START,
        minimum=0.0,
        maximum=10000.0,
    )
    loop: bool = parameter(
        False, "begin again at the end, also where the script ends", effect=START
    )
    wait_for_subscribers: bool = parameter(
        False,
        "publish frames without contact until somebody listens to the frames and to the truth, "
        "then begin the script",
        effect=START,
    )
