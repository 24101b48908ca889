"""Letters by e-mail, through a real mail server; and what apprise may not be used for."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import pytest

from bot.domain.notices import Letter, Verdict
from bot.errors import UsageError
from bot.notify.extras import Mailbox, mail, other
from tests.notify.mail import Post, serve_mail
from tests.services import free_port

LETTER = Letter(
    title="待办：一院（1）", text="《流感防护》\n时限：05-07 10:00\nhttps://a.example/t/1"
)
TO = "liaison@yiyuan.example"


@pytest.fixture
def post() -> Iterator[Post]:
    with serve_mail() as running:
        yield running


def box(port: int) -> Mailbox:
    return Mailbox(
        host="127.0.0.1",
        port=port,
        user="",
        password="",
        sender="宣发 <bot@lanting.example>",
        mode="insecure",
        timeout_s=5.0,
    )


async def test_a_letter_arrives_as_it_was_written(post: Post) -> None:
    assert (await mail(TO, box(post.port), mark="1").send(LETTER)).verdict is Verdict.SENT
    ((to, letter),) = post.letters
    assert (to, letter["Subject"], str(letter["From"])) == (
        TO,
        LETTER.title,
        "宣发 <bot@lanting.example>",
    )
    assert letter.get_content_type() == "text/plain"
    assert letter.get_content().splitlines() == LETTER.text.splitlines()


@pytest.mark.parametrize("answer", ["550 5.7.1 refused as spam", "451 4.3.0 later"])
async def test_a_refused_letter_says_why(post: Post, answer: str) -> None:
    post.answer = answer
    reply = await mail(TO, box(post.port), mark="1").send(LETTER)
    assert reply.verdict is Verdict.REFUSED
    assert answer[:3] in reply.said


async def test_an_unknown_mailbox_is_refused(post: Post) -> None:
    post.unknown = TO
    reply = await mail(TO, box(post.port), mark="1").send(LETTER)
    assert reply.verdict is Verdict.REFUSED
    assert "no such user" in reply.said


async def test_a_server_that_hangs_up_after_the_text_leaves_it_unclear(post: Post) -> None:
    post.answer = "hang up"
    reply = await mail(TO, box(post.port), mark="1").send(LETTER)
    assert reply.verdict is Verdict.UNCLEAR


async def test_no_server_and_no_login_were_surely_not_told(post: Post) -> None:
    nobody = await mail(TO, box(free_port()), mark="1").send(LETTER)
    assert nobody.verdict is Verdict.REFUSED
    locked = replace(box(post.port), user="bot", password="geheim-1")
    reply = await mail(TO, locked, mark="1").send(LETTER)
    assert reply.verdict is Verdict.REFUSED
    assert "geheim-1" not in reply.words + repr(locked)
    assert post.letters == []


@pytest.mark.parametrize("address", ["nobody", "a b@c", ""])
def test_no_address(post: Post, address: str) -> None:
    with pytest.raises(UsageError):
        mail(address, box(post.port), mark="1")


def test_mail_needs_a_server() -> None:
    with pytest.raises(UsageError, match=r"notify\.smtp_host"):
        mail(TO, replace(box(25), host=""), mark="1")


@pytest.mark.parametrize("scheme", ["wecombot", "dingtalk", "feishu", "lark"])
def test_robots_do_not_go_through_apprise(scheme: str) -> None:
    with pytest.raises(UsageError, match="apprise") as refused:
        other(f"{scheme}://key-1", mark="1", timeout_s=1.0)
    assert "key-1" not in str(refused.value)


@pytest.mark.parametrize("address", ["nonsense://a", "https://example.com/hook", "1234", ""])
def test_what_nobody_knows(address: str) -> None:
    with pytest.raises(UsageError):
        other(address, mark="1", timeout_s=1.0)


async def test_other_services_say_nothing_of_their_address() -> None:
    """apprise's own words name the path, where such services have their secret."""
    address = f"json://nutzer:kennwort@127.0.0.1:{free_port()}/geheimnis-1%20x?+x=geheimnis-2"
    target = other(address, mark="1", timeout_s=1.0)
    reply = await target.send(LETTER)
    assert reply.verdict is Verdict.REFUSED
    for secret in ("geheim", "kennwort", "nutzer"):
        assert secret not in reply.words + repr(target)
