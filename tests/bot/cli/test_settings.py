"""Wrong settings, ledgers and keys: exit code 2 and one clear sentence in Chinese."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from bot.i18n import _
from tests.bot.cli.office import Office, Ran
from tests.bot.engine.world import status
from tests.services import free_port


def refused(ran: Ran, *words: str) -> None:
    """Exit code 2, nothing on stdout, one message that holds `words`."""
    assert ran.code == 2
    assert ran.out == ""
    assert len(ran.err.splitlines()) == 1
    assert ran.err.startswith("✗ ")
    assert "Traceback" not in ran.err
    for word in words:
        assert word in ran.err


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("[gaps]\nwarn_day = 3\n", ["设置有误", "gaps.warn_day 没有这个设置项"]),
        ("[nonsense]\nx = 1\n", ["nonsense 没有这个设置项"]),
        ("[gaps]\nwarn_days = 0\n", ["gaps.warn_days 不能小于 1"]),
        ("[gaps]\nwarn_days = 'ten'\n", ["gaps.warn_days 应为整数"]),
        ("[office]\ntimezone = 'Peking'\n", ["office.timezone 不是有效时区（Peking）"]),
        ("[log]\nlevel = 'loud'\n", ["log.level 不在允许的范围内"]),
        ("gaps = 3\n", ["gaps 应为一组设置"]),
        ("[gaps\nwarn_days = 3\n", ["settings.toml", "line 1"]),
        ("secret_key = 'abc'\n", ["BOT_SECRET_KEY"]),
    ],
)
def test_a_wrong_settings_file(office: Office, text: str, words: list[str]) -> None:
    Path("settings.toml").write_text(text, encoding="utf-8")
    refused(office.bot("counts"), *words)


def test_a_settings_file_that_is_not_utf8(office: Office) -> None:
    Path("settings.toml").write_bytes("[office]\ntimezone = '上海'\n".encode("gbk"))
    refused(office.bot("counts"), "settings.toml")


@pytest.mark.parametrize(
    ("name", "value", "words"),
    [
        ("BOT_ENGINE__BATCH", "many", ["engine.batch 应为整数"]),
        ("BOT_ENGINE__BATCH", "5000", ["engine.batch 不能大于 1000"]),
        ("BOT_LOG__LEVEL", "loud", ["log.level 不在允许的范围内"]),
        ("BOT_LOG__JSON_LINES", "perhaps", ["log.json_lines 应为 true 或 false"]),
        ("BOT_GAPS", "ten", ["环境变量无法读取", "gaps"]),
        ("BOT_SECRET_KEY", "short", ["BOT_SECRET_KEY"]),
        ("BOT_QUEUE__REDIS_URL", "localhost:6379", ["queue.redis_url 不是有效地址"]),
        ("BOT_QUEUE__REDIS_URL", "redis://h:port/0", ["queue.redis_url 不是有效地址"]),
        ("BOT_LEDGER__URL", "nonsense", ["台账地址无效"]),
        ("BOT_LEDGER__URL", "mysql://bot@db/bot", ["台账地址无效"]),
        ("BOT_LEDGER__URL", "oracle9://x/y", ["台账地址无效"]),
    ],
)
def test_a_wrong_variable(
    office: Office, monkeypatch: pytest.MonkeyPatch, name: str, value: str, words: list[str]
) -> None:
    monkeypatch.setenv(name, value)
    refused(office.bot("counts"), *words)


def test_a_redis_address_is_taken_over_and_not_asked_by_short_commands(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    """They need the ledger only, so they work while Redis is gone."""
    monkeypatch.setenv("BOT_QUEUE__REDIS_URL", f"redis://:geheim@127.0.0.1:{free_port()}/0")
    ran = office.bot("counts", "--format", "json")
    assert (ran.code, ran.err) == (0, "")


def test_variables_win_over_the_file(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    Path("settings.toml").write_text("[office]\ntimezone = 'Peking'\n", encoding="utf-8")
    monkeypatch.setenv("BOT_OFFICE__TIMEZONE", "Asia/Shanghai")
    assert office.bot("counts", "--format", "json").code == 0


def test_a_password_in_a_wrong_address_is_not_shown(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    for url in ("postgres://bot:geheim@db/bot", "postgresql+asyncpg://bot:geheim@127.0.0.1:1/bot"):
        monkeypatch.setenv("BOT_LEDGER__URL", url)
        ran = office.bot("counts")
        refused(ran, "台账")
        assert "geheim" not in ran.err


@pytest.mark.parametrize("path", ["file/ledger.sqlite3", "folder", "file"])
def test_a_ledger_that_cannot_be_opened(
    office: Office, monkeypatch: pytest.MonkeyPatch, path: str
) -> None:
    """Below a file, a folder, and a file that is no ledger."""
    Path("file").write_text("not a ledger at all" * 100, encoding="utf-8")
    Path("folder").mkdir()
    monkeypatch.setenv("BOT_LEDGER__URL", f"sqlite:///{path}")
    refused(office.bot("counts"), "无法打开台账", path, "请检查路径、权限和磁盘空间")


def test_a_key_others_can_read(office: Office) -> None:
    assert office.bot("counts").code == 0
    Path("var/secret.key").chmod(0o640)
    refused(office.bot("counts"), "chmod 600 var/secret.key")


def test_a_key_file_without_a_key(office: Office) -> None:
    Path("var").mkdir()
    Path("var/secret.key").write_text("geheim\n", encoding="utf-8")
    Path("var/secret.key").chmod(0o600)
    ran = office.bot("counts")
    refused(ran, "var/secret.key", "没有有效密钥")
    assert "geheim" not in ran.err


def test_a_key_that_cannot_be_made(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    Path("file").write_text("", encoding="utf-8")
    monkeypatch.setenv("BOT_FILES__KEY", "file/secret.key")
    refused(office.bot("counts"), "file/secret.key", "files.key")


def test_the_key_is_made_for_its_owner_only(office: Office) -> None:
    assert office.bot("counts").code == 0
    assert Path("var/secret.key").stat().st_mode & 0o777 == 0o600


def test_an_error_inside_the_program_is_kept_in_a_file(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The demo's record is no JSON: nobody foresaw that, and still nobody sees a trace."""
    Path("demo").mkdir()
    Path("demo/public-posts.json").write_text("{", encoding="utf-8")
    ran = office.bot("demo", "--verify", "--dir", "demo")
    assert ran.code == 3
    assert "Traceback" not in ran.out + ran.err
    assert "程序内部出错" in ran.err
    [trace] = Path("var/errors").iterdir()
    assert str(trace) in ran.told
    assert "JSONDecodeError" in trace.read_text(encoding="utf-8")


