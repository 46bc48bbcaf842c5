"""The truth about a simulated frame as ROS messages, and back. Nothing but conversion.

`contacts` (Detection2DArray) has the layout of the perception node's contacts: pixels, x is the
column, (0, 0) the centre of the first taxel; `bbox.center` is the energy centroid of the whole
contact with its rotation, `bbox.size_*` the extent of the touched taxels on the sensor, `id` the
name of the move. Round a finger the centre lies in [0, n) and the box may go on beyond the seam.
The only result holds the class, the load (position.z) and `covariance[0] = -1` where the border
cuts the contact. `injection` (DiagnosticArray) holds what that message has no place for, as values
of one status that is named after the move.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from diagnostic_msgs.msg import DiagnosticArray, DiagnosticStatus, KeyValue
from numpy.typing import NDArray
from sensor_msgs.msg import Image
from std_msgs.msg import Header
from tactile_equiv_sim.check.records import Injected, TrueContact
from tactile_equiv_sim.scene import SimulatedFrame, Truth
from vision_msgs.msg import Detection2D, Detection2DArray, ObjectHypothesisWithPose

from tactile_equiv.errors import DataError
from tactile_equiv.frame import BoolArray
from tactile_equiv.messages import image_of, mono_image, nanoseconds
from tactile_equiv.topology import opening

CUT = -1.0
"""In `covariance[0]`: the place is not known from what lies on the sensor."""
LOST = "lost"
PERIODS = ("period.rows", "period.columns")
"""After how many taxels places repeat round a finger; inf = they do not."""


def frame_image(header: Header, values: NDArray[Any], encoding: str = "") -> Image:
    """A frame as a driver publishes it.

    Args:
        header: of the image.
        values: (H, W) as mono8, mono16 or 32FC1, whichever holds it; (H, W, 3) counts as rgb8.
        encoding: of raw Bayer counts (H, W), e.g. "bayer_rggb8"; "" = as above.
    """
    if values.ndim == 2 and not encoding:
        return image_of(header, values)
    counts = np.clip(np.rint(np.nan_to_num(values)), 0, 255).astype(np.uint8)
    image = image_of(header, counts)
    image.encoding = encoding or image.encoding
    return image


def contacts_message(header: Header, frame: SimulatedFrame, move: str) -> Detection2DArray:
    """Where and what is pressed, one detection for each contact."""
    detections = [_detection(header, truth, move, frame.periods) for truth in frame.truths]
    return Detection2DArray(header=header, detections=detections)


def mask_message(header: Header, mask: BoolArray) -> Image:
    """(H, W) touched taxels as mono8, 255 = touched."""
    return mono_image(header, mask.astype(np.float32))


def injection_message(
    header: Header, frame: SimulatedFrame, move: str, late_s: float, lost: bool
) -> DiagnosticArray:
    """Name of the move, and how the frame and its contacts are to be judged.

    Args:
        header: of the frame.
        frame: with the truths.
        move: name of the move.
        late_s: how much later than its stamp the frame is published.
        lost: the frame is never published.
    """
    values: dict[str, object] = {"late_s": late_s}
    values.update(zip(PERIODS, frame.periods, strict=True))
    for index, truth in enumerate(frame.truths):
        values[f"margin.{index}"] = truth.margin
        values[f"contained.{index}"] = int(truth.contained)
    status = DiagnosticStatus(name=move, message=LOST if lost else "")
    status.values = [KeyValue(key=key, value=str(value)) for key, value in values.items()]
    return DiagnosticArray(header=header, status=[status])


def is_lost(injection: DiagnosticArray | None) -> bool:
    """The sensor never published the frame, so no answer is due."""
    return injection is not None and any(status.message == LOST for status in injection.status)


def injected_of(contacts: Detection2DArray, injection: DiagnosticArray) -> Injected:
    """The record of one frame from its two truth messages.

    Raises:
        DataError: if the messages lack what makes a truth.
    """
    try:
        return _injected(contacts, injection)
    except (IndexError, KeyError, ValueError) as error:
        raise DataError(
            f"truth of stamp {nanoseconds(contacts.header.stamp)} ns cannot be read "
            f"({type(error).__name__}: {error}): it must be as tactile_simulator publishes it"
        ) from error


def _injected(contacts: Detection2DArray, injection: DiagnosticArray) -> Injected:
    status = injection.status[0]
    values = {pair.key: float(pair.value) for pair in status.values}
    stamp = nanoseconds(contacts.header.stamp)
    return Injected(
        stamp_ns=stamp,
        move=status.name,
        contacts=tuple(
            _true_contact(detection, values[f"margin.{index}"], values[f"contained.{index}"] > 0)
            for index, detection in enumerate(contacts.detections)
        ),
        sent_ns=stamp + round(1e9 * values["late_s"]),
        lost=is_lost(injection),
        periods=(values[PERIODS[0]], values[PERIODS[1]]),
    )


def _true_contact(detection: Detection2D, margin: float, contained: bool) -> TrueContact:
    (result,), centre = detection.results, detection.bbox.center
    return TrueContact(
        row=centre.position.y,
        column=centre.position.x,
        angle=centre.theta,
        load=result.pose.pose.position.z,
        label=result.hypothesis.class_id,
        clipped=result.pose.covariance[0] < 0,
        margin=margin,
        felt_whole=contained,
    )


def _detection(
    header: Header, truth: Truth, move: str, periods: tuple[float, float]
) -> Detection2D:
    result = ObjectHypothesisWithPose()
    result.hypothesis.class_id, result.hypothesis.score = truth.label, 1.0
    position = result.pose.pose.position
    position.x, position.y, position.z = truth.column, truth.row, truth.load
    if truth.clipped:
        result.pose.covariance[0] = CUT
    detection = Detection2D(header=header, results=[result], id=move)
    box = detection.bbox
    box.center.position.x, box.center.position.y = truth.column, truth.row
    box.center.theta = truth.angle
    box.size_y, box.size_x = (
        _extent(truth.mask.any(axis=1 - axis), periods[axis]) for axis in (0, 1)
    )
    return detection


def _extent(occupied: BoolArray, period: float) -> float:
    """From the first to the last occupied line (n,), round a finger without its widest gap."""
    where = np.flatnonzero(occupied)
    if math.isfinite(period):
        return float(len(occupied) - opening(occupied)[1])
    return float(where[-1] + 1 - where[0]) if where.size else 0.0
