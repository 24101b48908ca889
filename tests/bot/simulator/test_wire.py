"""Bodies as they come over the wire."""

import pytest

from bot.simulator.wire import BadBody, Call, parse_multipart, stringified

KIND = "multipart/form-data; boundary=b"


def _body(*parts: tuple[str, bytes]) -> bytes:
    joined = b"".join(
        b"--b\r\n" + head.encode() + b"\r\n\r\n" + data + b"\r\n" for head, data in parts
    )
    return joined + b"--b--\r\n"


def test_parts_keep_their_bytes() -> None:
    data = b"\r\n\r\n--a\r\n\x00--b?"
    head = 'Content-Disposition: form-data; name="pic"; filename="a.png"\r\nContent-Type: image/png'
    body = _body((head, data), ('content-disposition: form-data; name="t"', b""))
    first, second = parse_multipart(KIND, body)
    assert (first.name, first.filename, first.content_type) == ("pic", "a.png", "image/png")
    assert bytes(first.data) == data
    assert (second.name, second.filename, bytes(second.data)) == ("t", None, b"")


def test_a_quoted_boundary() -> None:
    body = _body(('Content-Disposition: form-data; name="t"', b"x"))
    (part,) = parse_multipart('multipart/form-data; boundary="b"', body)
    assert bytes(part.data) == b"x"


GOOD = _body(('Content-Disposition: form-data; name="t"', b"x"))


@pytest.mark.parametrize(
    ("kind", "body"),
    [
        ("application/json", GOOD),
        ("multipart/form-data", GOOD),
        (KIND, b""),
        (KIND, b"\r\n" + GOOD),
        (KIND, GOOD[:-6]),
        (KIND, GOOD[:20]),
        (KIND, _body(("Content-Disposition: form-data", b"x"))),
    ],
)
def test_broken_multipart(kind: str, body: bytes) -> None:
    with pytest.raises(BadBody):
        parse_multipart(kind, body)


def _call(kind: str, body: bytes) -> Call:
    return Call(method="POST", path="/", query={}, headers={}, body=body, content_type=kind)


def test_forms_come_in_two_shapes() -> None:
    plain = _call("application/x-www-form-urlencoded", b"a=%E4%B8%AD+b&c=")
    assert plain.form == {"a": "中 b", "c": ""}
    assert _call(KIND, GOOD).form == {"t": "x"}
    assert _call("text/plain", b"a=1").form == {}


@pytest.mark.parametrize("body", [b"", b"[]", b"{", b"\xff", b'{"a":"\\ud800"}'])
def test_bodies_that_are_no_json_object(body: bytes) -> None:
    with pytest.raises(BadBody):
        _ = _call("application/json", body).json


def test_stringified_numbers() -> None:
    given = {"a": 1, "b": [1.5, True, None, {"c": 0}]}
    assert stringified(given) == {"a": "1", "b": ["1.5", True, None, {"c": "0"}]}
