"""The sample month holds what it promises; read as plain YAML, without our own reader."""

from __future__ import annotations

import math
import re
from collections import Counter
from datetime import datetime
from itertools import combinations
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
import yaml
from PIL import Image

SCHEDULES = Path(__file__).resolve().parents[2] / "schedules"
ROSTER: dict[str, Any] = yaml.safe_load((SCHEDULES / "roster.yaml").read_text(encoding="utf-8"))
CALENDAR: dict[str, Any] = yaml.safe_load((SCHEDULES / "2026-05.yaml").read_text(encoding="utf-8"))
UNITS: list[dict[str, Any]] = ROSTER["units"]
POSTS: list[dict[str, Any]] = CALENDAR["posts"]
BY_ID: dict[str, dict[str, Any]] = {post["id"]: post for post in POSTS}
KEYS = [post for post in POSTS if "key" in post]
PLANTED = {"0514-clinic-claim", "0518-reprint-upper", "0521-volunteer-news", "0526-recovery-story"}
LETTERS = {"weibo": "B", "channels": "S", "douyin": "D", "kuaishou": "K", "website": "G"}
# Least and most characters of an article, by topic.
LENGTHS = {
    "science": (800, 1500),
    "health-day": (500, 1000),
    "policy": (1500, 2500),
    "feature": (1800, 3000),
    "profile": (900, 1600),
    "notice": (300, 600),
    "news": (400, 800),
    "clinic": (150, 400),
}
# Shares of common 5-grams: two texts below ALIKE differ in substance; the notices share a template
# on purpose, and must lie between the two values.
ALIKE = 0.15
ALIKE_NOTICES = (0.40, 0.70)
WEIBO_LIMIT = 140
WEIBO_RESERVE = 10  # for how the platform counts addresses
ID_NUMBER = re.compile(r"(?<!\d)\d{17}[\dX](?!\d)")


def accounts() -> dict[str, dict[str, Any]]:
    return {account["id"]: account for unit in UNITS for account in unit["accounts"]}


def accounts_of(post: dict[str, Any]) -> list[str]:
    found: list[str] = post.get("accounts", CALENDAR["defaults"]["accounts"])
    return found


def on(account: str) -> list[dict[str, Any]]:
    return [post for post in POSTS if account in accounts_of(post)]


def body(post: dict[str, Any]) -> str:
    path: Path = SCHEDULES / post["body"]
    return path.read_text(encoding="utf-8")


def articles() -> list[dict[str, Any]]:
    return [post for post in POSTS if "body" in post]


def day(post: dict[str, Any]) -> datetime:
    return datetime.strptime(post["at"] + " +0800", "%Y-%m-%d %H:%M %z")


def characters(markdown: str) -> int:
    """Characters a reader sees: without pictures, marks of Markdown and blanks."""
    without_pictures = re.sub(r"!\[[^]]*\]\([^)]*\)", "", markdown)
    return len(re.sub(r"[\s#*>|`-]", "", without_pictures))


def weibo_length(text: str) -> int:
    """字 as the composer counts them: two half-width characters are one."""
    return math.ceil(sum(1 if ord(char) <= 0x80 else 2 for char in text) / 2)


def letter(account: dict[str, Any]) -> str:
    if account["platform"] == "wechat":
        return "F" if account["kind"] == "service" else "W"
    return LETTERS[account["platform"]]


def grams(text: str) -> set[str]:
    plain = re.sub(r"\W", "", text)
    return {plain[at : at + 5] for at in range(len(plain) - 4)}


def likeness(one: str, other: str) -> float:
    """Share of the shorter text's 5-grams that the other has too."""
    left, right = grams(one), grams(other)
    return len(left & right) / min(len(left), len(right))


def picture_size(path: Path) -> tuple[int, int]:
    with Image.open(path) as picture:
        return picture.size


def checksum_ok(number: str) -> bool:
    """GB 11643: the last character is 1 - sum(digit * 2^place) modulo 11, X for ten."""
    total = sum(int(digit) * 2 ** (17 - place) for place, digit in enumerate(number[:17]))
    return "10X98765432"[total % 11] == number[17]


def test_24_units_have_60_accounts_of_the_promised_kinds() -> None:
    assert [unit["id"] for unit in UNITS] == [f"u{number:02}" for number in range(1, 25)]
    assert all(unit["name"].startswith("澜汀区") for unit in UNITS)
    counts = Counter(letter(account) for account in accounts().values())
    assert counts == {"W": 22, "F": 5, "B": 8, "S": 12, "D": 7, "K": 2, "G": 4}


def test_each_account_is_named_after_its_unit_and_platform() -> None:
    for unit in UNITS:
        for account in unit["accounts"]:
            ending = "service" if account.get("kind") == "service" else account["platform"]
            assert account["id"] == f"{unit['id']}-{ending}"


