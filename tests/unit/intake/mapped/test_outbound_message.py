"""Outbound Messages: read as plain values; what XML can do to a reader it cannot do to this one."""

from __future__ import annotations

import random
from pathlib import Path
from xml.etree import ElementTree

import pytest
from hypothesis import given
from hypothesis import strategies as st

from candor.intake.mapped.outbound_message import MOST_ELEMENTS, acknowledged, is_xml, read
from candor.web.http.problems import Problem

MESSAGE = """<?xml version="1.0" encoding="UTF-8"?>
<soapenv:Envelope xmlns:soapenv="http://schemas.xmlsoap.org/soap/envelope/"
 xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"><soapenv:Body>
<notifications xmlns="http://soap.sforce.com/2005/09/outbound">
<OrganizationId>00DWd</OrganizationId><SessionId xsi:nil="true"/>%s</notifications></soapenv:Body></soapenv:Envelope>"""
ONE = """<Notification><Id>04l%d</Id>
<sObject xsi:type="sf:Opportunity" xmlns:sf="urn:sobject.enterprise.soap.sforce.com">
<sf:Id>006%d</sf:Id><sf:Name>%s</sf:Name><sf:Empty></sf:Empty><sf:Nil xsi:nil="true"/></sObject></Notification>"""


def message(*names: str) -> bytes:
    return (MESSAGE % "".join(ONE % (number, number, name) for number, name in enumerate(names))).encode()


def refusal(raw: bytes) -> str:
    with pytest.raises(Problem) as raised:
        read(raw)
    assert (raised.value.code, raised.value.status) == ("malformed_xml", 400)
    return raised.value.detail


def test_a_message_of_several_notifications_is_plain_values() -> None:
    found = read(message("Café &amp; Söhne", "B"))
    assert (found["OrganizationId"], found["SessionId"]) == ("00DWd", None)
    assert found["notifications"][0] == {
        "Id": "04l0",
        "sObject": {"type": "Opportunity", "Id": "0060", "Name": "Café & Söhne", "Empty": None, "Nil": None},
    }
    assert [one["sObject"]["Name"] for one in found["notifications"]] == ["Café & Söhne", "B"]


def test_other_encodings_and_a_byte_order_mark_are_read() -> None:
    text = message("Söhne").decode()
    assert read(b"\xef\xbb\xbf" + text.encode())["notifications"][0]["sObject"]["Name"] == "Söhne"
    latin = text.replace("UTF-8", "ISO-8859-1").encode("latin-1")
    assert read(latin)["notifications"][0]["sObject"]["Name"] == "Söhne"
    assert "no XML" in refusal(text.replace("UTF-8", "EBCDIC-XYZ").encode())


LAUGHS = "".join(f'<!ENTITY a{number} "{f"&a{number - 1};" * 10}">' for number in range(1, 12))


@pytest.mark.parametrize(
    ("declared", "name"),
    [
        (f'<!DOCTYPE lolz [<!ENTITY a0 "ha">{LAUGHS}]>', "&a11;"),
        ('<!DOCTYPE x [<!ENTITY a "' + "x" * 50_000 + '">]>', "&a;" * 1_000),
        ('<!DOCTYPE x [<!ENTITY file SYSTEM "file:///etc/passwd">]>', "&file;"),
        ('<!DOCTYPE x SYSTEM "http://127.0.0.1:1/x.dtd">', "A"),
        ('<!DOCTYPE x [<!ENTITY % p SYSTEM "http://127.0.0.1:1/x"> %p;]>', "A"),
        ("<!DOCTYPE x>", "A"),
        ("<?xml-stylesheet href='file:///etc/passwd'?>", "A"),
    ],
    ids=["billion laughs", "quadratic", "external entity", "external type", "parameter entity", "type", "instruction"],
)
def test_no_document_type_no_entity_and_no_instruction_is_read(declared: str, name: str) -> None:
    raw = message(name).replace(b"?>", f"?>{declared}".encode(), 1)
    assert "is not read" in refusal(raw)


def test_an_entity_that_nobody_declared_is_no_xml() -> None:
    assert "no XML" in refusal(message("&file;"))


def test_depth_and_number_of_elements_are_bounded() -> None:
    assert "nested deeper" in refusal(message("<a>" * 50 + "</a>" * 50))
    assert "elements" in refusal(message("<a/>" * (MOST_ELEMENTS + 1)))
    assert len(read(message(*["x"] * 100))["notifications"]) == 100


@pytest.mark.parametrize(
    ("raw", "words"),
    [
        (b"", "no XML"),
        (b"<a>", "no XML"),
        (b"<a/>", "Envelope is missing"),
        (b'<Envelope xmlns="http://schemas.xmlsoap.org/soap/envelope/"/>', "Body is missing"),
        (message().replace(b"sforce.com/2005/09", b"evil.example/2005/09"), "notifications is missing"),
        (b"{}", "no XML"),
    ],
)
def test_what_is_no_message_is_refused_in_words(raw: bytes, words: str) -> None:
    assert words in refusal(raw)


def test_a_message_without_notifications_is_an_empty_one() -> None:
    assert read(message())["notifications"] == []


@given(st.binary(max_size=400))
def test_any_bytes_are_read_or_refused(raw: bytes) -> None:
    for body in (raw, b"<?xml version='1.0'?>" + raw, message("x")[: len(raw)] + raw):
        try:
            read(body)
        except Problem as problem:
            assert problem.code == "malformed_xml"


def test_any_mutation_is_read_or_refused() -> None:
    seed = random.randrange(2**32)
    print("seed", seed)
    chance = random.Random(seed)
    whole = message("Café", "B")
    for _ in range(2_000):
        raw = bytearray(whole)
        for _ in range(chance.randint(1, 5)):
            raw[chance.randrange(len(raw))] = chance.randrange(256)
        try:
            found = read(bytes(raw))
        except Problem as problem:
            assert problem.code == "malformed_xml"
        else:
            assert isinstance(found["notifications"], list)


def test_the_acknowledgement_is_the_one_that_salesforce_documents() -> None:
    reply = acknowledged()
    root = ElementTree.fromstring(reply.body)
    ack = root.find(".//{http://soap.sforce.com/2005/09/outbound}notificationsResponse/*")
    assert ack is not None
    assert (ack.tag.rpartition("}")[2], ack.text) == ("Ack", "true")
    assert reply.body == (Path(__file__).parent / "acknowledgement.xml").read_bytes().replace(b"?>\n", b"?>").strip()


@pytest.mark.parametrize(
    ("raw", "xml"), [(b" \n<a/>", True), (b"\xef\xbb\xbf<a/>", True), (b"[1]", False), (b"", False), (b'"<"', False)]
)
def test_xml_is_told_from_json_by_its_first_character(raw: bytes, xml: bool) -> None:
    assert is_xml(raw) is xml
