"""The client of each system that can be polled, made of what a configuration says of it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Final, NamedTuple

from candor.clients.aftership import VERSION, AfterShip
from candor.clients.calling import Calling
from candor.clients.credentials import Credentials, Secret
from candor.clients.hubspot import HubSpot
from candor.clients.jobber import VERSION as JOBBER_VERSION
from candor.clients.jobber import Jobber
from candor.clients.pages import Client
from candor.clients.pipedrive import Pipedrive
from candor.clients.salesforce import VERSION as SALESFORCE_VERSION
from candor.clients.salesforce import Salesforce
from candor.clients.servicetitan import ServiceTitan


class Access(NamedTuple):
    """What a client is made of, as far as its system needs it."""

    calling: Calling
    credentials: Credentials
    object: str = ""
    fields: Sequence[str] = ()
    tenant: str = ""
    app_key: Secret = Secret(None, "")
    version: str = ""


def _hubspot(access: Access) -> Client:
    return HubSpot(access.calling, access.credentials, access.object, access.fields)


def _salesforce(access: Access) -> Client:
    version = access.version or SALESFORCE_VERSION
    return Salesforce(access.calling, access.credentials, access.object, access.fields, version)


def _pipedrive(access: Access) -> Client:
    return Pipedrive(access.calling, access.credentials, access.object or "deals")


def _aftership(access: Access) -> Client:
    return AfterShip(access.calling, access.credentials, access.version or VERSION)


def _servicetitan(access: Access) -> Client:
    return ServiceTitan(access.calling, access.credentials, access.tenant, access.app_key)


def _jobber(access: Access) -> Client:
    return Jobber(access.calling, access.credentials, access.version or JOBBER_VERSION)


KINDS: Final[Mapping[str, Callable[[Access], Client]]] = {
    "hubspot": _hubspot,
    "salesforce": _salesforce,
    "pipedrive": _pipedrive,
    "aftership": _aftership,
    "servicetitan": _servicetitan,
    "jobber": _jobber,
}


def secret(file: str | None, variable: str | None) -> Secret:
    """The secret of a configuration: of a file, or else of a variable."""
    return Secret(None if file is None else Path(file), variable or "")
