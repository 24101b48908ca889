"""A platform without a look of its own gets one by what it takes."""

from __future__ import annotations

from dataclasses import replace

import pytest

from adapters import registry
from adapters.looks import plain
from bot.contract import Capabilities
from bot.domain.post import Variant
from tests.adapters.looks.test_every_look import WHOLE, scene, text_of
from tests.outside.screens import Screens

QUIET = replace(WHOLE, video=None)


@pytest.mark.parametrize(
    ("can", "variant", "count", "said"),
    [
        (Capabilities(title="站屏", short_text=True), QUIET, 1, "勤洗手"),
        (Capabilities(title="专栏", article=True), QUIET, 2, "为什么"),
        (Capabilities(title="短视频", video_only=True), WHOLE, 2, "00:32"),
        (
            Capabilities(title="两可", article=True, short_text=True),
            replace(QUIET, body=""),
            1,
            "勤洗手",
        ),
    ],
)
def test_by_what_it_takes(can: Capabilities, variant: Variant, count: int, said: str) -> None:
    screens = list(plain.screens(variant, scene("screens"), can))
    assert len(screens) == count
    assert said in text_of(screens)
    assert can.title in text_of(screens)


def test_an_adapter_from_outside_needs_no_look() -> None:
    quiet = replace(QUIET, images=())
    shown = registry.screens(Screens, quiet, scene("screens"), {})
    assert "公交站屏" in text_of(list(shown))
    assert registry.lengths(Screens, quiet, scene("screens").account) == ()
