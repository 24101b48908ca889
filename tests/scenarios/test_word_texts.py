"""An article written in Word, with a picture in it, goes out like any other."""

from __future__ import annotations

import hashlib
import re

from bot.domain.publication import State
from tests.bot.engine.world import MEDIA, World, article
from tests.bot.schedule.packing import drawing, package, paragraph, words, write

PHOTO = (MEDIA / "photo-01.jpg").read_bytes()


def text_of(title: str, said: str, *, by: str = "Word") -> bytes:
    """The file as a program saves it; `by` is noted in it."""
    return package(
        paragraph(title)
        + paragraph("　　流感季来了，", words("勤洗手", "<w:b/>"), f"。{said}")
        + paragraph(drawing("rId5"))
        + paragraph("图1 七步洗手"),
        parts={"word/media/image1.jpeg": PHOTO, "docProps/app.xml": by},
        links={"rId5": ("image", "media/image1.jpeg")},
    )


async def test_a_word_text_with_a_picture_is_published(world: World) -> None:
    """The title above the text is not said twice, and no file appears in the office's folder."""
    post = article(body="posts/p1.docx")
    path = write(world.schedules, "posts/p1.docx", text_of(post["title"], "发热请就诊。"))
    await world.plan(post)
    await world.run()
    assert await world.state("p1@u01-wechat") is State.PUBLISHED
    [shown] = await world.posts()
    said = re.sub(r"<[^>]*>", "", shown["text"])
    assert said.startswith("流感季来了，勤洗手。发热请就诊。图1 七步洗手")
    assert await world.requests("uploadimg") == 1
    [taken] = (world.folder / "handoff" / ".cache").glob(f"{hashlib.sha256(PHOTO).hexdigest()}.*")
    assert taken.read_bytes() == PHOTO
    assert [*path.parent.iterdir()] == [path]


async def test_saving_the_same_words_again_changes_nothing(world: World) -> None:
    """Programs write other bytes every time; what counts is what readers see."""
    post = article(body="posts/p1.docx")
    write(world.schedules, "posts/p1.docx", text_of(post["title"], "发热请就诊。"))
    await world.plan(post)
    write(world.schedules, "posts/p1.docx", text_of(post["title"], "发热请就诊。", by="WPS"))
    assert (await world.plan()).changes == ()
    write(world.schedules, "posts/p1.docx", text_of(post["title"], "发热要就诊。"))
    assert [change.post for change in (await world.plan()).changes] == ["p1"]
