"""Who shares a frame, and what is told of it."""

from __future__ import annotations

from dataclasses import replace

from bot.domain.post import Article, Kind, Override
from bot.preview.frames import Frame, media_of
from tests.bot.preview.sample import month, post, show


def frames(name: str, kind: Kind = Kind.REPRINT) -> list[Frame]:
    return [frame for frame in show(post(name)).made.frames if frame.kind is kind]


def accounts(frame: Frame) -> list[str]:
    return [showing.want.account.id for showing in frame.showings]


def test_every_account_is_in_one_frame() -> None:
    made = show(post("k1-family-doctor")).made
    every = [account for frame in made.frames for account in accounts(frame)]
    assert len(every) == len(set(every)) == 35
    assert {"u01-wechat", "u02-wechat", "u24-service"} <= set(every)


def test_accounts_share_a_frame_when_readers_see_the_same() -> None:
    """Units without a line of their own show one and the same article."""
    roster = month().roster
    wechat = [frame for frame in frames("k1-family-doctor") if frame.platform == "wechat"]
    takers = [showing.want.account for frame in wechat for showing in frame.showings]
    intros = {roster.units[account.unit].intro for account in takers}
    assert len(wechat) == len(intros)
    for frame in wechat:
        assert len({roster.units[s.want.account.unit].intro for s in frame.showings}) == 1


def test_first_releases_come_before_reprints_and_platforms_stay_together() -> None:
    made = show(post("k1-family-doctor")).made
    keys = [(frame.kind, frame.platform) for frame in made.frames]
    assert [kind for kind, _ in keys] == sorted((kind for kind, _ in keys), key=list(Kind).index)
    places = [key for number, key in enumerate(keys) if number == 0 or keys[number - 1] != key]
    assert len(places) == len(set(places))


def test_a_frame_has_the_problems_its_platform_sees_and_no_others() -> None:
    long = replace(post("0503-weibo-picnic"), text="字" * 200)
    shown = show(long)
    [frame] = shown.made.frames
    assert [problem.code for problem in frame.problems] == ["weibo-text-too-long"]
    assert frame.showings[0].want.blocked
    assert shown.made.problems == ()
    assert frame.lengths[0].length > frame.lengths[0].limit


def test_the_post_s_own_problems_stand_above_the_frames() -> None:
    made = show(post("0526-recovery-story")).made
    assert "consent-missing" in [problem.code for problem in made.problems]
    assert all(not frame.problems for frame in made.frames)


def test_what_a_platform_is_told_differently() -> None:
    made = show(post("0510-profile-home-visit")).made
    by_platform = {frame.platform: frame for frame in made.frames}
    assert by_platform["wechat"].differences == ()
    [title] = by_platform["channels"].differences
    assert title.here == "跟着上门护士走一天"
    assert title.main == post("0510-profile-home-visit").title
    assert by_platform["channels"].variant.title == "跟着上门护士走一天"


def test_options_and_media_of_a_platform_are_differences_too() -> None:
    first = post("0503-weibo-picnic")
    says = Override(images=(), options={"theme": "health"}, text="短", digest="摘")
    [frame] = show(replace(first, overrides={"weibo": says})).made.frames
    mains = [one.main for one in frame.differences]
    assert mains == [first.text, first.digest, "media/photo-02.jpg", ""]


def test_only_some_accounts() -> None:
    made = show(post("k1-family-doctor"), None, "u02-wechat", "u01-weibo").made
    assert [accounts(frame) for frame in made.frames] == [["u01-weibo"], ["u02-wechat"]]


def test_every_medium_a_post_can_show() -> None:
    first = post("k5-heat-warning")
    video = post("0502-video-cpr").video
    cover = post("0502-video-cpr").cover
    more = Article(title="二", body="文", cover=cover)
    whole = replace(first, more=(more,), overrides={"douyin": Override(video=video)})
    assert {one.path for one in media_of(whole)} == {
        *("media/cover-09.jpg", "media/photo-02.jpg", "media/photo-04.jpg"),
        *("media/photo-01.jpg", "media/video-01.mp4"),
    }
