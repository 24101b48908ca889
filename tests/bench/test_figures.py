"""What a figure says of its target, and how it is shown."""

from __future__ import annotations

import pytest

from bench.figures import Figure, median, percentile


@pytest.mark.parametrize(
    ("figure", "target", "met"),
    [
        (Figure(name="f", value=0.7, at_least=0.7), "≥ 0.7", True),
        (Figure(name="f", value=0.69, at_least=0.7), "≥ 0.7", False),
        (Figure(name="f", value=1.31, at_most=1.3), "≤ 1.3", False),
        (Figure(name="f", value=99.0, unit="ms", at_most=100), "≤ 100 ms", True),
        (Figure(name="f", value=5.0), "", None),
    ],
)
def test_a_figure_knows_whether_its_target_is_met(
    figure: Figure, target: str, met: bool | None
) -> None:
    assert figure.target == target
    assert figure.met is met


@pytest.mark.parametrize(
    ("value", "unit", "shown"),
    [
        (0.7049, "", "0.70"),
        (3308.4, "posts/s", "3,308 posts/s"),
        (4.256, "ms", "4.26 ms"),
        (42.56, "ms", "42.6 ms"),
        (0.0, "s per hour", "0.00 s per hour"),
    ],
)
def test_a_figure_is_shown_to_the_digits_that_say_something(
    value: float, unit: str, shown: str
) -> None:
    assert Figure(name="f", value=value, unit=unit).shown == shown


def test_median_and_percentile_are_values_that_were_measured() -> None:
    assert median([5, 1, 9]) == 5
    assert median([4, 1, 2, 3]) == 2
    assert percentile(list(range(1, 101)), 99) == 99
    assert percentile([7.0], 99) == 7.0
