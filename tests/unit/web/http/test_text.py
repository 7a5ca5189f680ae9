"""Text is cleaned where its meaning is plain, and refused where a reader or a mail header could be misled."""

from __future__ import annotations

import unicodedata
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from candor.web.http.fields import address
from candor.web.http.text import event_id, lines, one_line

NFD = unicodedata.normalize("NFD", "Kärcher-Straße 4")
BOTH = pytest.mark.parametrize("clean", [one_line, lines])


@pytest.mark.parametrize(
    ("sent", "kept"),
    [
        ("=?UTF-8?Q?K=C3=BCche_montiert?=", "Küche montiert"),
        ("=?utf-8?b?S8O8Y2hl?= montiert", "Küche montiert"),
        ("=?UTF-8?B?S8M=?=\n =?UTF-8?B?vGNoZQ?=", "Küche"),
        ("=?ISO-8859-1*de?q?K=FCche?=", "Küche"),
        ("=?iso-2022-jp?B?GyRCRnxLXBsoQg==?=", "日本"),
        ("Is 2 =? 3", "Is 2 =? 3"),
        ("a?=b =?c", "a?=b =?c"),
        (" \tKüche\u00a0 ", "Küche"),
        ("10\u00a0kg", "10\u00a0kg"),
        ("👩‍🔧 comes", "👩‍🔧 comes"),
        ("❤️‍🔥 1️⃣", "❤️‍🔥 1️⃣"),
        ("葛\U000e0100城", "葛\U000e0100城"),
        ("می‌خواهم", "می‌خواهم"),
        ("Zahl\u00adung", "Zahl\u00adung"),
        ("ཧྐྵྨླྺྼྻྂ", "ཧྐྵྨླྺྼྻྂ"),
    ],
)
@BOTH
def test_what_is_plain_is_cleaned(clean: Callable[[str], str], sent: str, kept: str) -> None:
    assert clean(sent) == kept


@pytest.mark.parametrize(
    "text",
    [
        "=?UTF-8?Q?=ZZ?=",
        "=?UTF-8?Q?=FF?=",
        "=?UTF-8?B?%%%?=",
        "=?UTF-8?X?abc?=",
        "=?no-such-thing?Q?abc?=",
        "=?rot13?Q?abc?=",
        "=?unicode_escape?Q?abc?=",
        "=?UTF-8?Q?a b?=",
        "=?UTF-8?Q?=3D=3FUTF-8=3FQ=3Fa=3F=3D?=",
        "=?UTF-8?Q?a=00b?=",
        "=?UTF-8?Q?=3D=EF=BB=BF=3FUTF-8=3FQ=3Fa=3F=3D?=",
        "=?UTF-8?Q?a=E2=80=AEb?=",
        "a\0b",
        "a\x1bb",
        "a\u202eb",
        "a\u2066b",
        "a\ud800b",
        "a\u0378b",
        "a\uffffb",
        "\u200b",
        "\u200d\u200c",
        " \u3000 ",
        "\u3164",
        "\u2800",
        "\u0301",
        "\n\r\n",
        "a\U000e0041b",
        "a\U000e0001b",
        "a\U000e007fb",
        "a\ufff9b\ufffac\ufffb",
        "a\u206ab",
        "a\u206fb",
        "a\u2061b",
        "a\u180eb",
        "a\ufe0f\ufe0eb",
        "a\U000e0101\U000e0151b",
        "a\u200b\u200c\u200db",
        "a" + "\u0301" * 10,
        "a" + "\u0301\u0323" * 100,
        "x" * 4097,
        "é" * 2049,
        "=?UTF-8?Q?" + "x" * 40_000 + "?=",
    ],
)
@BOTH
def test_what_could_mislead_is_refused(clean: Callable[[str], str], text: str) -> None:
    with pytest.raises(ValueError, match="must"):
        clean(text)


def test_the_lines_of_a_form_are_ours() -> None:
    assert lines("one \r\ntwo\rthree\n\n\n\nfour\t\r\n") == "one\ntwo\nthree\n\nfour"
    assert lines("") == ""
    assert one_line("Feeder 12 is down\n") == "Feeder 12 is down"


