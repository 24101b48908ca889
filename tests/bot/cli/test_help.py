"""Help and complaints about the command line are Chinese, and end with the right code."""

from __future__ import annotations

import re

import pytest

from tests.bot.cli.office import Office

COMMANDS = [
    *([name] for name in ("demo", "check", "plan", "run", "simulator", "collect")),
    *([name] for name in ("coverage", "counts", "earlier", "gaps", "publications", "accounts")),
    ["contacts"],
    *(
        ["publications", name]
        for name in ("list", "show", "retry", "cancel", "confirm", "accept", "decline")
    ),
    *(["publications", name] for name in ("freeze", "unfreeze")),
    *([name] for name in ("withdraw", "correct", "recalls", "import", "imports")),
    *(["recalls", name] for name in ("list", "show", "done")),
    *(["accounts", name] for name in ("list", "set-credential", "resume")),
    *(["contacts", name] for name in ("list", "remove", "set", "test")),
    *([name] for name in ("preview", "rehearse", "worker", "web", "doctor", "export")),
    *([name] for name in ("tasks", "matches", "reviews")),
    *(["reviews", name] for name in ("list", "show", "approve", "refuse")),
    *(["tasks", name] for name in ("list", "link", "done")),
    *(["matches", name] for name in ("list", "show", "confirm", "refuse")),
    *(["export", name] for name in ("coverage", "xlsx", "csv", "yaml", "ics", "roster")),
]
CJK = re.compile("[\u4e00-\u9fff]")


@pytest.mark.parametrize("command", [[], *COMMANDS], ids=" ".join)
def test_every_command_explains_itself_in_chinese(office: Office, command: list[str]) -> None:
    ran = office.bot(*command, "--help")
    assert (ran.code, ran.err) == (0, "")
    assert "选项" in ran.out
    assert "显示本帮助" in ran.out
    explained = [line for line in ran.out.splitlines() if re.match(r"│ [ *] *\S", line)]
    assert [line for line in explained if len(line.split()) > 3 and not CJK.search(line)] == []
    for english in ("Options", "Commands", "Arguments", "Show this", "[required]", "[default"):
        assert english not in ran.out


def test_every_command_is_listed(office: Office) -> None:
    out = office.bot("--help").out
    for command in COMMANDS:
        if len(command) == 1:
            assert re.search(rf"│ {command[0]} +[\u4e00-\u9fff]", out)


@pytest.mark.parametrize(
    ("args", "complaint"),
    [
        (["nonsense"], "没有命令 nonsense"),
        (["counts", "--nonsense"], "没有选项 --nonsense"),
        (["counts", "--month"], "--month 后面要写值"),
        (["counts", "--by", "moon"], "--by 不能填“moon”，可填 'unit'"),
        (["publications", "list", "--state", "lost"], "--state 不能填“lost”，可填 'planned'"),
        (["publications", "show"], "缺少 "),
        (["publications", "nonsense"], "没有命令 nonsense"),
        (["simulator", "--port", "high"], "--port 应为整数"),
        (["check", "a", "b"], "多写了 b"),
    ],
)
def test_a_wrong_command_line(office: Office, args: list[str], complaint: str) -> None:
    ran = office.bot(*args)
    assert (ran.code, ran.out) == (2, "")
    assert ran.err.startswith(f"✗ 命令写法有误：{complaint}")
    assert ran.err.endswith("。用法见 `--help`。\n")
    assert len(ran.err.splitlines()) == 1


@pytest.mark.parametrize("group", [[], ["publications"], ["accounts"]], ids=" ".join)
def test_no_command_at_all_shows_the_help(office: Office, group: list[str]) -> None:
    ran = office.bot(*group)
    assert ran.code == 2
    assert "显示本帮助" in ran.out + ran.err


def test_help_in_english(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BOT_LANGUAGE", "en")
    assert "Options" in office.bot("counts", "--help").out
