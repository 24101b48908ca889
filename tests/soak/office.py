"""The soak's office: sixty accounts, a calendar that grows in waves, and people who change it."""

from __future__ import annotations

import shutil
from collections import Counter
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from random import Random
from zoneinfo import ZoneInfo

import yaml

from tests.bot.engine.world import MEDIA, Data, article, status, video

PLATFORMS = ("wechat", "weibo", "douyin")
UNITS = 20
ZONE = ZoneInfo("Asia/Shanghai")
_MEDIA = ("cover-01.jpg", "photo-01.jpg", "video-01.mp4")
_BODIES = {
    "plain": "流感季来了，及时接种疫苗，勤洗手。\n\n发热请就诊。\n",
    "picture": "流感季来了，勤洗手。\n\n![洗手](media/photo-01.jpg)\n\n发热请就诊。\n",
}
_RECENT = 60  # posts people still change


def roster() -> Data:
    """Twenty units with an account on each platform; the first one's are the flagship's."""
    return {
        "matrix": "澜汀区卫生健康新媒体矩阵",
        "units": [_unit(number) for number in range(1, UNITS + 1)],
    }


def _unit(number: int) -> Data:
    unit, name = f"u{number:02}", f"澜汀区第{number}人民医院"
    accounts = [_account(unit, name, platform, number) for platform in PLATFORMS]
    return {"id": unit, "name": name, "short": unit, "accounts": accounts}


def _account(unit: str, name: str, platform: str, number: int) -> Data:
    data: Data = {
        "id": f"{unit}-{platform}",
        "platform": platform,
        "name": f"健康{unit}",
        "verified_name": name,
        "filing": f"澜网备2019-{unit}",
    }
    if platform == "wechat":
        data["kind"] = ("subscription", "service")[number % 2]
    if platform == "weibo":
        data["options"] = {"safe_link": f"https://{unit}.lanting.example/"}
    if platform != "douyin":
        data |= {"flagship": True} if number == 1 else {"reprint": "auto"}
    return data


@dataclass
class Office:
    """The calendar as its people have it now, and its files."""

    folder: Path
    random: Random
    ahead_min: int = 1  # how far ahead people plan, and how long reprints are spread
    posts: dict[str, Data] = field(default_factory=dict)
    edits: Counter[str] = field(default_factory=Counter)

    def begin(self) -> None:
        """Makes the folder with everything the files refer to."""
        (self.folder / "media").mkdir(parents=True)
        (self.folder / "posts").mkdir()
        for name in _MEDIA:
            shutil.copy(MEDIA / name, self.folder / "media" / name)
        for name, text in _BODIES.items():
            (self.folder / "posts" / f"{name}.md").write_text(text, encoding="utf-8")
        self._dump("roster.yaml", roster())
        self.write()

    def write(self) -> None:
        """Brings the calendar file up to date."""
        self._dump("soak.yaml", {"timezone": ZONE.key, "posts": list(self.posts.values())})

    def _dump(self, name: str, data: Data) -> None:
        text = yaml.dump(data, Dumper=_Dumper, allow_unicode=True, sort_keys=False)
        (self.folder / name).write_text(text, encoding="utf-8")

    def add_wave(self, now: datetime, posts: int, *, key_items: int = 1) -> None:
        """More posts, due now or within the next minute; key items are copied by all units."""
        for _number in range(key_items):
            self._add(self._key_item(now))
        for _number in range(posts):
            self._add(self._post(now))

    def _add(self, post: Data) -> None:
        self.posts[post["id"]] = post

    def _next(self) -> str:
        return f"q{len(self.posts) + self.edits['removed'] + 1:05}"

    def _key_item(self, now: datetime) -> Data:
        return self._article(
            self._next(),
            _at(now),
            accounts=["u01-wechat", "u01-weibo"],
            text="",
            key={"deadline": "T+24h", "spread": f"{self.ahead_min}m"},
        )

    def _post(self, now: datetime) -> Data:
        at = _at(now + timedelta(minutes=self.random.choice([0, 0, self.ahead_min])))
        platform = self.random.choice(PLATFORMS)
        units = self.random.sample(range(1, UNITS + 1), self.random.randint(2, 7))
        accounts = [f"u{unit:02}-{platform}" for unit in sorted(units)]
        name = self._next()
        match platform:
            case "wechat":
                push = {"push": True} if self.random.random() < 0.2 else {}
                return self._article(name, at, accounts=accounts, **push)
            case "weibo":
                images = {"images": ["media/photo-01.jpg"]} if self.random.random() < 0.3 else {}
                return status(name, at, accounts=accounts, **images)
            case _:
                return video(name, at, accounts=accounts)

    def _article(self, name: str, at: str, **more: object) -> Data:
        body = self.random.choice([*_BODIES])
        post = article(name, at, body=f"posts/{body}.md", **more)
        return post | ({"text": f"【重点】流感防护{name}，请看全文。"} if "text" in post else {})

    def edit(self, number: int) -> None:
        """The people change some of the newest posts: text, time, or out with it."""
        recent = list(self.posts)[-_RECENT:]
        for name in self.random.sample(recent, min(number, len(recent))):
            how = self.random.choice(["text", "text", "moved", "window", "removed"])
            if how == "removed" and "key" in self.posts[name]:
                how = "text"
            self.edits[how] += 1
            self._change(name, how)

    def _change(self, name: str, how: str) -> None:
        if how == "removed":
            del self.posts[name]
            return
        post = self.posts[name] = dict(self.posts[name])
        match how:
            case "text":
                number = self.edits["text"]
                post["title"] = f"{post['title'].partition('（')[0]}（修订{number}）"
                if "text" in post:
                    post["text"] = f"{post['text'].partition('修订')[0]}修订{number}。"
            case "moved":
                at = datetime.strptime(post["at"], "%Y-%m-%d %H:%M").replace(tzinfo=ZONE)
                post["at"] = _at(at + timedelta(minutes=self.ahead_min))
            case _:
                post["window"] = self.random.choice(["3h", "4h", "5h"])


class _Dumper(getattr(yaml, "CSafeDumper", yaml.SafeDumper)):  # type: ignore[misc]
    """Quick, and without anchors for what is written twice."""

    def ignore_aliases(self, data: object) -> bool:
        return True


def _at(moment: datetime) -> str:
    return f"{moment.astimezone(ZONE):%Y-%m-%d %H:%M}"
