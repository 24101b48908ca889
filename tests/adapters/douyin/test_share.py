"""The signed link, against a signature worked out by hand, and links nobody else can make."""

from __future__ import annotations

from datetime import UTC, datetime
from urllib.parse import parse_qs, urlsplit

import pytest

from adapters.douyin.share import Share, opened, sealed, signature, signed_link
from bot.errors import CallRefused

NOW = datetime(2026, 5, 6, 2, 0, tzinfo=UTC)
SHARE = Share(
    share_id="1700000000000001",
    caption="双手重叠 + 按压 #急救",
    topics=("急救",),
    video="https://media.example.cn/media/%E6%80%A5.mp4",
)


def test_the_signature_is_the_md5_of_the_three_in_order() -> None:
    # printf 'nonce_str=wm3W&ticket=@tk==&timestamp=1778032800' | md5sum
    assert signature("@tk==", "wm3W", "1778032800") == "f19667aef0edc8390fca06ae52737fe6"


def test_the_link_carries_what_was_signed() -> None:
    link = signed_link(SHARE, "ck01", "@tk==", NOW)
    assert link.startswith("snssdk1128://openplatform/share?")
    given = {name: values[0] for name, values in parse_qs(urlsplit(link).query).items()}
    assert given["signature"] == signature("@tk==", given["nonce_str"], given["timestamp"])
    assert given["timestamp"] == str(int(NOW.timestamp()))
    assert given["state"] == SHARE.share_id
    assert given["title"] == SHARE.caption
    assert given["hashtag_list"] == '["急救"]'
    assert given["video_path"] == SHARE.video
    assert "+" not in link
    assert "%20" in link  # the app reads no "+" as a blank


def test_two_links_have_two_nonces() -> None:
    later = datetime(2026, 5, 6, 2, 1, tzinfo=UTC)
    assert signed_link(SHARE, "k", "t", NOW) != signed_link(SHARE, "k", "t", later)


def test_pictures_take_the_place_of_a_video() -> None:
    one = Share(share_id="1", caption="", topics=(), images=("https://a.cn/1.jpg",))
    two = Share(share_id="1", caption="", topics=(), images=("https://a.cn/1.jpg", "https://b.cn"))
    assert one.params() == {"state": "1", "image_path": "https://a.cn/1.jpg"}
    assert two.params()["image_list_path"] == '["https://a.cn/1.jpg","https://b.cn"]'
    assert "share_to_publish" not in two.params()  # of a single video only


def test_a_sealed_share_opens_again() -> None:
    assert opened(sealed(SHARE, "secret"), "secret") == SHARE


@pytest.mark.parametrize("change", ["x{}", "{}x", "{}=", "", ".", "é.{}"])
def test_a_share_that_was_tampered_with_is_refused(change: str) -> None:
    with pytest.raises(CallRefused):
        opened(change.format(sealed(SHARE, "secret")), "secret")


def test_another_secret_opens_nothing() -> None:
    with pytest.raises(CallRefused):
        opened(sealed(SHARE, "secret"), "other")