def test_only_one_verified_name_is_not_its_units() -> None:
    wrong = [a["id"] for u in UNITS for a in u["accounts"] if a["verified_name"] != u["name"]]
    assert wrong == ["u09-weibo"]


def test_registration_is_complete_and_unique() -> None:
    filings = [account["filing"] for account in accounts().values()]
    assert len(set(filings)) == 60
    flagships = [name for name, account in accounts().items() if account.get("flagship")]
    assert flagships == ["u01-wechat", "u01-weibo"]


def test_a_units_main_wechat_account_follows_its_policy() -> None:
    confirm, manual = {"u09", "u21", "u22"}, {"u14", "u23", "u24"}
    for unit in UNITS[1:]:
        main = unit["accounts"][0]
        wanted = (
            "confirm" if unit["id"] in confirm else "manual" if unit["id"] in manual else "auto"
        )
        assert (main["platform"], main["reprint"]) == ("wechat", wanted), unit["id"]


def test_the_other_accounts_follow_theirs() -> None:
    by_platform = {"weibo": "auto", "wechat": "none"}
    for unit in UNITS[1:]:
        for account in unit["accounts"][1:]:
            assert account["reprint"] == by_platform.get(account["platform"], "manual"), account
    assert {account["reprint"] for account in UNITS[0]["accounts"]} == {"none"}
    assert [name for name, account in accounts().items() if account.get("push")] == ["u05-service"]


def test_60_posts_in_the_promised_categories() -> None:
    assert len(BY_ID) == len(POSTS) == 60
    assert Counter(post["topic"] for post in POSTS) == {
        "science": 4,
        "health-day": 12,
        "policy": 5,
        "feature": 1,
        "profile": 5,
        "notice": 4,
        "video": 8,
        "news": 9,
        "clinic": 5,
        "weibo": 5,
        "reprint": 2,
    }


def test_all_posts_are_in_may_and_none_crowds_a_day() -> None:
    assert {(day(post).year, day(post).month) for post in POSTS} == {(2026, 5)}
    assert max(Counter(day(post).date() for post in on("u01-wechat")).values()) <= 3


def test_posts_go_to_known_accounts_of_the_flagships_unit() -> None:
    known = accounts()
    for post in POSTS:
        assert all(name in known and name.startswith("u01-") for name in accounts_of(post))
    assert all(accounts_of(BY_ID[planted]) == ["u01-wechat"] for planted in PLANTED)


def test_the_science_column_is_on_wednesdays() -> None:
    column = [post for post in POSTS if post.get("column") == "周三科普"]
    assert [day(post).day for post in column] == [6, 13, 20, 27]
    for post in column:
        assert post["topic"] == "science"
        assert day(post).isoweekday() == 3
        assert post["author"]
        assert post["reviewer"]


@pytest.mark.parametrize(
    ("name", "at", "deadline", "spread", "exempt"),
    [
        ("k1-family-doctor", "2026-05-07 10:00", "T+24h", "2h", set()),
        ("k2-dengue-alert", "2026-05-11 09:00", "T+4h", "1h", {"u14"}),
        ("k3-nurses-day", "2026-05-12 14:00", "T+48h", "3h", set()),
        ("k4-long-prescription", "2026-05-15 10:00", "T+24h", "2h", {"u10", "u11"}),
        ("k5-heat-warning", "2026-05-20 15:00", "T+4h", "2h", set()),
        ("k6-no-tobacco", "2026-05-27 10:00", "T+24h", "2h", set()),
    ],
)
def test_key_item(name: str, at: str, deadline: str, spread: str, exempt: set[str]) -> None:
    post = BY_ID[name]
    assert post["at"] == at
    assert (post["key"]["deadline"], post["key"]["spread"]) == (deadline, spread)
    assert set(post["key"].get("exempt", {})) == exempt
    assert accounts_of(post) == ["u01-wechat", "u01-weibo"]
    assert "push" not in post
    assert not re.search(r"^\|", body(post), re.MULTILINE), "a key item has no table"


def test_there_are_six_key_items_and_no_more() -> None:
    assert len(KEYS) == 6


@pytest.mark.parametrize("post", articles(), ids=lambda post: str(post["id"]))
def test_article_has_its_length_and_form(post: dict[str, Any]) -> None:
    text = body(post)
    low, high = LENGTHS.get(post["topic"], (300, 1000))
    assert low <= characters(text) <= high
    assert not re.search(r"^# ", text, re.MULTILINE), "the title is not part of the text"


def test_wechat_posts_keep_the_platforms_limits() -> None:
    for post in on("u01-wechat"):
        assert len(post["title"]) <= 32, post["id"]
        assert 0 < len(post["digest"]) <= 120, post["id"]
        assert len(post.get("author", "")) <= 16, post["id"]
        assert post["cover"]


