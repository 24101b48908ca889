"""What two texts share, marked in both as they were written."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from bot.domain.marking import Piece, marked

KEY = "流感季来了，请及时接种流感疫苗，勤洗手、戴口罩。发热请到发热门诊就诊。"


def shared(pieces: tuple[Piece, ...] | list[Piece]) -> list[str]:
    return [piece.text for piece in pieces if piece.shared]


def test_signs_width_and_script_part_nothing() -> None:
    other = "【转】流感季來了!請及時接種流感疫苗！勤洗手,戴口罩。\n本院门诊照常。"
    found = marked(KEY, other)
    assert shared(list(found.key)) == ["流感季来了，请及时接种流感疫苗，勤洗手、戴口罩"]
    assert shared(list(found.other)) == ["流感季來了!請及時接種流感疫苗！勤洗手,戴口罩"]
    assert found.shared == len("流感季來了!請及時接種流感疫苗！勤洗手,戴口罩")


def test_what_a_text_says_twice_is_marked_twice_and_cut_once() -> None:
    run = "发热请到发热门诊就诊"
    found = marked(KEY, f"{run}。再说一遍：{run}。")
    assert shared(list(found.other)) == [run, run]
    assert shared(list(found.key)) == [run]


def test_nothing_is_shared() -> None:
    assert not marked(KEY, "").shared
    assert marked("", KEY).other == (Piece(text=KEY, shared=False),)
    assert not marked(KEY, "今天天气很好，适合出门散步看花").shared


@settings(max_examples=25)
@given(st.text(alphabet="流感季来了，請及时 \nＡa½ﬁ", max_size=60), st.text(max_size=30))
def test_joined_again_they_are_what_was_given(key: str, other: str) -> None:
    both = other + key
    found = marked(key, both)
    assert "".join(piece.text for piece in found.key) == key
    assert "".join(piece.text for piece in found.other) == both
