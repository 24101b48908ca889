"""What a post shows, platform by platform: the accounts that show the same thing share a frame."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

from bot.contract import Length, Scene, Screen
from bot.domain.planning import Desired
from bot.domain.post import Kind, Media, Post, Variant
from bot.domain.problem import Problem
from bot.engine import check as checks
from bot.i18n import _
from bot.schedule.reader import Reading
from bot.wiring.platforms import Catalog


@dataclass(frozen=True, kw_only=True)
class Showing:
    """The post on one account."""

    want: Desired
    variant: Variant
    problems: tuple[Problem, ...]  # what its platform would refuse


@dataclass(frozen=True, kw_only=True)
class Difference:
    """What a platform is told differently than all others."""

    field: str  # for people
    here: str
    main: str = ""  # what stands in the post itself


@dataclass(frozen=True, kw_only=True)
class Frame:
    """One distinct look, and everybody who shows it."""

    platform: str
    kind: Kind
    showings: tuple[Showing, ...]  # at least one
    screens: tuple[Screen, ...]  # of the first of them
    lengths: tuple[Length, ...]
    differences: tuple[Difference, ...]

    @property
    def variant(self) -> Variant:
        """That of the first account."""
        return self.showings[0].variant

    @property
    def problems(self) -> Mapping[Problem, list[str]]:
        """Each problem with the names of the accounts that have it."""
        found: dict[Problem, list[str]] = {}
        for showing in self.showings:
            for problem in showing.problems:
                found.setdefault(problem, []).append(showing.want.account.name)
        return found


@dataclass(frozen=True, kw_only=True)
class Gallery:
    """Addresses of the post's pictures and videos by their paths."""

    pictures: Mapping[str, str] = field(default_factory=dict)
    videos: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class Preview:
    """A post as it will be seen, and what is wrong with it wherever it goes."""

    post: Post
    frames: tuple[Frame, ...]  # the first releases, then the reprints
    problems: tuple[Problem, ...]  # those that no frame has


def preview(
    post: Post,
    reading: Reading,
    catalog: Catalog,
    gallery: Gallery,
    *,
    accounts: frozenset[str] = frozenset(),
) -> Preview:
    """The post on these accounts, or on all. Raises UsageError for wrong settings of a platform."""
    checked = checks.check(replace(reading, posts=(post,)), catalog)
    showings = [
        _showing(post, want, reading, catalog)
        for want in checked.wanted
        if not accounts or want.account.id in accounts
    ]
    order = {name: place for place, name in enumerate(reading.roster.accounts)}
    showings.sort(key=lambda showing: order[showing.want.account.id])
    frames = tuple(_frames(post, showings, catalog, gallery))
    told = {(problem.code, problem.message) for one in showings for problem in one.problems}
    others = (problem for problem in checked.problems if problem.post == post.id)
    return Preview(
        post=post,
        frames=frames,
        problems=tuple(one for one in others if (one.code, one.message) not in told),
    )


def media_of(post: Post) -> list[Media]:
    """Every picture and video the post can show on any platform, each once."""
    says = post.overrides.values()
    every: list[Media | None] = [post.cover, post.video, *post.images, *post.inline]
    every += [medium for one in post.more for medium in (one.cover, *one.inline)]
    every += [medium for one in says for medium in (one.video, *(one.images or ()))]
    return list({medium.path: medium for medium in every if medium is not None}.values())


def _showing(post: Post, want: Desired, reading: Reading, catalog: Catalog) -> Showing:
    variant = checks.variant_of(post, want, reading.roster)
    problems = catalog.check(variant, want.account, by_hand=want.by_hand)
    return Showing(want=want, variant=variant, problems=tuple(problems))


def _frames(
    post: Post, showings: Iterable[Showing], catalog: Catalog, gallery: Gallery
) -> Iterator[Frame]:
    groups: dict[tuple[str, Kind, tuple[str, ...]], list[Showing]] = {}
    drawn: dict[str, tuple[str, ...]] = {}
    for showing in showings:
        want, account = showing.want, showing.want.account
        # Drawing is dear, and most reprints are drawn from the same things.
        from_what = repr((account.platform, account.options, want.by_hand, showing.variant))
        if from_what not in drawn:
            drawn[from_what] = _nameless(post, showing, catalog)
        groups.setdefault((account.platform, want.kind, drawn[from_what]), []).append(showing)
    platforms = list(dict.fromkeys(platform for platform, _kind, _look in groups))
    for (platform, kind, _look), group in sorted(
        groups.items(), key=lambda one: (one[0][1] is Kind.REPRINT, platforms.index(one[0][0]))
    ):
        first = group[0]
        yield Frame(
            platform=platform,
            kind=kind,
            showings=tuple(group),
            screens=tuple(catalog.screens(first.variant, _scene(first, gallery))),
            lengths=tuple(
                catalog.lengths(first.variant, first.want.account, by_hand=first.want.by_hand)
            ),
            differences=tuple(_differences(post, platform)),
        )


def _nameless(post: Post, showing: Showing, catalog: Catalog) -> tuple[str, ...]:
    """What is seen but for whose it is and when: equal where accounts show the same."""
    account = replace(showing.want.account, id="", unit="", name="", verified_name="")
    scene = replace(_scene(showing, Gallery()), account=account, at=post.due_at)
    return tuple(screen.content for screen in catalog.screens(showing.variant, scene))


def _scene(showing: Showing, gallery: Gallery) -> Scene:
    want = showing.want
    return Scene(
        account=want.account,
        at=want.due_at,
        by_hand=want.by_hand,
        pictures=gallery.pictures,
        videos=gallery.videos,
    )


def _differences(post: Post, platform: str) -> Iterator[Difference]:
    says = post.overrides.get(platform)
    if says is None:
        return
    words: Sequence[tuple[str, str | None, str]] = (
        (_("title"), says.title, post.title),
        (_("text"), says.text, post.text),
        (_("digest"), says.digest, post.digest),
        (_("link"), says.link, post.link),
    )
    for name, here, main in words:
        if here and here != main:
            yield Difference(field=name, here=here, main=main)
    if says.images is not None and says.images != post.images:
        yield Difference(field=_("pictures"), here=_paths(says.images), main=_paths(post.images))
    if says.video is not None and says.video != post.video:
        yield Difference(field=_("video"), here=_paths((says.video,)), main=_paths((post.video,)))
    for name, value in sorted(says.options.items()):
        yield Difference(field=name, here=value)


def _paths(media: Iterable[Media | None]) -> str:
    return ", ".join(medium.path for medium in media if medium is not None)