LINE_ENDS = ["\n", "\r", "\r\n", "\v", "\f", "\x85", "\u2028", "\u2029"]


@pytest.mark.parametrize("end", LINE_ENDS)
def test_every_line_end_that_programs_write_is_one(end: str) -> None:
    assert lines(f"{end}Installed{end}and shown \u2028{end}") == "Installed\nand shown"
    assert one_line(f"{end}Feeder 12{end} {end}is down{end}") == "Feeder 12 is down"
    assert one_line(f"=?UTF-8?Q?a=0Bb?={end}c") == "a b c"


@pytest.mark.parametrize("clean", [one_line, lines])
def test_a_byte_order_mark_is_no_part_of_a_text(clean: Callable[[str], str]) -> None:
    assert clean("\ufeffMachine") == clean("Ma\ufeffchine \ufeff") == "Machine"
    # Nothing that would be refused is let in by it.
    with pytest.raises(ValueError, match="hide"):
        clean("a\u200b\ufeff\u200b\ufeff\u200b")
    with pytest.raises(ValueError, match="blank"):
        clean("\ufeff\u2028")


def test_a_tab_in_a_name_is_a_blank_and_in_a_text_a_tab() -> None:
    assert (one_line("Feeder\t12"), lines("Feeder\t12")) == ("Feeder 12", "Feeder\t12")


@given(st.lists(st.sampled_from([*LINE_ENDS, "\t", "\ufeff", " ", "a", "=?", "é"]), max_size=20).map("".join))
def test_a_name_is_one_line_whatever_stood_in_it(text: str) -> None:
    try:
        found = one_line(text)
    except ValueError:
        return
    assert found.isprintable()
    assert len(found.splitlines()) == 1


def test_one_name_has_one_form() -> None:
    assert NFD != "Kärcher-Straße 4"
    assert one_line(f"{NFD} ") == event_id(NFD) == "Kärcher-Straße 4"
    assert lines(NFD) == NFD


@pytest.mark.parametrize(
    "text", ["partition:1/offset:24", "a b", "100%", "é/日本?x=1#y", '{"a": 1}', "=?x?q?y?=", " ", "x" * 256]
)
def test_an_event_id_has_any_alphabet(text: str) -> None:
    assert event_id(text) == text


@pytest.mark.parametrize("text", ["", "x" * 257, "a\nb", "a\0b", "\x7f", "\x85", "\ud800", "\ufdd0", "\U0001ffff"])
def test_an_event_id_has_no_sign_that_the_standard_forbids(text: str) -> None:
    with pytest.raises(ValueError, match="1 to 256 characters"):
        event_id(text)


@pytest.mark.parametrize(
    ("sent", "kept"),
    [
        ("kunde@müller.example", "kunde@xn--mller-kva.example"),
        ("kunde@MÜLLER.example ", "kunde@xn--mller-kva.example"),
        ("a@例え.テスト", "a@xn--r8jz45g.xn--zckzah"),
        ("a@faß.example", "a@xn--fa-hia.example"),
        ("Kunde@Example.com", "Kunde@Example.com"),
        ("kunde@XN--mller-kva.example", "kunde@XN--mller-kva.example"),
    ],
)
def test_an_address_is_kept_as_the_dns_has_it(sent: str, kept: str) -> None:
    assert address(sent) == kept


@pytest.mark.parametrize(
    ("sent", "says"),
    [
        ("kündin@example.com", "ASCII before the @"),
        ("a@-ü.example", "domain that exists"),
        ("a@ü", "plain e-mail"),
        ("a@xn--a.com", "domain that exists"),
        ("a@xn--0.com", "domain that exists"),
        ("a@mail.XN--0.com", "domain that exists"),
    ],
)
def test_an_address_that_cannot_be_is_refused_in_one_line(sent: str, says: str) -> None:
    with pytest.raises(ValueError, match=says):
        address(sent)


@given(st.text(max_size=80))
@BOTH
def test_cleaning_again_changes_nothing(clean: Callable[[str], str], text: str) -> None:
    try:
        once = clean(text)
    except ValueError:
        return
    assert clean(once) == once
