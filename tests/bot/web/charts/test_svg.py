"""What every drawing is made of: escaped elements, round axes, words that fit."""

from __future__ import annotations

from markupsafe import Markup

from bot.web.charts.scale import Scale, spread, ticks
from bot.web.charts.svg import el, fitted, num, width_of


def test_whatever_is_put_in_is_escaped_once() -> None:
    made = el("text", "<script>", class_='" onload="', aria_label="a&b", x=1.25, y=None)
    assert made == Markup(
        '<text class="&#34; onload=&#34;" aria-label="a&amp;b" x="1.2">&lt;script&gt;</text>'
    )
    assert el("g", made) == Markup("<g>{}</g>").format(made)


def test_coordinates_are_short() -> None:
    assert [num(value) for value in (0.0, 3.0, 2.34, -0.04, -12.5, 100.0)] == [
        *("0", "3", "2.3", "0", "-12.5", "100"),
    ]


def test_axes_have_round_numbers_and_hold_the_highest() -> None:
    for high in (0, 1, 7, 10, 99, 101, 2_345):
        named = ticks(high, 5)
        assert named[0] == 0
        assert named[-1] >= max(high, 1)
        assert len(named) <= 7


def test_values_beyond_an_axis_stand_at_its_end() -> None:
    scale = Scale(low=0, high=10, start=100, end=0)
    assert [scale(value) for value in (-5, 0, 5, 10, 20)] == [100, 100, 50, 0, 0]
    assert Scale(low=0, high=0, start=3, end=9)(4) == 3


def test_labels_are_moved_apart_and_stay_inside() -> None:
    assert spread([5, 6, 50], 10, 0, 100) == [5, 15, 50]
    assert spread([95, 96, 97], 10, 0, 100) == [80, 90, 100]


def test_words_are_cut_to_their_room() -> None:
    assert fitted("市疾控中心", 100, 12) == "市疾控中心"
    cut = fitted("滨江新区社会事业发展局", 80, 12)
    assert cut.endswith("…")
    assert width_of(cut, 12) <= 80
