"""Every experiment runs once, whichever tests ask for it."""

from functools import cache

import pytest
import torch

from tactile_equiv.lessons.catalogue import lesson_of


@cache
def measured(name):
    torch.set_num_threads(1)
    return lesson_of(name).measure()


@pytest.fixture
def table():
    """The table of a lesson, by name."""
    return lambda name: measured(name).table


@pytest.fixture
def finding():
    """The whole finding of a lesson, by name."""
    return measured
