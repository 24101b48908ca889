"""`bot preview`: a page as a file or over HTTP, and the same as JSON."""

from __future__ import annotations

import signal
import socket
import urllib.request
from collections.abc import Iterator, Mapping

import pytest
import yaml

from tests.bot.cli.office import Office, start
from tests.bot.cli.stage import SOON_S
from tests.bot.engine.world import article, status, video

KEYS = {
    *("platform", "kind", "accounts", "by_hand", "due_at", "title", "screens", "length", "limit"),
    *("lengths", "problems"),
}
KEY_ITEM = {"deadline": "T+24h", "spread": "2h"}


def test_the_page_is_written_and_nothing_else_is_touched(office: Office) -> None:
    office.write(article("a1"))
    ran = office.bot("preview", "a1")
    page = office.folder / "var" / "preview" / "a1.html"
    assert (ran.code, ran.err) == (0, "")
    assert "var/preview/a1.html" in ran.out
    assert "流感季防护提示a1" in page.read_text(encoding="utf-8")
    assert sorted(path.name for path in (office.folder / "var").iterdir()) == ["preview"]
    assert office.bot("preview", "a1", "--out", "deep/in/p.html").code == 0
    assert (office.folder / "deep" / "in" / "p.html").read_bytes() == page.read_bytes()


def test_no_file_but_an_earlier_preview_is_written_over(office: Office) -> None:
    office.write(status("s1"))
    calendar = office.schedules / "2026-05.yaml"
    before = calendar.read_bytes()
    ran = office.bot("preview", "s1", "--out", calendar)
    assert (ran.code, calendar.read_bytes()) == (2, before)
    assert [office.bot("preview", "s1", "--out", "p.html").code for _ in range(2)] == [0, 0]


def test_json_tells_every_frame(office: Office) -> None:
    office.write(article("a1", accounts=["u01-wechat", "u01-weibo"], text="洗手。", key=KEY_ITEM))
    document = office.ask("preview", "a1")
    assert (document["post"], document["problems"]) == ("a1", [])
    assert {frozenset(frame) for frame in document["frames"]} == {frozenset(KEYS)}
    first = document["frames"][0]
    assert (first["platform"], first["kind"], first["accounts"]) == (
        *("wechat", "original"),
        ["u01-wechat"],
    )
    assert "及时接种疫苗" in first["screens"][0]
    assert first["length"] <= first["limit"]
    assert first["due_at"] == "2026-05-06T10:00:00+08:00"
    assert not (office.folder / "var" / "preview" / "a1.html").exists()


def test_only_one_account(office: Office) -> None:
    office.write(article("a1", accounts=["u01-wechat", "u01-website"]))
    [frame] = office.ask("preview", "a1", "--account", "u01-website")["frames"]
    assert frame["accounts"] == ["u01-website"]


def test_a_post_with_errors_is_shown_all_the_same(office: Office) -> None:
    office.write(status("s1", text="字" * 200))
    ran = office.bot("preview", "s1", "--format", "json")
    assert ran.code == 1
    [frame] = ran.document["frames"]
    assert frame["problems"][0]["code"] == "weibo-text-too-long"
    assert frame["problems"][0]["accounts"] == ["健康u01"]
    assert office.bot("preview", "s1").code == 1
    assert (office.folder / "var" / "preview" / "s1.html").exists()


def test_an_entry_that_cannot_be_read_tells_why(office: Office) -> None:
    office.write(status("s1"), status("s2", at="tomorrow"))
    ran = office.bot("preview", "s2")
    assert ran.code == 1
    assert "2026-05.yaml:" in ran.out
    assert not (office.folder / "var" / "preview" / "s2.html").exists()
    document = office.bot("preview", "s2", "--format", "json").document
    assert document["frames"] == []
    assert {problem["post"] for problem in document["problems"]} == {"s2"}


def test_an_id_nobody_has_is_answered_with_the_nearest(office: Office) -> None:
    office.write(status("heat-warning"), status("sleep"))
    ran = office.bot("preview", "heat-warming")
    assert (ran.code, ran.out) == (2, "")
    assert "heat-warning" in ran.err
    assert "sleep" not in ran.err


def test_a_place_that_cannot_be_written_is_a_sentence(office: Office) -> None:
    office.write(status("s1"))
    (office.folder / "file").write_text("")
    ran = office.bot("preview", "s1", "--out", "file/p.html")
    assert ran.code == 2
    assert len(ran.err.splitlines()) == 1


def test_a_port_in_use_is_a_sentence(office: Office) -> None:
    office.write(status("s1"))
    with socket.create_server(("127.0.0.1", 0)) as taken:
        ran = office.bot("preview", "s1", "--serve", "--port", str(taken.getsockname()[1]))
    assert ran.code == 2
    assert "--port" in ran.err


@pytest.fixture
def served(office: Office, env: Mapping[str, str]) -> Iterator[str]:
    """`bot preview v1 --serve`, ended with Ctrl-C."""
    office.write(video("v1"))
    process = start(office.folder, "preview", "v1", "--serve", env=env)
    line = process.stdout.readline()
    assert "http://127.0.0.1:" in line, process.communicate(timeout=SOON_S)
    yield "http://" + line.split("http://")[1].split("/")[0] + "/"
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=SOON_S)
    assert (process.returncode, out, err) == (0, "", "")


def fetch(address: str) -> tuple[bytes, Mapping[str, str]]:
    with urllib.request.urlopen(address, timeout=SOON_S) as answer:
        return answer.read(), answer.headers


def test_she_edits_saves_and_reloads(office: Office, served: str) -> None:
    page, headers = fetch(served)
    assert headers["Content-Type"] == "text/html; charset=utf-8"
    assert headers["Cache-Control"] == "no-store"
    assert "<h1>" in page.decode()
    calendar = office.schedules / "2026-05.yaml"
    data = yaml.safe_load(calendar.read_text(encoding="utf-8"))
    data["posts"][0]["title"] = "改过的题目"
    calendar.write_text(yaml.safe_dump(data, allow_unicode=True), encoding="utf-8")
    assert "<h1>改过的题目</h1>" in fetch(served)[0].decode()
    calendar.write_text("posts: [", encoding="utf-8")
    assert 'class="error"' in fetch(served)[0].decode(), "a half-saved file is told on the page"
    data["posts"][0]["id"] = "v2"
    calendar.write_text(yaml.safe_dump(data, allow_unicode=True), encoding="utf-8")
    assert "v2" in fetch(served)[0].decode(), "the nearest id"
