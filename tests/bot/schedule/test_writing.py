"""Ids are written into real files, and nothing else in them changes."""

from __future__ import annotations

import io
import os
import re
import resource
import signal
import subprocess
import sys
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
import xlsxwriter

from bot.schedule import naming
from bot.schedule.folder import Folder
from bot.schedule.naming import Gap, Planned
from bot.schedule.sources import read_source
from bot.schedule.writing import Written, locks, write_all

ROOT = Path(__file__).parents[3]
ZONE = "Asia/Shanghai"
LONG_AGO = date(2019, 5, 6)
NOBODY = 65534
YAML = """# 五月
timezone: Asia/Shanghai
posts:
  # 护士节之前
  - at: 2026-05-06 10:00   # 早上
    title: "甲"
    accounts: [u01-weibo]

  -
    title: 乙 # 第二条
    at: 2026-05-07 10:00
    id:   # 以后再填
  - {at: 2026-05-08 10:00, title: 丙}
  - id: kept
    at: 2026-05-09 10:00
    title: 丁
  - id: ~
    at: 2026-05-10 10:00
    title: 戊
"""
CSV = (
    '备注,编号,发布时间,标题,短文\n一,,2026-05-06 10:00,"甲，""一""","两\n行"\n'
    '二,kept,2026-05-07 10:00,乙,短\n"三","","2026-05-08 10:00","丙",短\n'
)
_ID = re.compile(r"05\d\d-[0-9a-f]{6}")


def _give(root: Path, file: str) -> Written:
    """Ids for all entries of the file that have none."""
    sources = {file: read_source(Folder(root=root), file, ZONE)}
    found = naming.gaps(sources)
    return write_all(root, naming.name(found, naming.ids(sources), {}), ZONE)


def _ids(root: Path, file: str) -> list[str]:
    source = read_source(Folder(root=root), file, ZONE)
    assert source.root is not None
    posts = source.root.get("posts")
    assert posts is not None
    return [node.text("id") for node in posts.items()]


def _kept_but_ids(root: Path, file: str) -> None:
    """Every entry has an id now, another each; the one there was is as it was."""
    found = _ids(root, file)
    assert len(set(found)) == len(found)
    assert [name for name in found if not _ID.fullmatch(name)] == ["kept"]


@pytest.mark.parametrize("line_end", ["\n", "\r\n"])
@pytest.mark.parametrize("mark", ["", "\ufeff"])
def test_yaml_keeps_comments_layout_and_line_ends(tmp_path: Path, line_end: str, mark: str) -> None:
    file = tmp_path / "2026-05.yaml"
    before = mark + YAML.replace("\n", line_end)
    file.write_bytes(before.encode())
    assert _give(tmp_path, file.name) == Written(counts={file.name: 4})
    _kept_but_ids(tmp_path, file.name)
    after = file.read_bytes().decode()
    first, second, third, _kept, fifth = _ids(tmp_path, file.name)
    assert before == (
        after.replace(f"- id: {first}{line_end}    at", "- at")
        .replace(f"id: {second}", "id:")
        .replace(f"id: {third}, ", "")
        .replace(f"id: {fifth}", "id: ~")
    )
    assert {item.name for item in tmp_path.iterdir()} == {file.name}


@pytest.mark.parametrize(
    "encoding", ["utf-8", "utf-8-sig", "gb18030", "utf-16"], ids=lambda name: str(name)
)
@pytest.mark.parametrize("line_end", ["\n", "\r\n"])
def test_csv_keeps_encoding_quotes_and_line_ends(
    tmp_path: Path, encoding: str, line_end: str
) -> None:
    file = tmp_path / "2026-05.csv"
    before = CSV.replace("\n", line_end)
    file.write_bytes(before.encode(encoding))
    assert _give(tmp_path, file.name) == Written(counts={file.name: 2})
    _kept_but_ids(tmp_path, file.name)
    first, _second, third = _ids(tmp_path, file.name)
    after = file.read_bytes()
    assert after.decode(encoding).replace(first, "").replace(third, "") == before
    assert after[:4] == before.encode(encoding)[:4]


@pytest.mark.parametrize("head", ["sep=;\n", ""])
def test_csv_rows_that_end_early_and_another_mark(tmp_path: Path, head: str) -> None:
    file = tmp_path / "2026-05.csv"
    before = head + "发布时间;标题;短文;编号\n2026-05-06 10:00;甲;短\n2026-05-07 10:00;乙;短;kept"
    file.write_text(before, encoding="utf-8")
    assert _give(tmp_path, file.name) == Written(counts={file.name: 1})
    first, second = _ids(tmp_path, file.name)
    assert second == "kept"
    assert file.read_text("utf-8") == before.replace("甲;短\n", f"甲;短;{first}\n")


