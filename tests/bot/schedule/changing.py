"""Values a post's keys can have, ordinary ones and odd ones, for tests that change entries."""

from __future__ import annotations

from hypothesis import strategies as st

# What YAML, CSV or a sheet might take for something else.
_SIGNS = "甲乙 aZ09:#-'\"、，；：,;{}[]&*!|>%@`=+?~\n\t\\/🩺𠮷“”（无）\u3000"
TEXT = st.text(_SIGNS, max_size=24).map(str.strip)
ODD = st.sampled_from(
    [
        *("null", "~", "true", "0506", "- a", "a: b", "a #b", "#a", "=1+1", "'=x", "@a", "（无）"),
        *("%x", "`x`", "|", "> a", "? a", "! a", "&a", "*a", '"a', "'a'", "a\nb", "a\n\n b\nc"),
        *(
            "a \nb",
            "{a}",
            "[a]",
            "一、二",
            "a：b；c",
            "🩺\n🩺",
            "a\\n",
            "--- a",
            "...",
            "T+4h",
            "是",
        ),
    ]
)
WORDS = TEXT | ODD
NAME = WORDS.filter(bool)
ACCOUNT = st.sampled_from(["u01-wechat", "u01-weibo", "u02-wechat"])
ACCOUNTS = st.lists(ACCOUNT, max_size=3)
UNITS = st.lists(st.sampled_from(["u02", "u03", "u04"]), max_size=3)
PAIRS = st.dictionaries(st.sampled_from(["u14", "u15", "nights"]), WORDS, min_size=1, max_size=3)
TIME = st.datetimes().map(lambda at: f"20{at:%y-%m-%d %H:%M}")
FLAG = st.sampled_from(["true", "false"])
SPAN = st.sampled_from(["6h", "30m", "2d"])
PICTURES = st.lists(NAME, max_size=3)
OVERRIDE = st.fixed_dictionaries(
    {}, optional={"title": WORDS, "text": WORDS, "images": PICTURES, "options": PAIRS}
)
VALUES = {
    "at": TIME,
    "title": NAME,
    "accounts": ACCOUNTS,
    "column": WORDS,
    "topic": st.sampled_from(["science", "policy", "科普", "x"]),
    "text": WORDS,
    "digest": WORDS,
    "images": PICTURES,
    "author": WORDS,
    "window": SPAN,
    "push": FLAG,
    "link": st.sampled_from(["https://a.cn/?b=1&c=#d", "http://a.cn/x"]),
    "ignore": PAIRS,
    "embargo": TIME,
    "variants": st.dictionaries(
        st.sampled_from(["weibo", "wechat"]), OVERRIDE.filter(bool), min_size=1
    ),
    "key": st.fixed_dictionaries(
        {"deadline": st.sampled_from(["T+4h", "T+24h"])},
        optional={"spread": SPAN, "must": UNITS, "exempt": PAIRS, "declared_original": FLAG},
    ),
    "more": st.lists(
        st.fixed_dictionaries({"title": NAME, "body": NAME}, optional={"digest": WORDS}),
        min_size=1,
        max_size=2,
    ),
}
CHANGES = st.lists(
    st.sampled_from(sorted(VALUES)).flatmap(
        lambda key: st.tuples(
            st.just(key), VALUES[key] if key in ("title", "at") else VALUES[key] | st.none()
        )
    ),
    min_size=1,
    max_size=4,
).map(dict)
