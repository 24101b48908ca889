"""What the simulator sends: opened with wechatpy, which nobody here wrote."""

import base64

import pytest
import xmltodict
from wechatpy.crypto import PrpCrypto, WeChatCrypto
from wechatpy.utils import check_signature

from bot.simulator.clock import Clock
from bot.simulator.store import ControlError, Core
from bot.simulator.wechat_callbacks import Target, call_to, encrypted, xml_of
from tests.bot.simulator.client import START

KEY = "abcdefghijklmnopqrstuvwxyz0123456789ABCDEFG"
XML = xml_of({"ToUserName": "gh_1", "Event": "PUBLISHJOBFINISH", "Info": {"idx": [1, 2]}})


def _target(mode: str) -> Target:
    return Target(url="http://127.0.0.1:9/", token="t0ken", aes_key=KEY, mode=mode, receiver="wx1")


def _core() -> Core:
    return Core(clock=Clock(START))


def test_a_message_is_the_xml_others_read() -> None:
    message = xmltodict.parse(XML)["xml"]
    assert message == {
        "ToUserName": "gh_1",
        "Event": "PUBLISHJOBFINISH",
        "Info": {"idx": ["1", "2"]},
    }


def test_an_end_of_character_data_in_a_text_breaks_nothing() -> None:
    assert xmltodict.parse(xml_of({"a": "x]]>y<z"}))["xml"] == {"a": "x]]>y<z"}


@pytest.mark.parametrize("mode", ["plain", "compatible", "safe"])
def test_a_call_is_signed(mode: str) -> None:
    query = call_to(_core(), _target(mode), "event", XML, addressee="").query
    check_signature("t0ken", query["signature"], query["timestamp"], query["nonce"])


@pytest.mark.parametrize("mode", ["compatible", "safe"])
def test_a_sealed_call_is_opened_by_wechatpy(mode: str) -> None:
    call = call_to(_core(), _target(mode), "event", XML, addressee="<ToUserName>gh_1</ToUserName>")
    query = call.query
    opened = WeChatCrypto("t0ken", KEY, "wx1").decrypt_message(
        call.body, query["msg_signature"], query["timestamp"], query["nonce"]
    )
    assert opened == XML
    assert ("PUBLISHJOBFINISH" in call.body) == (mode == "compatible")


@pytest.mark.parametrize("length", [0, 1, 5, 6, 7, 31, 32, 33, 1000])
def test_every_length_is_padded_rightly(length: int) -> None:
    text = "x" * length
    sealed = encrypted(KEY, text, "wx1", "0123456789abcdef")
    crypto = PrpCrypto(base64.b64decode(KEY + "="))
    assert crypto.decrypt(sealed, "wx1") == text
    assert len(crypto.encrypt(text, "wx1")) == len(sealed)


def test_a_console_takes_no_bad_key() -> None:
    for wrong in ({"aes_key": "short"}, {"mode": "loud"}, {"token": ""}, {"url": "ftp://a"}):
        with pytest.raises(ControlError):
            Target(**({"url": "http://a", "token": "t", "aes_key": KEY} | wrong))
