"""Rotating tokens by themselves; each platform's tests try them over HTTP."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta

import pytest

from adapters.http import Origin
from adapters.oauth import Kept, Tokens, after
from bot.clock import VirtualClock
from bot.errors import AuthFailed, Unavailable
from tests.adapters.stage import START, MemoryCredentials

REFUSED = "42"


class Platform:
    """Gives out numbered tokens; refuses those in `dead`."""

    def __init__(self, clock: VirtualClock) -> None:
        self.clock = clock
        self.given = 0
        self.dead: set[str] = set()

    async def refresh(self, kept: Kept) -> Kept:
        self.given += 1
        number = str(self.given)
        return {
            "access_token": f"a{number}",
            "refresh_token": f"r{number}",
            "expires_at": after(self.clock, 3600),
        }

    async def call(self, kept: Kept) -> str:
        if kept["access_token"] in self.dead:
            origin = Origin(platform="kuaishou", action="call", effect=False)
            raise origin.error(Unavailable, "refused", code=REFUSED)
        return kept["access_token"]


def tokens(fields: Mapping[str, str]) -> tuple[Tokens, Platform, MemoryCredentials]:
    clock = VirtualClock(START)
    platform, credentials = Platform(clock), MemoryCredentials(fields)
    made = Tokens(
        "kuaishou",
        platform.refresh,
        credentials,
        clock,
        left=timedelta(minutes=10),
        early=timedelta(minutes=30),
        refused=frozenset({REFUSED}),
    )
    return made, platform, credentials


FIELDS = {
    "access_token": "a0",
    "refresh_token": "r0",
    "expires_at": (START + timedelta(hours=1)).isoformat(),
    "open_id": "kept",
}


async def test_a_living_token_is_used_as_it_is() -> None:
    made, platform, _ = tokens(FIELDS)
    assert await made.with_token(platform.call) == "a0"
    assert platform.given == 0


async def test_what_ends_soon_is_replaced_and_the_rest_is_kept() -> None:
    made, platform, credentials = tokens(FIELDS)
    platform.clock.set(START + timedelta(minutes=51))
    assert await made.with_token(platform.call) == "a1"
    assert credentials.fields["open_id"] == "kept"
    assert credentials.fields["refresh_token"] == "r1"


async def test_a_call_is_made_again_once_with_a_new_token() -> None:
    made, platform, _ = tokens(FIELDS)
    platform.dead = {"a0"}
    assert await made.with_token(platform.call) == "a1"
    platform.dead = {"a1", "a2"}
    with pytest.raises(AuthFailed) as raised:
        await made.with_token(platform.call)
    assert raised.value.code == REFUSED
    assert platform.given == 2


async def test_a_publishing_call_is_made_once() -> None:
    made, platform, credentials = tokens(FIELDS)
    platform.dead = {"a0"}
    with pytest.raises(Unavailable):
        await made.once(platform.call)
    assert platform.given == 0
    assert credentials.fields["access_token"] == ""
    assert (await made.alive())["access_token"] == "a1"


async def test_a_token_entered_alone_is_used_while_it_lives() -> None:
    made, platform, _ = tokens({"access_token": "a0"})
    assert await made.with_token(platform.call) == "a0"
    fields = {**FIELDS, "refresh_token": ""}
    made, platform, _ = tokens(fields)
    platform.clock.set(START + timedelta(minutes=59))
    assert await made.with_token(platform.call) == "a0"
    platform.clock.set(START + timedelta(minutes=61))
    with pytest.raises(AuthFailed, match="refresh_token"):
        await made.with_token(platform.call)
