"""The machine, for plays that somebody wrote down."""

from collections.abc import Iterator

import pytest

from tests.property.machine import AtMostOnce
from tests.property.test_at_most_once import stage_set


@pytest.fixture
def machine() -> Iterator[AtMostOnce]:
    """One bot with the machine's usual calendar; its platforms refuse no equal text."""
    with stage_set():
        made = AtMostOnce()
        made.begin(guarded=False, first=[])
        made.laws.look()
        yield made
        made.district.end()
