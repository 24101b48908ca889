"""Looks at real files, each at a time of the test's own: what is read when, and what is not."""

from __future__ import annotations

import os
from pathlib import Path

from bot.schedule.watching import Pace, Rest, Settling, glance, torn

LARGE = 30_000_000


def started(root: Path) -> Settling:
    """A folder with a calendar and a picture, read as it is."""
    (root / "media").mkdir()
    (root / "2026-05.yaml").write_text("posts: []\n")
    (root / "media" / "a.jpg").write_bytes(b"a")
    return Settling(taken=glance(root), pace=Pace())


def test_a_look_sees_files_in_folders_and_no_locks(tmp_path: Path) -> None:
    started(tmp_path)
    for lock in ("~$2026-05.xlsx", ".~2026-05.xlsx", ".~lock.2026-05.xlsx#", "x.yaml.tmp"):
        (tmp_path / lock).write_text("")
    (tmp_path / ".git").mkdir()
    (tmp_path / ".git" / "index").write_text("")
    assert set(glance(tmp_path)) == {"2026-05.yaml", "media/a.jpg"}


def test_a_change_is_read_when_two_looks_agree(tmp_path: Path) -> None:
    settling = started(tmp_path)
    assert settling.see(glance(tmp_path), 0.0) is Rest.SAME
    (tmp_path / "2026-05.yaml").write_text("posts:\n")
    assert settling.see(glance(tmp_path), 1.0) is Rest.MOVING
    (tmp_path / "2026-05.yaml").write_text("posts:\n- id: a\n")
    assert settling.see(glance(tmp_path), 1.5) is Rest.MOVING
    assert settling.see(glance(tmp_path), 2.0) is Rest.SETTLED
    settling.taken = glance(tmp_path)
    assert settling.see(glance(tmp_path), 3.0) is Rest.SAME


def test_a_file_saved_by_delete_and_rename_was_never_gone(tmp_path: Path) -> None:
    settling = started(tmp_path)
    file = tmp_path / "2026-05.yaml"
    file.unlink()
    assert settling.see(glance(tmp_path), 0.0) is Rest.MOVING
    assert settling.see(glance(tmp_path), 9.5) is Rest.MOVING
    file.write_text("posts: [a]\n")
    assert settling.see(glance(tmp_path), 9.6) is Rest.MOVING
    assert settling.see(glance(tmp_path), 10.1) is Rest.SETTLED


def test_an_emptied_file_has_ten_seconds_to_be_filled_again(tmp_path: Path) -> None:
    settling = started(tmp_path)
    (tmp_path / "2026-05.yaml").write_text("")
    seen = [settling.see(glance(tmp_path), now_s) for now_s in (0.0, 1.0, 9.9, 10.0)]
    assert seen == [Rest.MOVING, Rest.MOVING, Rest.MOVING, Rest.SETTLED]


def test_a_deleted_file_is_gone_after_ten_seconds(tmp_path: Path) -> None:
    settling = started(tmp_path)
    (tmp_path / "media" / "a.jpg").unlink()
    assert settling.see(glance(tmp_path), 0.0) is Rest.MOVING
    assert settling.see(glance(tmp_path), 10.0) is Rest.SETTLED


def test_a_new_empty_file_waits_no_longer_than_any_other(tmp_path: Path) -> None:
    settling = started(tmp_path)
    (tmp_path / "new.yaml").write_text("")
    assert settling.see(glance(tmp_path), 0.0) is Rest.MOVING
    assert settling.see(glance(tmp_path), 0.5) is Rest.SETTLED


def test_nobody_waits_for_a_video_that_is_being_copied(tmp_path: Path) -> None:
    settling = started(tmp_path)
    video, calendar = tmp_path / "media" / "v.mp4", tmp_path / "2026-05.yaml"
    for second, size in enumerate((LARGE, LARGE + 1)):
        with video.open("wb") as stream:
            stream.truncate(size)
        assert settling.see(glance(tmp_path), float(second)) is Rest.MOVING
    calendar.write_text("posts: [a]\n")
    assert settling.see(glance(tmp_path), 2.0) is Rest.MOVING
    with video.open("wb") as stream:
        stream.truncate(LARGE + 2)
    look = glance(tmp_path)
    assert settling.see(look, 2.5) is Rest.SETTLED
    assert settling.restless == frozenset()
    assert settling.overlooked == {"media/v.mp4"}
    with video.open("wb") as stream:
        stream.truncate(LARGE + 3)
    assert not torn(look, glance(tmp_path))
    calendar.write_text("posts: [a, b]\n")
    assert torn(look, glance(tmp_path))


def test_a_calendar_that_never_rests_is_waited_for_and_named(tmp_path: Path) -> None:
    settling = started(tmp_path)
    for second in range(32):
        (tmp_path / "2026-05.yaml").write_text("x" * (second + 20))
        assert settling.see(glance(tmp_path), float(second)) is Rest.MOVING
        assert settling.restless == ({"2026-05.yaml"} if second >= 30 else set())


def test_another_file_that_never_rests_does_not_stop_everything(tmp_path: Path) -> None:
    settling = started(tmp_path)
    (tmp_path / "2026-05.yaml").write_text("posts: [a]\n")
    for second in range(31):
        (tmp_path / "sync.log").write_text("x" * second)
        seen = settling.see(glance(tmp_path), float(second))
        assert seen is (Rest.MOVING if second < 30 else Rest.SETTLED)
    assert settling.restless == settling.overlooked == {"sync.log"}


def test_a_clock_that_is_wrong_on_the_drive_does_not_matter(tmp_path: Path) -> None:
    settling = started(tmp_path)
    file = tmp_path / "2026-05.yaml"
    file.write_text("posts: [a]\n")
    os.utime(file, (4e9, 4e9))
    assert settling.see(glance(tmp_path), 0.0) is Rest.MOVING
    assert settling.see(glance(tmp_path), 0.5) is Rest.SETTLED


def test_a_file_that_was_shut_is_read_once_it_opens(tmp_path: Path) -> None:
    settling = started(tmp_path)
    settling.forget("2026-05.yaml")
    assert settling.see(glance(tmp_path), 0.0) is Rest.MOVING
    assert settling.see(glance(tmp_path), 0.5) is Rest.SETTLED


def test_a_folder_the_bot_may_not_see_hinders_nothing(tmp_path: Path) -> None:
    started(tmp_path)
    (tmp_path / "dangling.yaml").symlink_to(tmp_path / "nowhere")
    assert set(glance(tmp_path)) == {"2026-05.yaml", "media/a.jpg"}
