"""The ledger's decisions: pure functions over frozen dataclasses. No HTTP, no Kafka, no SQL."""

from promise_svc.domain.adding import added, same
from promise_svc.domain.answers import judged
from promise_svc.domain.customer import Customer, SetContact, admit, erase, remove_contact, set_contact
from promise_svc.domain.decide import Statement, assign, make, revise, settle, statement, withdraw
from promise_svc.domain.handoffs import refuse_second
from promise_svc.domain.machines import MACHINES, Kind
from promise_svc.domain.matter import Enter, Entry, Matter, enter, repeats
from promise_svc.domain.offers import agreed_date, refuse_past
from promise_svc.domain.promise import Change, ChangeKind, Make, Promise, Revise, Settle, State, Terms, Withdraw
from promise_svc.domain.refusal import Refusal, RefusalReason
from promise_svc.domain.restating import restates
from promise_svc.domain.story import Arrival, arrive, fold, follows, order, precede

__all__ = [
    "MACHINES",
    "Arrival",
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
    "Statement",
    "Terms",
    "Withdraw",
    "added",
    "admit",
    "agreed_date",
    "arrive",
    "assign",
    "enter",
    "erase",
    "fold",
    "follows",
    "judged",
    "make",
    "order",
    "precede",
    "refuse_past",
    "refuse_second",
    "remove_contact",
    "repeats",
    "restates",
    "revise",
    "same",
    "set_contact",
    "settle",
    "statement",
    "withdraw",
]