def test_a_trace_that_cannot_be_kept_there_goes_elsewhere(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(office.folder / "elsewhere"))
    monkeypatch.setenv("BOT_LEDGER__URL", "sqlite:///ledger.sqlite3")
    monkeypatch.setenv("BOT_FILES__KEY", "secret.key")
    Path("var").write_text("", encoding="utf-8")
    Path("demo").mkdir()
    Path("demo/public-posts.json").write_text("{", encoding="utf-8")
    ran = office.bot("demo", "--verify", "--dir", "demo")
    assert ran.code == 3
    [trace] = Path("elsewhere").iterdir()
    assert "".join(str(trace).split()) in "".join(ran.err.split())


def test_the_log_is_as_loud_and_as_formed_as_the_file_says(office: Office) -> None:
    office.write(status("s1", "2099-05-06 10:00"))
    Path("settings.toml").write_text("[log]\nlevel='info'\njson_lines=true\n", encoding="utf-8")
    ran = office.bot("plan", "--apply", "--format", "json")
    assert ran.document["applied"] is True
    assert '"event": "plan.applied"' in ran.err
    Path("settings.toml").write_text("[log]\nlevel='warning'\n", encoding="utf-8")
    assert office.bot("plan", "--apply", "--format", "json").err == ""


def test_english_when_asked_for(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BOT_LANGUAGE", "en")
    monkeypatch.setenv("BOT_ENGINE__BATCH", "many")
    refused(office.bot("counts"), "The settings", "engine.batch must be a whole number")
    assert _("key item") == "key item"


def test_umask_does_not_open_the_key(office: Office) -> None:
    before = os.umask(0)
    try:
        assert office.bot("counts").code == 0
    finally:
        os.umask(before)
    assert Path("var/secret.key").stat().st_mode & 0o777 == 0o600


def test_a_quota_that_does_not_exist_is_named(office: Office) -> None:
    """Before anything is opened or sent, with those that do exist."""
    Path("settings.toml").write_text(
        "[platforms.weibo.quotas]\npublish_week = 100\n", encoding="utf-8"
    )
    office.write(status("s1"))
    for command in ("check", "plan", "run"):
        named = "platforms.weibo.quotas.publish_week 没有这个设置项"
        refused(office.bot(command), named, "publish_day")
