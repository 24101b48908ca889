"""A small schedules folder for tests to break."""

from pathlib import Path

PLATFORMS = frozenset({"wechat", "weibo", "douyin", "kuaishou", "channels", "website"})
_SOUND = Path(__file__).parents[2] / "data" / "broken" / "no-calendar"
ROSTER = (_SOUND / "roster.yaml").read_text("utf-8")
GOOD = """timezone: Asia/Shanghai
defaults:
  accounts: [u01-wechat]
posts:
  - id: 0506-hand
    at: 2026-05-06 10:00
    title: 手卫生，从七步洗手法开始
    text: 洗手二十秒。
"""


def make_folder(root: Path, *, calendar: str = GOOD, roster: str = ROSTER) -> Path:
    """`root` with a roster and the calendar file 2026-05.yaml in it."""
    (root / "roster.yaml").write_bytes(roster.encode())
    (root / "2026-05.yaml").write_bytes(calendar.encode())
    return root
