"""The synthetic script that the tests of the check measure, and an exact subject's answers."""

import pytest
from synthetic_stream import answers, exact, script


@pytest.fixture(scope="module")
def injected():
    return script()


@pytest.fixture(scope="module")
def perceived(injected):
    return answers(exact, injected)
