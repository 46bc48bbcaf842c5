"""Everything that is judged, in the order of the report."""

from .border_criteria import BORDER_CRITERIA
from .liveness_criteria import LIVENESS_CRITERIA
from .sensor_criteria import SENSOR_CRITERIA
from .shift_criteria import SHIFT_CRITERIA
from .track_criteria import TRACK_CRITERIA

CRITERIA = (
    *LIVENESS_CRITERIA,
    *SHIFT_CRITERIA,
    *TRACK_CRITERIA,
    *BORDER_CRITERIA,
    *SENSOR_CRITERIA,
)
