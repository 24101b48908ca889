"""`bot import`: a platform's own export, all of it or nothing, and never twice."""

from __future__ import annotations

from pathlib import Path

import pytest

from bot.app import App
from bot.ledger import items
from tests.bot.cli.office import Office
from tests.bot.engine.world import account, article, roster

HEAD = "视频描述,视频ID,发布时间,播放量,喜欢\n"
FIRST = HEAD + "流感季怎样防护,v1,2026-05-07 10:00,100,5\n勤洗手,v2,2026-05-08 10:00,50,1\n"
LATER = FIRST.replace(",100,", ",180,") + "开窗通风,v3,2026-05-20 10:00,7,0\n"


@pytest.fixture
def channels(office: Office) -> Office:
    """An office whose hospital has a 视频号, which nobody can read."""
    members = roster()
    members["units"][1]["accounts"].append(account("u02", "channels"))
    office.write(article(), members=members)
    assert office.bot("plan", "--apply").code == 0
    return office


def export(office: Office, text: str, name: str = "视频.csv", encoding: str = "gb18030") -> Path:
    path = office.folder / name
    path.write_bytes(text.encode(encoding))
    return path


def shown(office: Office) -> list[tuple[str, str, bool]]:
    found: list[tuple[str, str, bool]] = []

    async def look(app: App) -> None:
        async with app.core.ledger.read() as conn:
            rows = await items.between(conn, None, None)
        found.extend((row.platform_id, row.title, row.by_bot) for row in rows)

    office.work(look)
    return found


def told(office: Office, path: Path, *more: str) -> dict[str, object]:
    document = office.ask("import", path, "--account", "u02-channels", *more)
    return {name: document[name] for name in ("rows", "new", "updated", "same", "counted")}


def test_the_same_file_twice_changes_nothing_and_a_later_one_adds(channels: Office) -> None:
    path = export(channels, FIRST)
    counts = {"rows": 2, "new": 2, "updated": 0, "same": 0, "counted": 2}
    assert told(channels, path, "--dry-run") == counts
    assert shown(channels) == []
    assert told(channels, path) == counts
    before = shown(channels)
    assert before == [("v1", "流感季怎样防护", False), ("v2", "勤洗手", False)]
    again = {"rows": 2, "new": 0, "updated": 0, "same": 2, "counted": 0}
    assert told(channels, path) == again
    assert shown(channels) == before
    assert len(channels.ask("imports")["imports"]) == 1
    path = export(channels, LATER, "视频2.csv")
    assert told(channels, path) == {"rows": 3, "new": 1, "updated": 0, "same": 2, "counted": 2}
    (later, first) = channels.ask("imports", "--account", "u02-channels")["imports"]
    assert (later["file"], later["new"], first["rows"]) == ("视频2.csv", 1, 2)
    assert len(shown(channels)) == 3


def test_a_mistake_takes_nothing_over_and_names_its_cell(channels: Office) -> None:
    path = export(channels, FIRST + "开窗,v3,昨天上午,7,0\n")
    ran = channels.bot("import", path, "--account", "u02-channels")
    assert ran.code == 1
    assert "视频.csv:C4" in ran.told
    assert shown(channels) == []
    assert channels.ask("imports")["imports"] == []


def test_rows_without_a_name_are_known_by_time_and_words(channels: Office) -> None:
    """And get the platform's id once an export tells it."""
    bare = "视频描述,发布时间,播放量\n流感季怎样防护！,2026-05-07 10:00:20,100\n"
    assert told(channels, export(channels, bare))["new"] == 1
    assert told(channels, export(channels, bare + "\n"))["same"] == 1
    assert told(channels, export(channels, FIRST)) == {
        "rows": 2,
        "new": 1,
        "updated": 1,
        "same": 0,
        "counted": 2,
    }
    assert [name for name, _title, _by_bot in shown(channels)] == ["v1", "v2"]


def test_an_own_mapping_in_the_settings_or_in_a_file(channels: Office) -> None:
    path = export(channels, "稿件,哪天\n勤洗手,2026-05-07\n", encoding="utf-8")
    own = 'title = ["稿件"]\nday = ["哪天"]\n'
    (channels.folder / "台账.toml").write_text(own, encoding="utf-8")
    (channels.folder / "settings.toml").write_text(f"[imports.jk]\n{own}", encoding="utf-8")
    assert told(channels, path, "--mapping", "台账.toml")["new"] == 1
    assert told(channels, path, "--mapping", "jk")["same"] == 1


@pytest.mark.parametrize(
    ("args", "complaint"),
    [
        (["--account", "u09-channels"], "u09-channels"),
        (["--account", "u02-channels", "--mapping", "nothing"], "douyin"),
        (["--account", "u02-channels", "--from", "2026-05-01"], "--to"),
        (["--account", "u02-channels", "--from", "2026-05-02", "--to", "2026-05-01"], "--from"),
        (["--account", "u02-channels", "--from", "5月1日", "--to", "2026-05-01"], "5月1日"),
    ],
)
def test_a_wrong_wish_is_refused_in_one_sentence(
    channels: Office, args: list[str], complaint: str
) -> None:
    ran = channels.bot("import", export(channels, FIRST), *args)
    assert ran.code == 2
    assert complaint in ran.told
    assert shown(channels) == []


def test_an_account_the_bot_reads_takes_only_rows_with_a_name(channels: Office) -> None:
    """Else it would show the same post twice, read and imported."""
    bare = export(channels, "标题,发布时间\n勤洗手,2026-05-07 10:00\n")
    ran = channels.bot("import", bare, "--account", "u02-wechat")
    assert (ran.code, "视频.csv:A2" in ran.told) == (2, True)
    assert shown(channels) == []
