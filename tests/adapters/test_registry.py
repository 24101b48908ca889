"""Adapters by name."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from adapters.registry import adapter_for, platforms
from bot.errors import UsageError
from tests.adapters.wechat.stage import WechatStage


def test_wechat_is_served_by_its_own_adapter() -> None:
    assert "wechat" in platforms()
    assert adapter_for("wechat").name == "wechat"


def test_every_platform_has_an_adapter_with_capabilities() -> None:
    for platform in platforms():
        adapter = adapter_for(platform)
        assert adapter.capabilities.title
        assert adapter.Config.model_config["extra"] == "forbid"


@pytest.mark.parametrize(("platform", "mode"), [("myspace", ""), ("wechat", "robot")])
def test_what_is_not_known_is_refused_by_name(platform: str, mode: str) -> None:
    with pytest.raises(UsageError, match=mode or platform):
        adapter_for(platform, mode)


@pytest.mark.parametrize("platform", ["channels", "xuexi", "xiaohongshu"])
def test_platforms_without_an_api_go_to_a_person(platform: str) -> None:
    assert adapter_for(platform).name == "handoff"


def test_any_account_can_be_given_to_a_person() -> None:
    assert adapter_for("wechat", "handoff").name == "handoff"
    assert not adapter_for("wechat", "handoff").capabilities.publishes


async def test_settings_nobody_knows_are_refused(tmp_path: Path) -> None:
    stage = await WechatStage(tmp_path).start()
    with pytest.raises(UsageError, match="timeout_sec"):
        stage.another_adapter(timeout_sec=3)
    await stage.close()


PLUGIN = """
from adapters.wechat.adapter import Wechat
class Toutiao(Wechat):
    name = "toutiao"
"""


@pytest.mark.parametrize(
    ("entry", "told"),
    [("toutiao = plug:Toutiao", "toutiao"), ("other = plug:Toutiao", "calls itself")],
)
def test_an_installed_package_brings_its_adapter(tmp_path: Path, entry: str, told: str) -> None:
    (tmp_path / "plug.py").write_text(PLUGIN)
    info = tmp_path / "plug-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: plug\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text(f"[xuanfa_bot.adapters]\n{entry}\n")
    name = entry.split()[0]
    code = f"import adapters.registry as r; print(r.adapter_for({name!r}).name)"
    paths = os.pathsep.join([str(tmp_path), *filter(None, sys.path)])
    env = {**os.environ, "PYTHONPATH": paths, "BOT_LANGUAGE": "en"}
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, env=env)
    assert told in done.stdout + done.stderr


def test_an_adapter_is_imported_only_when_asked_for() -> None:
    """A broken library of one platform must not stop the others."""
    code = (
        "import sys, adapters.registry as r; r.adapter_for('wechat'); "
        "print([m for m in sys.modules if m.startswith('adapters.weibo')])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
