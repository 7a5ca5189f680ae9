"""Salesforce's Outbound Messages: SOAP as plain values, and the answer without which Salesforce repeats a message.

Shape: https://developer.salesforce.com/docs/atlas.en-us.api.meta/api/sforce_api_om_outboundmessaging_wsdl.htm
"""

from __future__ import annotations

from typing import Any, Final
from xml.parsers import expat

from candor.intake.source import Reply
from candor.web.http.problems import Problem

MEDIA_TYPES: Final = ("text/xml", "application/xml")
DEEPEST: Final = 12
MOST_ELEMENTS: Final = 50_000
NAMESPACE: Final = "http://soap.sforce.com/2005/09/outbound"
_ENVELOPE: Final = "http://schemas.xmlsoap.org/soap/envelope/"
_INSTANCE: Final = "http://www.w3.org/2001/XMLSchema-instance"
_ACK: Final = (
    b'<?xml version="1.0" encoding="UTF-8"?><soapenv:Envelope xmlns:soapenv="%b"><soapenv:Body>'
    b'<notificationsResponse xmlns="%b"><Ack>true</Ack></notificationsResponse></soapenv:Body></soapenv:Envelope>'
) % (_ENVELOPE.encode(), NAMESPACE.encode())


def is_xml(raw: bytes) -> bool:
    """Whether a body is XML rather than JSON, by its first character."""
    return raw.removeprefix(b"\xef\xbb\xbf").lstrip()[:1] == b"<"


def read(raw: bytes) -> dict[str, Any]:
    """`{"OrganizationId", "ActionId", …, "notifications": [{"Id", "sObject": {"type", "Id", …}}]}`, all values texts.

    A field that is nil or empty is None. Raises Problem `malformed_xml` for anything else: no document type and no
    entity is ever read, and nothing outside the body.
    """
    reader = _Reader()
    parser = expat.ParserCreate(namespace_separator=" ")
    parser.buffer_text = True
    parser.StartElementHandler = reader.start
    parser.EndElementHandler = reader.end
    parser.CharacterDataHandler = reader.text
    parser.StartDoctypeDeclHandler = reader.refuse
    parser.EntityDeclHandler = reader.refuse
    parser.ProcessingInstructionHandler = reader.refuse
    try:
        parser.Parse(raw, True)
    except expat.ExpatError as error:
        raise _malformed(f"no XML: line {error.lineno}, column {error.offset}") from None
    except (ValueError, LookupError):
        raise _malformed("no XML in an encoding that is read here") from None
    return _message(reader.root)


def acknowledged() -> Reply:
    """The answer that Salesforce takes for delivered; a bare 200 is a failure to it."""
    return Reply(200, _ACK, "text/xml; charset=utf-8")


class _Node:
    __slots__ = ("children", "kind", "name", "nil", "text")

    def __init__(self, name: str, attributes: dict[str, str]) -> None:
        self.name = name
        self.kind = attributes.get(f"{_INSTANCE} type", "").rpartition(":")[2]
        self.nil = attributes.get(f"{_INSTANCE} nil") in ("true", "1")
        self.text: list[str] = []
        self.children: list[_Node] = []

    def plain(self) -> str | None:
        return None if self.nil else "".join(self.text).strip() or None


class _Reader:
    def __init__(self) -> None:
        self.root = _Node("", {})
        self._open = [self.root]
        self._count = 0

    def start(self, name: str, attributes: dict[str, str]) -> None:
        self._count += 1
        if len(self._open) > DEEPEST or self._count > MOST_ELEMENTS:
            raise _malformed(f"nested deeper than {DEEPEST} levels, or more than {MOST_ELEMENTS:,} elements")
        node = _Node(name, attributes)
        self._open[-1].children.append(node)
        self._open.append(node)

    def end(self, _name: str) -> None:
        self._open.pop()

    def text(self, data: str) -> None:
        self._open[-1].text.append(data)

    def refuse(self, *_declared: object) -> None:
        raise _malformed("a document type, an entity or an instruction is not read")


def _message(root: _Node) -> dict[str, Any]:
    found = _below(_below(_below(root, f"{_ENVELOPE} Envelope"), f"{_ENVELOPE} Body"), f"{NAMESPACE} notifications")
    said: dict[str, Any] = {
        _local(one.name): one.plain() for one in found.children if _local(one.name) != "Notification"
    }
    said["notifications"] = [_notification(one) for one in found.children if _local(one.name) == "Notification"]
    return said


def _notification(node: _Node) -> dict[str, Any]:
    said: dict[str, Any] = {}
    for one in node.children:
        if _local(one.name) == "sObject":
            fields = {_local(part.name): part.plain() for part in one.children}
            said["sObject"] = {"type": one.kind, **fields}
        else:
            said[_local(one.name)] = one.plain()
    return said


def _below(node: _Node, name: str) -> _Node:
    for one in node.children:
        if one.name == name:
            return one
    raise _malformed(f"no Outbound Message: {_local(name)} is missing")


def _local(name: str) -> str:
    return name.rpartition(" ")[2]


def _malformed(detail: str) -> Problem:
    return Problem("malformed_xml", detail)
