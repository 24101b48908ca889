"""When posts go out: nights, public holidays, deadlines, and health days without a post."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping, Sequence
from datetime import date, datetime, timedelta
from typing import Final

from bot.domain.days import Occurrence, named_in
from bot.domain.holidays import DayType
from bot.domain.post import Post
from bot.domain.problem import Place, Problem, Severity
from bot.i18n import _
from bot.schedule.days import Days
from bot.schedule.options import CheckOptions
from bot.schedule.posts import Entry

# What the officer can put off; clinic hours, warnings and health days cannot wait.
_CAN_WAIT: Final = frozenset({"news", "policy", "feature", "profile"})
# The days an office is expected to have something for (DOMAIN: health days that every list has).
# fmt: off
USUAL_DAYS: Final = frozenset({
    "国际罕见病日", "全国爱耳日", "世界肾脏日", "世界睡眠日",
    "世界防治结核病日", "世界卫生日", "全国肿瘤防治宣传周", "全国儿童预防接种日",
    "职业病防治法宣传周", "世界哮喘日", "国际护士节", "全国防灾减灾日",
    "防治碘缺乏病日", "世界高血压日", "世界家庭医生日", "中国学生营养日",
    "世界无烟日", "全国爱眼日", "世界献血者日", "国际禁毒日",
    "世界肝炎日", "世界母乳喂养周", "中国医师节", "预防出生缺陷日",
    "全国爱牙日", "世界阿尔茨海默病日", "世界狂犬病日", "世界心脏日",
    "全国高血压日", "世界精神卫生日", "全球洗手日", "世界卒中日",
    "联合国糖尿病日", "世界慢阻肺日", "世界艾滋病日",
})
# fmt: on
_NEAR: Final = timedelta(days=1)


def check(entry: Entry, options: CheckOptions, days: Days) -> Iterator[Problem]:
    """What speaks against the time of one post, and of its reprints."""
    post = entry.post
    local = post.due_at.astimezone(options.zone)
    if options.is_quiet(local.time()):
        yield _problem(
            entry,
            "quiet-hours",
            _("{post} is planned for {time}, in the night.").format(
                post=post.id, time=f"{local:%H:%M}"
            ),
            _("Move it to the day, or switch the rule off for this post with a reason."),
        )
    kind = days.kind_of(local.date()) if post.topic in _CAN_WAIT else None
    if kind is not None and kind.type is DayType.HOLIDAY:
        yield _problem(
            entry,
            "holiday-post",
            _("{day} is a public holiday ({name}).").format(day=local.date(), name=kind.name),
            _("If it can wait, choose the first working day."),
            severity=Severity.INFO,
        )
    if post.key is not None:
        yield from _deadline(entry, post.due_at + post.key.deadline, options, days)


def _deadline(entry: Entry, end: datetime, options: CheckOptions, days: Days) -> Iterator[Problem]:
    local = end.astimezone(options.zone)
    kind = days.kind_of(local.date())
    if options.is_quiet(local.time()):
        message = _("The time for reprints ends at {time}, in the night.")
    elif kind.type is DayType.HOLIDAY:
        message = _("The time for reprints ends at {time}, on a public holiday ({name}).")
    else:
        return
    yield _problem(
        entry,
        "deadline-off-hours",
        message.format(time=f"{local:%m-%d %H:%M}", name=kind.name),
        _("Release it earlier, or give the units until the next working day."),
        field="key.deadline",
    )


def _problem(
    entry: Entry,
    code: str,
    message: str,
    hint: str,
    *,
    severity: Severity = Severity.WARNING,
    field: str = "at",
) -> Problem:
    return Problem(
        code=code,
        message=message,
        hint=hint,
        severity=severity,
        place=entry.where(field),
        post=entry.post.id,
    )


def health_days(entries: Sequence[Entry], options: CheckOptions, days: Days) -> Iterator[Problem]:
    """Health days between the first and last post that no post names within a day of them.

    One problem a file, that of the nearest post.
    """
    if options.health_days is None or not entries:
        return
    wanted = frozenset(options.health_days or USUAL_DAYS)
    said: dict[date, list[str]] = defaultdict(list)
    files: dict[date, str] = {}
    for entry in entries:
        day = entry.post.due_at.astimezone(options.zone).date()
        said[day].append(_names(entry.post))
        files.setdefault(day, entry.post.place.file)
    first, last = min(said), max(said)
    missed: dict[str, list[Occurrence]] = defaultdict(list)
    for one in days.between(first, last):
        inside = one.first is not None and first <= one.first <= last
        if inside and _is_wanted(one, wanted) and not _covered(one, said):
            missed[_nearest(one, files)].append(one)
    for file, found in missed.items():
        yield _uncovered(found, file)


def _is_wanted(one: Occurrence, wanted: Collection[str]) -> bool:
    names = {one.day.name_zh, *one.day.names}
    return "all" in wanted or not names.isdisjoint(wanted)


def _names(post: Post) -> str:
    return f"{post.title}\n{post.column}\n{post.text}\n{post.digest}\n{post.body}"


def _covered(one: Occurrence, said: Mapping[date, Sequence[str]]) -> bool:
    assert one.first is not None
    assert one.last is not None
    day = one.first - _NEAR
    while day <= one.last + _NEAR:
        if any(named_in(text, [one.day]) for text in said.get(day, ())):
            return True
        day += _NEAR
    return False


def _nearest(one: Occurrence, files: Mapping[date, str]) -> str:
    assert one.first is not None
    first = one.first
    return files[min(files, key=lambda day: (abs(day - first), day))]


def _uncovered(found: Sequence[Occurrence], file: str) -> Problem:
    named = [f"{one.day.names[0]} ({one.first:%m-%d})" for one in found]
    return Problem(
        code="health-day-uncovered",
        message=_("No post for {days}.").format(days=", ".join(named)),
        hint=_("Plan one, or choose other days in check.health_days."),
        severity=Severity.INFO,
        place=Place(file=file),
    )
