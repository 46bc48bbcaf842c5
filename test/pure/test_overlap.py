"""Where a shifted map and the one before it can be compared."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from tactile_equiv.overlap import overlap

SHIFTS = st.integers(-9, 9)


@given(rows=SHIFTS, columns=SHIFTS)
def test_what_was_there_is_here_after_a_shift_also_beyond_the_size(rows, columns):
    size = 5, 7
    before = np.arange(35).reshape(size)
    after = np.full(size, -1)
    here, there = overlap((rows, columns), size)
    after[here] = before[there]
    for row, column in np.ndindex(size):
        inside = 0 <= row - rows < 5 and 0 <= column - columns < 7
        assert after[row, column] == (before[row - rows, column - columns] if inside else -1)
