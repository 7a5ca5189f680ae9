"""The ledger's decisions: pure functions over frozen dataclasses. No HTTP, no Kafka, no SQL."""

from promise_svc.domain.customer import Customer, SetContact, admit, erase, remove_contact, set_contact
from promise_svc.domain.decide import assign, make, revise, settle, withdraw
from promise_svc.domain.machines import MACHINES, Kind
from promise_svc.domain.matter import Enter, Entry, Matter, enter, repeats
from promise_svc.domain.promise import Change, ChangeKind, Make, Promise, Revise, Settle, State, Terms, Withdraw
from promise_svc.domain.refusal import Refusal, RefusalReason

__all__ = [
    "MACHINES",
    "Change",
    "ChangeKind",
    "Customer",
    "Enter",
    "Entry",
    "Kind",
    "Make",
    "Matter",
    "Promise",
    "Refusal",
    "RefusalReason",
    "Revise",
    "SetContact",
    "Settle",
    "State",
    "Terms",
    "Withdraw",
    "admit",
    "assign",
    "enter",
    "erase",
    "make",
    "remove_contact",
    "repeats",
    "revise",
    "set_contact",
    "settle",
    "withdraw",
]