def test_weibo_texts_fit_with_the_accounts_address_and_carry_no_topic() -> None:
    address = accounts()["u01-weibo"]["options"]["safe_link"]
    for post in on("u01-weibo"):
        text = f"{post['text']} {address} "
        assert weibo_length(text) <= WEIBO_LIMIT - WEIBO_RESERVE, post["id"]
        assert "#" not in text


def test_video_captions_are_short() -> None:
    with_video = [post for post in POSTS if "video" in post]
    assert len(with_video) == 9
    assert all(0 < len(post["text"]) <= 60 for post in with_video)
    shown = [post.get("variants", {}).get("channels", post)["title"] for post in with_video]
    assert all(6 <= len(title) <= 16 and re.fullmatch(r"\w+", title) for title in shown)


def test_every_file_named_is_there() -> None:
    for post in POSTS:
        named = [post[key] for key in ("body", "cover", "video") if key in post]
        named += post.get("images", [])
        named += re.findall(r"!\[[^]]*\]\(([^)]+)\)", body(post)) if "body" in post else []
        assert [name for name in named if not (SCHEDULES / name).is_file()] == [], post["id"]


def test_every_text_but_the_correction_is_used_once() -> None:
    used = sorted(post["body"] for post in articles())
    there = sorted(f"posts/{path.name}" for path in (SCHEDULES / "posts").iterdir())
    assert sorted([*used, "posts/k5-heat-warning.corrected.md"]) == there


def test_no_two_texts_say_the_same() -> None:
    short = {post["id"]: post["text"] for post in POSTS if "text" in post}
    assert len(set(short.values())) == len(short)
    for one, other in combinations(articles(), 2):
        limit = ALIKE_NOTICES[1] if one["topic"] == other["topic"] == "notice" else ALIKE
        assert likeness(body(one), body(other)) < limit, (one["id"], other["id"])


def test_the_notices_are_planted_near_duplicates() -> None:
    notices = [body(post) for post in POSTS if post["topic"] == "notice"]
    assert all(likeness(one, other) > ALIKE_NOTICES[0] for one, other in combinations(notices, 2))


def test_the_correction_changes_two_figures_and_adds_a_sentence() -> None:
    before = body(BY_ID["k5-heat-warning"])
    after = (SCHEDULES / "posts/k5-heat-warning.corrected.md").read_text(encoding="utf-8")
    for wrong, right in (("34—36℃", "36—38℃"), ("十二处", "二十一处")):
        assert wrong in before
        assert right in after
    assert after.count("。") == before.count("。") + 1


def test_planted_claim_and_id_number_stand_in_their_posts_only() -> None:
    texts = {post["id"]: body(post) for post in articles()}
    assert [name for name, text in texts.items() if "治愈率" in text] == ["0514-clinic-claim"]
    assert "治愈率98%" in texts["0514-clinic-claim"]
    numbers = {name: ID_NUMBER.findall(text) for name, text in texts.items()}
    assert [name for name, found in numbers.items() if found] == ["0521-volunteer-news"]
    assert [checksum_ok(number) for number in numbers["0521-volunteer-news"]] == [True]


def test_one_story_lacks_its_consent_and_one_reprint_its_source() -> None:
    stories = [post for post in POSTS if post.get("patient_story")]
    assert [(post["id"], "consent" in post) for post in stories] == [("0526-recovery-story", False)]
    sourced = {
        p["id"]: "source" in p and "source_url" in p for p in POSTS if p["topic"] == "reprint"
    }
    assert sourced == {"0518-reprint-upper": False, "0530-reprint-summer-food": True}


def test_addresses_are_in_the_reserved_domain() -> None:
    written = [path.read_text(encoding="utf-8") for path in SCHEDULES.rglob("*.yaml")]
    written += [body(post) for post in articles()]
    hosts = {urlsplit(url).hostname for url in re.findall(r"https?://[^\s\"}]+", "".join(written))}
    assert hosts
    assert all(host is not None and host.endswith(".example") for host in hosts)


def test_media_are_small_and_of_the_right_shape() -> None:
    media = sorted((SCHEDULES / "media").iterdir())
    assert sum(path.stat().st_size for path in media) < 4_000_000
    sizes = Counter(picture_size(path) for path in media if path.suffix == ".jpg")
    assert sizes == {(900, 383): 12, (1080, 720): 12}
    videos = [path for path in media if path.suffix == ".mp4"]
    assert len(videos) == 9
    for path in videos:
        data = path.read_bytes()
        assert len(data) < 250_000
        assert data.index(b"moov") < data.index(b"mdat"), "the index comes first"