def _workbook(file: Path, sheets: int = 1) -> None:
    """A workbook with all that a loading and saving library tends to lose."""
    book = xlsxwriter.Workbook(file)
    style = book.add_format({"bg_color": "#FFEEAA", "bold": True})
    for number in range(sheets):
        sheet = book.add_worksheet(f"第{number + 1}周")
        sheet.write_row(0, 0, ["编号", "发布时间", "标题", "短文"], style)
        sheet.write_blank(1, 0, None, style)
        sheet.write_row(1, 1, [f"2026-05-{6 + number:02} 10:00", "甲<&>", "短"])
        sheet.write_row(2, 0, [f"kept{number or ''}", f"2026-05-{10 + number} 10:00", "乙", "短"])
        sheet.write_row(3, 1, [f"2026-05-{20 + number} 10:00", "丙", "短"])
        sheet.data_validation("D2:D9", {"validate": "list", "source": ["短", "长"]})
        sheet.write_comment("C2", "请审核")
        sheet.conditional_format("A2:A9", {"type": "blanks", "format": style})
        sheet.freeze_panes(1, 0)
    chart = book.add_chart({"type": "column"})
    chart.add_series({"values": "=第1周!$D$2:$D$4"})
    book.get_worksheet_by_name("第1周").insert_chart("H2", chart)
    book.close()


def _parts(raw: bytes) -> dict[str, bytes]:
    with zipfile.ZipFile(io.BytesIO(raw)) as archive:
        return {info.filename: archive.read(info) for info in archive.infolist()}


@pytest.mark.parametrize("sheets", [1, 2])
def test_a_workbook_keeps_every_other_part_and_cell(tmp_path: Path, sheets: int) -> None:
    file = tmp_path / "2026-05.xlsx"
    _workbook(file, sheets)
    before = file.read_bytes()
    assert _give(tmp_path, file.name) == Written(counts={file.name: 2 * sheets})
    found = _ids(tmp_path, file.name)
    assert len([name for name in found if _ID.fullmatch(name)]) == 2 * sheets
    old, new = _parts(before), _parts(file.read_bytes())
    assert list(old) == list(new)
    changed = {name for name in old if old[name] != new[name]}
    assert changed == {f"xl/worksheets/sheet{number + 1}.xml" for number in range(sheets)}
    cell = re.compile(rb'<c r="(A\d)"( s="1")? t="inlineStr"><is><t>[0-9a-f-]{11}</t></is></c>')
    for name in changed:
        plain = cell.sub(lambda found: b'<c r="A2" s="1"/>' if found[2] else b"", new[name])
        assert plain == old[name]
        assert len(cell.findall(new[name])) == 2


def test_a_workbook_with_prefixes_and_cells_without_names(tmp_path: Path) -> None:
    """Some programs write `x:c`, and leave out what can be counted."""
    file = tmp_path / "2026-05.xlsx"
    _workbook(file)
    parts = _parts(file.read_bytes())
    sheet = parts["xl/worksheets/sheet1.xml"].decode()
    body = re.search(r"<sheetData>.*</sheetData>", sheet)
    assert body is not None
    rows = re.sub(r"<(/?)(\w)", r"<\1x:\2", body[0])
    rows = rows.replace('<x:row r="4" spans="1:4">', "<x:row><x:c s='1'></x:c>")
    rows = re.sub(r'(<x:(?:row|c)) r="[A-Z]?[234]"', r"\1", rows)
    space = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
    parts["xl/worksheets/sheet1.xml"] = (
        f'<x:worksheet xmlns:x="{space}">{rows}</x:worksheet>'.encode()
    )
    with zipfile.ZipFile(file, "w") as archive:
        for name, content in parts.items():
            archive.writestr(name, content)
    assert _give(tmp_path, file.name) == Written(counts={file.name: 2})
    found = _ids(tmp_path, file.name)
    assert [bool(_ID.fullmatch(name)) for name in found] == [True, False, True]
    new = _parts(file.read_bytes())["xl/worksheets/sheet1.xml"]
    assert b'<x:c r="A4" s=\'1\' t="inlineStr"><x:is><x:t>' in new


def test_a_sheet_without_the_column_is_left_to_people(tmp_path: Path) -> None:
    for file, text in (("2026-05.csv", "发布时间,标题,短文\n2026-05-06 10:00,甲,短\n"),):
        (tmp_path / file).write_text(text, encoding="utf-8")
        written = _give(tmp_path, file)
        assert (written.counts, list(written.refused), written.passing) == ({}, [file], frozenset())
        assert (tmp_path / file).read_text("utf-8") == text


def test_an_entry_that_stands_twice_by_an_alias_is_left_to_people(tmp_path: Path) -> None:
    file = tmp_path / "2026-05.yaml"
    text = "timezone: Asia/Shanghai\nposts:\n  - &a {at: 2026-05-06 10:00, title: 甲}\n  - *a\n"
    file.write_text(text, encoding="utf-8")
    assert list(_give(tmp_path, file.name).refused) == [file.name]
    assert file.read_text("utf-8") == text


@pytest.fixture
def yaml_file(tmp_path: Path) -> Iterator[Path]:
    """A calendar that must be as it was at the end, with nothing beside it."""
    file = tmp_path / "2026-05.yaml"
    file.write_text(YAML, encoding="utf-8")
    yield file
    assert file.read_text("utf-8") == YAML
    assert {item.name for item in tmp_path.iterdir()} == {file.name}


