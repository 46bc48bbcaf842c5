"""Numbers on the command line, with what is allowed said where one is refused."""

from __future__ import annotations

import argparse
import math
from collections.abc import Callable
from typing import Any


def number(
    kind: type, allowed: str, lowest: float, above: bool = False, highest: float = math.inf
) -> Callable[[str], Any]:
    """An argparse type.

    Args:
        kind: int or float.
        allowed: what is accepted, in words.
        lowest: smallest number; with `above` it is not accepted itself.
        highest: numbers must lie below.
    """

    def parse(text: str) -> Any:
        try:
            value = kind(text)
        except ValueError:
            value = math.nan
        if not (lowest < value if above else lowest <= value) or not value < highest:
            raise argparse.ArgumentTypeError(f"{text!r} is not {allowed}")
        return value

    return parse


positive = number(int, "a whole number from 1", 1)
count = number(int, "a whole number from 0", 0)
above_zero = number(float, "a number above 0", 0, above=True)
not_negative = number(float, "a number from 0", 0)
share = number(float, "a share from 0 to below 1", 0, highest=1)
