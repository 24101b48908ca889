"""The rules of form: every code a file of the office can be refused with; `RULES` has all."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from bot.domain.rule import Group, Rule, table
from bot.i18n import N_
from bot.schedule.grounds import GROUNDS

_FOLDER: Final = {
    "folder-missing": N_("The schedules folder is not there or cannot be listed."),
    "no-calendar": N_("The folder holds no calendar file."),
    "roster-missing": N_("The folder holds no roster."),
    "two-rosters": N_("The folder holds several rosters."),
    "wrong-suffix": N_("A file looks like a calendar but its name does not end in .yaml."),
    "copy-of-a-calendar": N_("A file is a copy of another calendar file and is not read."),
    "file-unreadable": N_("A file is missing or cannot be opened."),
    "not-utf8": N_("A text file is not encoded in UTF-8."),
    "too-large": N_("A file is larger, deeper or more repetitive than any calendar needs to be."),
}
_WRITING: Final = {
    "yaml-syntax": N_("The file is not valid YAML."),
    "tab-indent": N_("A line is indented with a tab."),
    "full-width-colon": N_("A full-width colon stands where YAML needs a half-width one."),
    "bad-character": N_("A value contains an invisible control character."),
    "duplicate-key": N_("A key stands twice in one entry."),
    "bad-word": N_("A line of a word list is not understood."),
}
_SHEETS: Final = {
    "workbook-damaged": N_("A workbook is damaged or was cut off."),
    "workbook-encrypted": N_("A workbook is protected with a password."),
    "workbook-old": N_("A workbook of the old kind (.xls) has the name of a new one."),
    "workbook-macros": N_("A workbook contains macros; they are not run."),
    "not-a-workbook": N_("Another kind of file has a workbook's name."),
    "csv-syntax": N_("A quotation mark of a CSV file is not closed."),
    "no-headings": N_("No row of a sheet has the headings of a calendar."),
    "heading-missing": N_("A heading every calendar needs is not there."),
    "unknown-heading": N_("A heading is not one of those the format knows."),
    "duplicate-heading": N_("A heading stands twice."),
    "sheet-ignored": N_("A sheet looks like a calendar and is not read."),
    "hidden-sheet": N_("A hidden sheet holds posts; nothing in it is planned or taken back."),
    "hidden-row": N_("A hidden row holds a post; it is neither planned nor taken back."),
    "filtered-rows": N_("A filter does not show some rows; they are read like all others."),
    "merged-cells": N_("Cells are merged, and what belongs to which row cannot be told."),
    "value-without-heading": N_("A value stands in a column without heading."),
    "cell-error": N_("A cell shows an error such as #N/A."),
    "formula-without-value": N_("A formula's result is not in the file."),
    "cell-became-date": N_("The program has made a date of a cell that should be text."),
    "cell-is-number": N_("A cell that should be text holds a number whose writing is lost."),
    "bad-pair": N_("A cell with names and their values is not written “name：value”."),
    "id-missing": N_("An entry has no id."),
}
_VALUES: Final = {
    "missing-key": N_("A required key is not there."),
    "empty-value": N_("A required key has no value."),
    "unknown-key": N_("A key is not one of those the format knows."),
    "wrong-type": N_("A value is of the wrong shape: text, list or group of keys."),
    "unknown-value": N_("A value is not one of those allowed."),
    "bad-id": N_("An id has other characters than letters, digits and hyphens, or is too long."),
    "bad-time": N_("A time is not written YYYY-MM-DD HH:MM, or is no such time."),
    "time-without-day": N_("A time is given without its day."),
    "time-without-year": N_("A day is given without its year."),
    "day-without-time": N_("A day is given without a time."),
    "weekday-wrong": N_("A day is not the weekday that stands beside it."),
    "time-does-not-exist": N_("The clocks skip this time in the file's timezone."),
    "full-width-value": N_("A time or duration is written with full-width characters."),
    "bad-date": N_("A date is not written YYYY-MM-DD, or is no such date."),
    "bad-duration": N_("A duration is not written like 30m, 6h or 2d."),
    "window-not-positive": N_("A window is zero or less."),
    "bad-deadline": N_("A deadline is not written like T+24h."),
    "deadline-not-positive": N_("A deadline does not lie after the first release."),
    "bad-link": N_("A link is not a complete http or https address."),
    "bad-contact": N_("A contact of the roster does not say where a liaison is told."),
    "contact-secret": N_("The roster holds a robot's address, with which anybody can write there."),
    "unknown-timezone": N_("The timezone of the file is not known."),
    # the office's own days: health-days.csv and holidays.csv
    "table-heading": N_("The first line of a table does not name its columns."),
    "table-row": N_("A line of a table has more cells than there are columns."),
    "bad-day-rule": N_("The rule of a health day cannot be read."),
    "day-twice": N_("A day stands twice in a table."),
}
_COLUMNS: Final = {
    "bad-rule": N_("A column's rule cannot be read."),
    "rule-too-often": N_("A column's rule is due more than once a day."),
    "rule-with-until": N_("A column's rule says itself when it ends."),
    "rule-needs-start": N_("A column's rule means nothing without the column's first day."),
    "rule-without-days": N_("A column's rule gives no day."),
    "count-and-until": N_("A column ends in two ways."),
    "column-span": N_("A column's days lie before it begins or after it ends."),
    "too-many-slots": N_("A column runs for more than ten years."),
    "bad-clock": N_("A time of day is not written HH:MM."),
    "unknown-placeholder": N_("A template has a placeholder that is not known."),
    "template-braces": N_("The braces of a template do not match."),
    "number-without-start": N_("A template counts slots of a column without a first day."),
    "no-slot-number": N_("A template shows a number the post does not have."),
    "duplicate-column": N_("A column is defined twice."),
    "column-unread": N_("A post's column may be defined in a file that cannot be read."),
    "unknown-column": N_("A post's column is not defined, but one with nearly that name is."),
    "unknown-review-column": N_(
        "The settings name levels of review for a column that the calendar does not have."
    ),
    "slot-and-at": N_("A post has both a slot and a time."),
    "slot-without-column": N_("A post has a slot, and its column has none."),
    "no-such-slot": N_("A post names a day that is no slot of its column."),
    "not-a-slot": N_("A post of a column is due on a day that is no slot of it."),
    "slot-empty": N_("A column has a slot without a post."),
    "slot-twice": N_("Two posts are in one slot of a column."),
    "bad-relative-time": N_("A time counted from another post is not written like T+4h."),
    "relative-without-after": N_("A time like T+4h does not say after which post."),
    "after-without-relative": N_("A post names another to count from, and has a time of its own."),
    "unknown-after": N_("A post is to follow one that is not in the calendar."),
    "after-not-planned": N_("A post is to follow one that has no time."),
    "relative-cycle": N_("Posts wait for each other in a circle."),
    "bad-delay": N_("An account's delay is not written like T+30m."),
    "before-embargo": N_("A post is due before its embargo ends."),
}
_MEDIA: Final = {
    "path-outside": N_("A path leads out of the schedules folder."),
    "media-missing": N_("A picture or video is not there."),
    "media-damaged": N_("A picture or video is empty, cut off or damaged."),
    "not-a-picture": N_("A file given as a picture is not one."),
    "not-a-video": N_("A file given as a video is not one."),
    "picture-heic": N_("A photo is in a phone's own format (HEIC or AVIF)."),
    "picture-too-large": N_("A picture has more pixels than can be opened safely."),
    "picture-not-local": N_("A text refers to a picture that is not in the folder."),
    "wrong-extension": N_("A file's name does not fit what is in it."),
}
_BODIES: Final = {
    "body-kind": N_("A body is a file of another kind than .docx, .txt or .md."),
    "docx-protected": N_("A Word file has a password."),
    "docx-damaged": N_("A file called .docx is no whole Word file."),
    "docx-linked-picture": N_("A Word file shows a picture that is not in it."),
    "docx-picture-cropped": N_("A picture of a Word file is cropped only for the eye."),
    "docx-picture-kind": N_("A picture of a Word file is a drawing no platform takes."),
    "docx-tracked-changes": N_("A Word file still has tracked changes."),
    "docx-comments": N_("A Word file still has comments."),
    "docx-not-taken": N_("Something in a Word file cannot be taken over into an article."),
    "docx-table": N_("A table of a Word file had to be made simpler."),
}
_ENTRIES: Final = {
    "duplicate-post": N_("Two posts have the same id."),
    "duplicate-unit": N_("Two units have the same id."),
    "duplicate-account": N_("Two accounts have the same id."),
    "account-twice": N_("A post names the same account twice."),
    "unknown-account": N_("A post names an account that is not in the roster."),
    "unknown-unit": N_("A key item names a unit that is not in the roster."),
    "unit-twice": N_("A key item asks a unit in two ways: to reprint, and not to."),
    "variant-changes-words": N_("A unit's variant has another title or text than the post."),
    "unknown-platform": N_("A platform, or the name of a variant, is not one the bot knows."),
    "more-not-possible": N_("A post has further articles where no account can carry them."),
    "draft-title": N_("A post still has the title of a draft."),
    "account-without-unit": N_("An account's row of a roster names no unit of it."),
    "account-name-twice": N_("Two accounts on one platform have the same name."),
    "closed-before-opened": N_("A unit or account closes before it opens."),
    "unknown-merger": N_("A unit is merged into one that is not in the roster."),
    "merged-without-day": N_("A unit is merged into another without a day of closing."),
    "two-flagships": N_("Two accounts on one platform are marked as the flagship."),
    "key-without-flagship": N_("A key item is not first released on a flagship account."),
    "key-deadlines-overlap": N_("Two key items are due for reprinting at the same time."),
}
_LINKS: Final = {
    "link-moved": N_("A link leads to a page that has moved to another site for good."),
    "link-private": N_("A link leads into a private network, where readers cannot follow."),
    "link-silent": N_("A link leads to a page that gives no usable answer at the moment."),
    "links-unchecked": N_("Links could not be checked: no network, or no time."),
}
_WARNINGS: Final = frozenset(
    {
        "account-name-twice",
        "link-moved",
        "link-private",
        "link-silent",
        "wrong-extension",
        "account-twice",
        "key-deadlines-overlap",
        "hidden-sheet",
        "hidden-row",
        "workbook-macros",
        "table-heading",
        "table-row",
        "bad-day-rule",
        "day-twice",
        "slot-empty",
        "slot-twice",
        "not-a-slot",
        "unknown-column",
        "unknown-review-column",
        "docx-tracked-changes",
        "docx-comments",
        "docx-not-taken",
        "docx-table",
    }
)
_NOTES: Final = frozenset({"filtered-rows", "sheet-ignored", "links-unchecked"})
_DEAD_LINK: Final = Rule(
    code="dead-link",
    group=Group.LINKS,
    meaning=N_("A link leads to a page that is not there."),
    optional=True,  # some sites say so to every program
)

# By code, in the order of the list; those of the platforms come with their adapters.
RULES: Final[Mapping[str, Rule]] = {
    **table(Group.FOLDER, _FOLDER),
    **table(Group.WRITING, _WRITING),
    **table(Group.SHEETS, _SHEETS, _WARNINGS, _NOTES),
    **table(Group.VALUES, _VALUES, _WARNINGS),
    **table(Group.COLUMNS, _COLUMNS, _WARNINGS),
    **table(Group.MEDIA, _MEDIA, _WARNINGS),
    **table(Group.BODIES, _BODIES, _WARNINGS),
    **table(Group.ENTRIES, _ENTRIES, _WARNINGS),
    _DEAD_LINK.code: _DEAD_LINK,
    **table(Group.LINKS, _LINKS, _WARNINGS, _NOTES),
    **{rule.code: rule for rule in GROUNDS},
}