@pytest.mark.parametrize("lock", ["~$2026-05.yaml", ".~2026-05.yaml", ".~lock.2026-05.yaml#"])
def test_an_open_file_is_not_written(yaml_file: Path, lock: str) -> None:
    locked = yaml_file.with_name(lock)
    locked.write_bytes(b"\x05Li")
    assert locks(yaml_file) == [locked]
    written = _give(yaml_file.parent, yaml_file.name)
    assert (written.counts, written.passing) == ({}, frozenset({yaml_file.name}))
    assert lock in written.refused[yaml_file.name]
    locked.unlink()


def test_a_file_that_says_something_else_by_now_is_not_written(yaml_file: Path) -> None:
    gap = Gap(file=yaml_file.name, index=0, cell=None, when="2026-05-06 10:00", title="别的")
    written = write_all(yaml_file.parent, {gap: "0506-abcdef"}, ZONE)
    assert written.passing == frozenset({yaml_file.name})


def test_a_full_disk_leaves_the_old_file(yaml_file: Path) -> None:
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (100, hard))
    try:
        written = _give(yaml_file.parent, yaml_file.name)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert written.passing == frozenset({yaml_file.name})


def test_killed_while_it_writes_leaves_the_old_file(tmp_path: Path) -> None:
    file = tmp_path / "2026-05.yaml"
    file.write_text(YAML, encoding="utf-8")
    killed = subprocess.run(
        [
            sys.executable,
            "-c",
            "import resource, signal, sys\n"
            "from tests.bot.schedule.test_writing import _give\n"
            "from pathlib import Path\n"
            "signal.signal(signal.SIGXFSZ, signal.SIG_DFL)\n"
            "resource.setrlimit(resource.RLIMIT_FSIZE, (100, 100))\n"
            "_give(Path(sys.argv[1]), sys.argv[2])\n",
            str(tmp_path),
            file.name,
        ],
        cwd=ROOT,
        check=False,
    )
    assert killed.returncode == -signal.SIGXFSZ
    assert file.read_text("utf-8") == YAML
    # What it left is hidden, and no calendar; the next try is not hindered by it.
    assert _give(tmp_path, file.name).counts == {file.name: 4}


@contextmanager
def _as_nobody() -> Iterator[None]:
    """Root may do everything; these tests need somebody who may not."""
    if os.geteuid() != 0:
        yield
        return
    os.seteuid(NOBODY)
    try:
        yield
    finally:
        os.seteuid(0)


def test_rights_stay_with_the_file(tmp_path: Path) -> None:
    file = tmp_path / "2026-05.yaml"
    file.write_text(YAML, encoding="utf-8")
    file.chmod(0o640)
    if os.geteuid() == 0:
        os.chown(file, NOBODY, NOBODY)
    before = file.stat()
    assert _give(tmp_path, file.name).counts == {file.name: 4}
    after = file.stat()
    assert (after.st_mode, after.st_uid, after.st_gid) == (
        before.st_mode,
        before.st_uid,
        before.st_gid,
    )


def test_a_file_the_bot_would_take_from_its_owner_is_left_alone() -> None:
    """A group's folder in which everybody may make files; the file is somebody else's."""
    with TemporaryDirectory() as folder:
        root = Path(folder)
        root.chmod(0o777)
        file = root / "2026-05.yaml"
        file.write_text(YAML, encoding="utf-8")
        owner = file.stat().st_uid
        with _as_nobody():
            written = _give(root, file.name)
        # Who is not root owns what it makes, and then there is nothing to refuse.
        foreign = os.geteuid() == 0
        assert (written.counts == {}) is foreign
        assert (file.read_text("utf-8") == YAML) is foreign
        assert file.stat().st_uid == owner
        assert written.passing == frozenset()
        assert {item.name for item in root.iterdir()} == {file.name}


def test_the_same_entry_gets_the_same_id_and_a_twin_another() -> None:
    def gap(index: int, when: str = "2026-05-06 10:00", title: str = "甲") -> Gap:
        return Gap(file="a.yaml", index=index, cell=None, when=when, title=title)

    first = naming.name([gap(0)], set(), {})[gap(0)]
    assert first.startswith("0506-")
    assert naming.name([gap(0)], set(), {first: Planned(title="甲", day=LONG_AGO)}) == {
        gap(0): first
    }
    both = naming.name([gap(0), gap(1)], set(), {})
    assert both[gap(0)] == first != both[gap(1)]
    renamed = {first: Planned(title="乙", day=LONG_AGO.replace(year=2026))}
    assert naming.name([gap(0)], set(), renamed) == {gap(0): first}
    # Another post of the ledger, or of the folder, has that id.
    assert naming.name([gap(0)], set(), {first: Planned(title="乙", day=LONG_AGO)}) == {
        gap(0): both[gap(1)]
    }
    assert naming.name([gap(0)], {first}, {}) == {gap(0): both[gap(1)]}
    assert naming.name([gap(0)], set(both.values()), {}) == {}
