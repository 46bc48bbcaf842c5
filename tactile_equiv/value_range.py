"""Which values a sensor can give, and which end of its scale is no pressure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tactile_equiv.errors import SettingsError

ANY = 1e12
"""A limit that no sensor reaches."""


@dataclass(frozen=True)
class ValueRange:
    """The same function of every value of every taxel.

    Attributes:
        minimum, maximum: of valid values, sensor units; both -+`ANY` = all are valid.
        invert: the sensor reads less where it is pressed more.

    Raises:
        SettingsError: if the limits leave no range, or an inverted scale has no maximum.
    """

    minimum: float = -ANY
    maximum: float = ANY
    invert: bool = False

    def __post_init__(self) -> None:
        if not self.minimum < self.maximum:
            raise SettingsError(
                f"value_min is {self.minimum} and value_max {self.maximum}: value_min must be lower"
            )
        if self.invert and self.maximum == ANY:
            raise SettingsError(
                f"invert needs value_max, which is {self.maximum:g}: values are subtracted from "
                "it, so set it to the highest that the untouched sensor reads"
            )

    @property
    def keeps_all(self) -> bool:
        """True where every value stays as it is."""
        return not self.invert and -self.minimum == self.maximum == ANY

    def applied(self, values: NDArray[Any]) -> NDArray[Any]:
        """Values of any shape as float32: NaN outside the range, `maximum` - value if inverted."""
        single = values.astype(np.float32)
        single[(single < self.minimum) | (single > self.maximum)] = np.nan
        return np.float32(self.maximum) - single if self.invert else single
