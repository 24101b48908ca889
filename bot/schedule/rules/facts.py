"""What a post of its kind must state about itself.

Grounds: 九部门科普意见 (2022) and 四部门科普通知 (2025-08) for science posts; 国版办发〔2015〕3号
for reprints; 个人信息保护法 for patients.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from bot.domain.days import DRAFT_MARK
from bot.domain.post import Post
from bot.domain.problem import Problem, Severity
from bot.i18n import _
from bot.schedule.rules.finding import Where


def check(post: Post, where: Where, approved: Sequence[str] = ()) -> list[Problem]:
    """What is missing; `approved` are the sources the office reprints from, none: any."""
    if DRAFT_MARK in post.title:
        return [_draft(post, where)]  # the rest of it will be written as well
    if post.topic == "science":
        return [*_science(post, where), *_consent(post, where)]
    if post.topic == "reprint":
        return [*_reprint(post, where, approved), *_consent(post, where)]
    return list(_consent(post, where)) if post.patient_story else []


def _draft(post: Post, where: Where) -> Problem:
    return Problem(
        code="draft-title",
        message=_("{post} still has the title of a draft.").format(post=post.id),
        hint=_("Give it the title people shall read, without {mark}.").format(mark=DRAFT_MARK),
        place=where("title", DRAFT_MARK, 0),
        post=post.id,
    )


def _science(post: Post, where: Where) -> Iterator[Problem]:
    if not post.reviewer:
        yield Problem(
            code="science-without-reviewer",
            message=_("{post} is a science post and names no reviewer.").format(post=post.id),
            hint=_(
                "Add “reviewer: …” with name and title. Health science must show who answers for "
                "it (opinion of nine departments, 2022)."
            ),
            place=where("topic", "", 0),
            post=post.id,
        )
    if not post.author and not post.source:
        yield Problem(
            code="science-without-origin",
            message=_("{post} is a science post and names neither author nor source.").format(
                post=post.id
            ),
            hint=_("Add “author: …” or “source: …” (notice of four departments, 2025)."),
            severity=Severity.WARNING,
            place=where("topic", "", 0),
            post=post.id,
        )


def _reprint(post: Post, where: Where, approved: Sequence[str]) -> Iterator[Problem]:
    if not (post.source and post.source_url):
        yield Problem(
            code="reprint-without-source",
            message=_("{post} is a reprint and does not state its source and address.").format(
                post=post.id
            ),
            hint=_(
                "Add “source: …” and “source_url: https://…”. A reprint must name where it comes "
                "from (国版办发〔2015〕3号)."
            ),
            place=where("topic", "", 0),
            post=post.id,
        )
    elif approved and not any(name in post.source for name in approved):
        yield Problem(
            code="reprint-not-approved",
            message=_("“{source}” is not on the list of approved sources.").format(
                source=post.source
            ),
            hint=_("Reprint from the original, or add the source to check.approved_sources."),
            severity=Severity.WARNING,
            place=where("source", "", 0),
            post=post.id,
        )


def _consent(post: Post, where: Where) -> Iterator[Problem]:
    if post.patient_story and not post.consent:
        yield Problem(
            code="consent-missing",
            message=_("{post} tells of a patient and has no consent reference.").format(
                post=post.id
            ),
            hint=_(
                "Add “consent: …” with the number of the signed consent. Health data needs the "
                "person's own consent (个人信息保护法)."
            ),
            place=where("patient_story", "", 0),
            post=post.id,
        )
