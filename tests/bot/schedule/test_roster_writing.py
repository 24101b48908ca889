"""What a platform says is put into the office's own roster, and nothing else in it changes."""

from __future__ import annotations

import difflib
import io
import zipfile
from datetime import date, datetime
from pathlib import Path

import pytest

from bot.schedule.roster import read_roster
from bot.schedule.roster_book import to_xlsx
from bot.schedule.roster_export import to_csv
from bot.schedule.roster_writing import Changes, write_roster
from bot.schedule.writing import NotWritten
from bot.schedule.xlsx import read_xlsx

SCHEDULES = Path(__file__).parents[3] / "schedules"
CREATED = datetime(2026, 5, 1)  # noqa: DTZ001
CHANGES = Changes(
    values={
        "u02-wechat": {"name": '澜汀一院: "新"', "kind": "service"},
        "u03-wechat": {"verified_until": "2028-02-29"},
    },
    added=[
        (
            "u04",
            {
                "id": "u04-weibo2",
                "platform": "weibo",
                "name": "澜汀中医#2",
                "verified_name": "澜汀区中医医院",
            },
        )
    ],
)
YAML = """# 名册
matrix: 澜汀
units:
  - id: u02   # 一院
    name: 澜汀区第一人民医院
    accounts:
      - {id: u02-wechat, platform: wechat, name: 旧名, verified_name: 澜汀区第一人民医院}  # 流式
  - id: u03
    name: 澜汀区第二人民医院
    accounts:
      - id: u03-wechat
        platform: wechat
        name: "澜汀二院"
        verified_name: 澜汀区第二人民医院
        verified_until: 2026-12-01   # 年审
  - id: u04
    name: 澜汀区中医医院
    accounts:
      # 只有一个
      - id: u04-wechat
        platform: wechat
        name: 澜汀中医
        verified_name: 澜汀区中医医院   # 已核

# 完
"""


def folder(root: Path, kind: str) -> Path:
    """A folder with the roster as this kind of file."""
    (root / "roster.yaml").write_text(YAML, encoding="utf-8")
    if kind == "yaml":
        return root / "roster.yaml"
    roster, problems = read_roster(root / "roster.yaml")
    assert problems == []
    (root / "roster.yaml").unlink()
    raw = to_csv(roster) if kind == "csv" else to_xlsx(roster, created=CREATED, template=False)
    (root / f"roster.{kind}").write_bytes(raw)
    return root / f"roster.{kind}"


@pytest.mark.parametrize("kind", ["yaml", "xlsx", "csv"])
def test_values_and_an_account_are_put_in(tmp_path: Path, kind: str) -> None:
    file = folder(tmp_path, kind)
    before, _problems = read_roster(file)
    assert write_roster(tmp_path, CHANGES) == file.name
    after, problems = read_roster(file)
    assert problems == []
    first = after.accounts["u02-wechat"]
    assert (first.name, first.kind) == ('澜汀一院: "新"', "service")
    assert after.accounts["u03-wechat"].verified_until == date(2028, 2, 29)
    assert (after.accounts["u04-weibo2"].unit, after.accounts["u04-weibo2"].name) == (
        *("u04", "澜汀中医#2"),
    )
    assert [name for name in after.accounts if name in before.accounts] == list(before.accounts)
    assert after.units.keys() == before.units.keys()
    assert sorted(path.name for path in tmp_path.iterdir()) == [file.name]


def test_only_those_lines_of_a_text_change(tmp_path: Path) -> None:
    file = folder(tmp_path, "yaml")
    write_roster(tmp_path, CHANGES)
    changed = difflib.ndiff(YAML.split("\n"), file.read_text("utf-8").split("\n"))
    assert [line for line in changed if line[0] in "+-"] == [
        "-       - {id: u02-wechat, platform: wechat, name: 旧名, "
        "verified_name: 澜汀区第一人民医院}  # 流式",
        "+       - {kind: service, id: u02-wechat, platform: wechat, "
        "name: '澜汀一院: \"新\"', verified_name: 澜汀区第一人民医院}  # 流式",
        "-         verified_until: 2026-12-01   # 年审",
        "+         verified_until: 2028-02-29   # 年审",
        "+       - {id: u04-weibo2, platform: weibo, name: 澜汀中医#2, "
        "verified_name: 澜汀区中医医院}",
    ]


def test_only_the_sheet_of_a_workbook_changes_and_a_day_stays_one(tmp_path: Path) -> None:
    file = folder(tmp_path, "xlsx")
    old = file.read_bytes()
    write_roster(tmp_path, CHANGES)
    with zipfile.ZipFile(io.BytesIO(old)) as one, zipfile.ZipFile(file) as other:
        names = [info.filename for info in one.infolist()]
        changed = [name for name in names if one.read(name) != other.read(name)]
    assert changed == ["xl/worksheets/sheet2.xml"]
    grids, problems = read_xlsx(file.read_bytes(), "roster.xlsx")
    assert problems == []
    accounts = next(grid for grid in grids if grid.title == "账号")
    assert date(2028, 2, 29) in accounts.rows[2]


@pytest.mark.parametrize("case", ["open", "two", "alias", "nobody"])
def test_what_is_not_safe_is_not_done(tmp_path: Path, case: str) -> None:
    file = folder(tmp_path, "yaml")
    changes = CHANGES
    if case == "open":
        (tmp_path / ".~lock.roster.yaml#").touch()
    elif case == "two":
        (tmp_path / "roster.csv").touch()
    elif case == "alias":  # two accounts share the name; one must not change the other's
        text = YAML.replace("name: 旧名", "name: &a 旧名").replace('"澜汀二院"', "*a")
        file.write_text(text, encoding="utf-8")
        changes = Changes(values={"u03-wechat": {"name": "新"}})
    else:
        changes = Changes(values={"u99-wechat": {"name": "新"}})
    before = file.read_bytes()
    with pytest.raises(NotWritten):
        write_roster(tmp_path, changes)
    assert file.read_bytes() == before
