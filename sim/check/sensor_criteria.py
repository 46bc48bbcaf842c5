"""Criteria of an imperfect sensor, apart from those of the network."""

from __future__ import annotations

from .criterion import FRACTION, Criterion, Subjects, always

IMPERFECT = Subjects(
    "frames of an imperfect sensor", lambda m: m.sensor.frames, lambda m: m.sensor.frames
)
IMPERFECT_CENTROIDS = Subjects(
    IMPERFECT.words, lambda m: m.sensor.sensor_centroids, lambda m: m.sensor.sensor_centroids
)
IMPERFECT_SHIFTS = Subjects(
    "shifts that the sensor changed", lambda m: m.sensor.shifts, lambda m: m.sensor.shifts
)
IMPERFECT_CLASSIFIED = Subjects(
    IMPERFECT.words,
    lambda m: m.sensor.tracks.classified,
    lambda m: m.sensor.tracks.classified,
)

SENSOR_CRITERIA = (
    Criterion(
        "sensor_frame_rms",
        IMPERFECT,
        lambda m: m.sensor.frame_rms,
        "the sensor is near to ideal",
        "the sensor is far from ideal",
        "rms error {value} of a frame relative to its range over {count} frames",
        always("noise, gain mismatch, drift, dead taxels: not the network"),
    ),
    Criterion(
        "sensor_centroid_rms",
        IMPERFECT_CENTROIDS,
        lambda m: m.sensor.sensor_centroid_rms,
        "the frames hold the place of the contact",
        "the frames misplace the contact",
        "the frames alone misplace the centroid by rms {value} over {count} frames",
        always("gain mismatch and dead taxels: not the network"),
        "taxel",
    ),
    Criterion(
        "imperfect_centroid_rms",
        IMPERFECT_CENTROIDS,
        lambda m: m.sensor.network_centroid_rms,
        "the network adds little to that",
        "the network misplaces the contact in imperfect frames",
        "the network adds rms {value} to that over {count} frames",
        always("a contact map that noise breaks up"),
        "taxel",
    ),
    Criterion(
        "imperfect_map_error",
        IMPERFECT_SHIFTS,
        lambda m: m.sensor.map_error,
        "contact maps of imperfect frames move with the contact",
        "contact maps of imperfect frames do not move with the contact",
        "largest error {value} relative to the map over {count} shifts that the sensor changed",
        always("taxels that differ from each other: not exact by physics"),
    ),
    Criterion(
        "imperfect_class_agreement",
        IMPERFECT_CLASSIFIED,
        lambda m: m.sensor.tracks.class_agreement,
        "the class stays in imperfect frames",
        "the class changes in imperfect frames",
        "{value} of {count} frames have the class of their slide",
        always("noise, gain mismatch or dead taxels beyond what the model was trained on"),
        FRACTION,
        at_least=True,
    ),
)
