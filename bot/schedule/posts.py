"""Reads a calendar file's entries into posts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from functools import cache
from typing import Final
from zoneinfo import ZoneInfo, available_timezones

from bot.domain.post import Article, KeyItem, Media, Override, Post
from bot.domain.problem import Place, Problem, Severity, has_errors
from bot.i18n import _
from bot.schedule.bodies import Body, read_body
from bot.schedule.columns import Columns
from bot.schedule.faults import missing, suggestion, validate
from bot.schedule.headings import heading_of
from bot.schedule.lined import Node, sheet_of
from bot.schedule.media import Gallery
from bot.schedule.roster import RosterReading
from bot.schedule.shapes import (
    ArticleShape,
    CalendarShape,
    DefaultsShape,
    OverrideShape,
    PostShape,
)
from bot.schedule.sources import Source, read_source
from bot.schedule.timing import Draft
from bot.schedule.values import is_id

# Where one push holds several articles.
_TOGETHER: Final = frozenset({"wechat"})


@dataclass(frozen=True, kw_only=True)
class Entry:
    """A post, and where in the files each of its values stands."""

    post: Post
    draft: Draft
    source: Source  # the calendar file
    bodies: Mapping[str, str]  # "body", "more.0.body" -> its file
    ignore: Mapping[str, str] = field(default_factory=dict)  # code of a rule -> why not
    # The same, of texts that are no Markdown: the line or paragraph each line of theirs is from.
    origins: Mapping[str, tuple[int, ...]] = field(default_factory=dict)

    def where(self, name: str, piece: str = "", skip: int = 0) -> Place:
        """The line of the field (dotted: "variants.weibo.text", "more.0.title"), or of `piece`.

        `skip` is how often the piece stands in the text before the one that is meant. A body's
        place is in its own file; a field that is not written has the entry's place.
        """
        keys = [int(key) if key.isdecimal() else key for key in name.split(".")]
        if name in self.bodies and piece:
            found = _find(piece, self._body(*keys).split("\n"), skip, self.bodies[name], 1)
            if name not in self.origins or found.line is None:
                return found
            return Place(file=found.file, line=self.origins[name][found.line - 1])
        entry, file = self.draft.node, self.draft.file
        node = entry.get(*keys)
        if node is None:
            return self.post.place
        if node.cell is not None or node.file or not piece:
            return entry.place(file, *keys)
        first = entry.key_line(*keys)
        return _find(piece, self.source.lines[first - 1 : node.end_line], skip, file, first)

    def _body(self, *keys: str | int) -> str:
        """The text of "body", or of "more", index, "body"."""
        return self.post.more[int(keys[1])].body if len(keys) > 1 else self.post.body


def _find(piece: str, lines: Sequence[str], skip: int, file: str, first: int) -> Place:
    """Where the piece stands; the first line when it is broken over two."""
    for number, line in enumerate(lines, start=first):
        here = line.count(piece)
        if here > skip:
            column = -1
            for _time in range(skip + 1):
                column = line.index(piece, column + 1)
            return Place(file=file, line=number, column=column + 1, length=len(piece))
        skip -= here
    return Place(file=file, line=first)


@cache
def _timezones() -> frozenset[str]:
    return frozenset(available_timezones())


@dataclass(kw_only=True)
class CalendarReader:
    """Reads one calendar file; `broken` when an entry in it could not be read as a post."""

    file: str
    roster: RosterReading
    platforms: frozenset[str]
    gallery: Gallery
    problems: list[Problem] = field(default_factory=list)
    entries: list[Entry] = field(default_factory=list)
    broken: bool = False
    zone: str = "Asia/Shanghai"  # of a sheet that names none
    source: Source = field(default_factory=lambda: Source(root=None))
    spoilt: list[Place] = field(default_factory=list)  # where the file itself is at fault
    usable: bool = False  # its posts can be entered
    timezone: ZoneInfo | None = None
    defaults: DefaultsShape | None = None  # None when they are wrong themselves
    _told: frozenset[Place] = frozenset()  # cells of which enough has been said

    def open(self, columns: Columns) -> None:
        """Reads the file as a tree, and hands over the columns it defines."""
        self.source = read_source(self.gallery.folder, self.file, self.zone)
        self.problems += self.source.problems
        self._told = frozenset((*(problem.place for problem in self.problems), *self.source.spoilt))
        self.broken = self.source.root is None or self.source.partial or has_errors(self.problems)
        self.spoilt = [p.place for p in self.problems if p.severity is Severity.ERROR]
        self.spoilt += self.source.spoilt
        if self.source.root is not None:
            self._open(self.source.root, columns)

    def _open(self, root: Node, columns: Columns) -> None:
        shape, problems = validate(CalendarShape, _head(root), self.file)
        self.problems += problems
        self.timezone = self._zone(root)
        self.defaults = _defaults(root, self.file) if shape is None else shape.defaults
        self.usable = shape is not None and self.timezone is not None
        whole = columns.define(root, self.file, self.timezone)
        self.broken = self.broken or bool(problems) or not self.usable or not whole

    def draft(self, columns: Columns) -> list[Draft]:
        """The entries whose own values are sound."""
        drafts = [self._draft(node, columns) for node in self.nodes]
        self.broken = self.broken or None in drafts
        return [draft for draft in drafts if draft is not None]

    @property
    def nodes(self) -> Sequence[Node]:
        """The entries as they stand in the file."""
        root = self.source.root
        posts = root.get("posts") if root is not None else None
        return posts.items() if posts is not None else ()

    def enter(self, drafts: Sequence[Draft], due: Mapping[Draft, datetime]) -> None:
        """Makes posts of those drafts whose time is known."""
        spoilt = {(sheet_of(place.cell), place.line) for place in self.spoilt}
        for draft in drafts:
            entry = self._entry(draft, due[draft]) if draft in due else None
            bad = bool(spoilt.intersection(_lines(draft.node)))
            if entry is None or bad:
                self.broken = True
            elif self.usable:
                self.entries.append(entry)
        self._name_posts()

    def _name_posts(self) -> None:
        """Gives the problems that stand within a post's lines the post's id."""
        nameless: dict[tuple[str, int | None], list[int]] = {}
        for index, problem in enumerate(self.problems):
            if problem.post is None and problem.place.file == self.file:
                where = (sheet_of(problem.place.cell), problem.place.line)
                nameless.setdefault(where, []).append(index)
        if not nameless:
            return
        for node in self.nodes:
            name = node.text("id")
            for where in _lines(node) if is_id(name) else ():
                for index in nameless.pop(where, ()):
                    self.problems[index] = replace(self.problems[index], post=name)

    def _zone(self, root: Node) -> ZoneInfo | None:
        name = root.text("timezone")
        if name in _timezones():
            return ZoneInfo(name)
        if name:
            self.problems.append(
                Problem(
                    code="unknown-timezone",
                    message=_("The timezone “{zone}” is not known.").format(zone=name),
                    hint=suggestion(name, ["Asia/Shanghai", "Asia/Urumqi", "UTC"]),
                    place=root.place(self.file, "timezone"),
                )
            )
        return None

    def _draft(self, node: Node, columns: Columns) -> Draft | None:
        name = node.text("id")
        post = name if is_id(name) else None
        if columns.is_faulty(node):
            return None  # what it takes over cannot be told; that is said once, at the column
        if columns.may_be_unread(node):
            self.problems.append(_unread(node, self.file, post, columns.unread))
            return None
        column = columns.of(node)
        zone = self.timezone or ZoneInfo("UTC")
        lent = column.lend(node) if column is not None else node
        shape, problems = validate(PostShape, lent, self.file, post=post, zone=zone)
        if shape is not None and shape.at is None and shape.slot is None:
            problems.append(missing(lent, ("at",), "at", self.file, post))
            shape = None
        self.problems += [p for p in problems if p.place.cell is None or p.place not in self._told]
        # An unknown key may be a mistyped one ("kye:"): what it would have said is not gone.
        self.broken = self.broken or bool(problems)
        if shape is None:
            return None
        return Draft(shape=shape, node=lent, file=self.file, zone=zone, column=column)

    def _entry(self, draft: Draft, due_at: datetime) -> Entry | None:
        shape = draft.filled(due_at)
        if shape is None:
            self.problems.append(draft.no_number())
            return None
        place = draft.node.place(self.file)
        maker = _Maker(reader=self, node=draft.node, post=shape.id, place=place)
        post = maker.make(shape, self.defaults, due_at)
        if post is None:
            return None
        bodies = {"body": shape.body}
        bodies |= {f"more.{index}.body": more.body for index, more in enumerate(shape.more)}
        return Entry(
            post=post,
            draft=draft,
            source=self.source,
            bodies=bodies,
            origins=maker.origins,
            ignore=shape.ignore,
        )


def _lines(node: Node) -> list[tuple[str, int | None]]:
    """Every line of an entry, with its sheet."""
    sheet = sheet_of(node.cell)
    return [(sheet, line) for line in range(node.line, node.end_line + 1)]


def _unread(node: Node, file: str, post: str | None, unread: str) -> Problem:
    column = node.text("column").strip()
    return Problem(
        code="column-unread",
        message=_("The column {column} may be defined in {file}, which cannot be read.").format(
            column=column, file=unread
        ),
        hint=_("Put that file right first; until then this post stays as it was planned."),
        place=node.place(file, "column"),
        post=post,
    )


def _head(root: Node) -> Node:
    """The file without its posts, of which each is checked for itself."""
    posts = root.get("posts")
    if posts is None or not isinstance(posts.value, list) or not isinstance(root.value, Mapping):
        return root
    line = root.value["posts"][0]
    return replace(root, value={**root.value, "posts": (line, replace(posts, value=[]))})


def _defaults(root: Node, file: str) -> DefaultsShape | None:
    """The defaults of a file that is wrong elsewhere; None when they are wrong themselves."""
    node = root.get("defaults")
    if node is None or node.value is None:
        return DefaultsShape()
    return validate(DefaultsShape, node, file)[0]


@dataclass(kw_only=True)
class _Maker:
    """Makes one post of its checked shape."""

    reader: CalendarReader
    node: Node
    post: str | None
    place: Place
    origins: dict[str, tuple[int, ...]] = field(default_factory=dict)  # as of an entry

    def make(
        self, shape: PostShape, defaults: DefaultsShape | None, due_at: datetime
    ) -> Post | None:
        """The post, None when its accounts or its body cannot be told."""
        carriers = self._accounts(shape, defaults)
        accounts = None if carriers is None else tuple(carriers)
        body = self._body(shape.body, shape.title, "body")
        more = self._more(shape, accounts)
        overrides = {
            platform: self._override(platform, override)
            for platform, override in shape.variants.items()
        }
        cover, video = self._picture(shape.cover, "cover"), self._video(shape.video, "video")
        images = self._images(shape.images, "images")
        key = self._key(shape)
        if carriers is None or accounts is None or body is None or len(more) < len(shape.more):
            return None
        return Post(
            **{name: getattr(shape, name) for name in _COPIED},
            due_at=due_at,
            accounts=accounts,
            delays={account: delay for account, delay in carriers.items() if delay},
            embargo_until=shape.embargo,
            window=shape.window or (defaults or DefaultsShape()).window,
            body=body.text,
            inline=body.inline,
            cover=cover,
            images=images,
            video=video,
            more=more,
            overrides=overrides,
            key=key,
            place=self.place,
        )

    def _say(self, code: str, message: str, hint: str, *keys: str | int) -> None:
        severity = Severity.WARNING if code == "account-twice" else Severity.ERROR
        self.reader.problems.append(
            Problem(
                code=code,
                message=message,
                hint=hint,
                severity=severity,
                place=self.node.place(self.place.file, *keys),
                post=self.post,
            )
        )

    def _accounts(
        self, shape: PostShape, defaults: DefaultsShape | None
    ) -> dict[str, timedelta] | None:
        """The accounts, each with how much after the post's time it follows."""
        known = self.reader.roster.roster.accounts
        inherited = defaults.accounts if defaults is not None else []
        carriers = inherited if shape.accounts is None else shape.accounts
        if not carriers and (defaults is not None or shape.accounts is not None):
            message = _("The post names no account.")
            hint = _("Add “accounts: [u01-wechat]”, here or under defaults.")
            self._say("missing-key", message, hint, "accounts")
        accounts = [carrier.account for carrier in carriers]
        for index, account in enumerate(accounts):
            keys = ("accounts", index) if shape.accounts is not None else ()
            # Where the roster itself is at fault, that is told once, there.
            if account not in known and known and account not in self.reader.roster.faulty:
                message = _("The account {account} is not in the roster.").format(account=account)
                self._say("unknown-account", message, suggestion(account, known), *keys)
            elif account in accounts[:index]:
                message = _("The account {account} is named twice.").format(account=account)
                self._say("account-twice", message, _("Delete one of the two."), *keys)
        fine = accounts and all(account in known for account in accounts)
        if not fine:
            return None
        delays: dict[str, timedelta] = {}
        for carrier in carriers:
            delays.setdefault(carrier.account, carrier.delay)  # named twice, the first counts
        return delays

    def _body(self, file: str, title: str, *keys: str | int) -> Body | None:
        if not file:
            return Body(text="")
        place = self._at(*keys)
        body, problems = read_body(file, self.reader.gallery, place, self.post, title)
        self.reader.problems += problems
        if body is not None and body.origins:
            self.origins[".".join(map(str, keys))] = body.origins
        return body

    def _more(self, shape: PostShape, accounts: tuple[str, ...] | None) -> tuple[Article, ...]:
        """The further articles whose bodies can be read."""
        known = self.reader.roster.roster.accounts
        platforms = {known[account].platform for account in accounts or ()}
        if shape.more and accounts and not platforms & _TOGETHER:
            message = _("The post has further articles, and none of its accounts can carry them.")
            hint = _("Add a WeChat account, or make each article a post of its own.")
            self._say("more-not-possible", message, hint, "more")
        found = [self._article(article, index) for index, article in enumerate(shape.more)]
        return tuple(article for article in found if article is not None)

    def _article(self, shape: ArticleShape, index: int) -> Article | None:
        keys = ("more", index)
        body = self._body(shape.body, shape.title, *keys, "body")
        cover = self._picture(shape.cover, *keys, "cover")
        if body is None:
            return None
        return Article(
            title=shape.title,
            body=body.text,
            cover=cover,
            digest=shape.digest,
            author=shape.author,
            link=shape.link,
            inline=body.inline,
        )

    def _at(self, *keys: str | int) -> Place:
        return self.node.place(self.place.file, *keys)

    def _picture(self, path: str, *keys: str | int) -> Media | None:
        if not path:
            return None
        media, problems = self.reader.gallery.picture(path, self._at(*keys), self.post)
        self.reader.problems += problems
        return media

    def _video(self, path: str, *keys: str | int) -> Media | None:
        if not path:
            return None
        media, problems = self.reader.gallery.video(path, self._at(*keys), self.post)
        self.reader.problems += problems
        return media

    def _images(self, paths: list[str], *keys: str) -> tuple[Media, ...]:
        found = [self._picture(path, *keys, index) for index, path in enumerate(paths)]
        return tuple(media for media in found if media is not None)

    def _override(self, name: str, shape: OverrideShape) -> Override:
        roster = self.reader.roster.roster
        if name in roster.units or name in roster.accounts:
            self._refuse_other_words(name, shape)
        elif name not in self.reader.platforms:
            message = _("“{name}” is no platform, no unit and no account.").format(name=name)
            known = [*sorted(self.reader.platforms), *roster.units, *roster.accounts]
            self._say("unknown-platform", message, suggestion(name, known), "variants", name)
        keys = ("variants", name)
        images = None
        if shape.images is not None:
            images = self._images(shape.images, *keys, "images")
        return Override(
            title=shape.title,
            text=shape.text,
            digest=shape.digest,
            link=shape.link,
            images=images,
            video=self._video(shape.video or "", *keys, "video"),
            options=shape.options,
            intro=shape.intro,
        )

    def _refuse_other_words(self, name: str, shape: OverrideShape) -> None:
        """A reprint keeps title and text (国版办发〔2015〕3号); a unit has its own line above."""
        for key in ("title", "text"):
            if getattr(shape, key) is not None:
                message = _("{name} must not have another {key} than the post.").format(
                    name=name, key=_heading(key)
                )
                hint = _("Write what the unit wants to say as intro（转载按语）.")
                self._say("variant-changes-words", message, hint, "variants", name, key)

    def _key(self, shape: PostShape) -> KeyItem | None:
        if shape.key is None:
            return None
        key = shape.key
        named: list[tuple[str, str | int, str]] = [("exempt", unit, unit) for unit in key.exempt]
        named += [("must", number, unit) for number, unit in enumerate(key.must)]
        named += [("may", number, unit) for number, unit in enumerate(key.may)]
        units: Mapping[str, object] = self.reader.roster.roster.units
        asked: dict[str, str] = {}
        for role, place, unit in named:
            if unit not in units:
                message = _("The unit {unit} is not in the roster.").format(unit=unit)
                self._say("unknown-unit", message, suggestion(unit, units), "key", role, place)
            elif asked.setdefault(unit, role) != role:
                message = _("The unit {unit} stands under {one} and under {other}.").format(
                    unit=unit, one=_heading("key", asked[unit]), other=_heading("key", role)
                )
                hint = _("A unit must reprint, may reprint, or is exempt: keep one of them.")
                self._say("unit-twice", message, hint, "key", role, place)
        return KeyItem(
            deadline=key.deadline,
            spread=key.spread,
            must=tuple(key.must),
            may=tuple(key.may),
            exempt=key.exempt,
            declared_original=key.declared_original,
        )


def _heading(*keys: str) -> str:
    """The key as both kinds of files have it."""
    return f"{keys[-1]}（{heading_of(keys)}）"


# Fields of the shape that are fields of the post as they stand.
_COPIED = {
    "id", "title", "text", "digest", "author", "reviewer", "source", "source_url", "link",
    "column", "topic", "push", "ai_generated", "patient_story", "consent",
}  # fmt: skip
