"""What people and exports call the fields of promises, milestones and contacts, in English and German.

Of exports: HubSpot's deals, Salesforce's opportunities, cases and work orders, Jira's issues, Zendesk's tickets.
"""

from __future__ import annotations

import re
import unicodedata
from difflib import SequenceMatcher
from functools import lru_cache
from types import MappingProxyType
from typing import Final, NamedTuple

NAMES: Final = MappingProxyType(
    {
        "promise_id": """promise id; promise; order; order id; order no; order number; record id; deal id; opportunity
            id; case number; work order number; issue key; key; ticket id; ticket; contract number; job id; id;
            auftrag; auftragsnummer; auftrags nr; bestellung; bestellnummer; vorgang; vorgangsnummer;
            vertragsnummer; ticketnummer; zusage; belegnummer; reference; reference number; ref; external id;
            project id; case id; job number; job; request id; contract id; po number; so number; quote number;
            invoice number; shipment id; tracking number; referenz; referenznummer; bestell nr; auftrags id;
            projektnummer; fallnummer; angebotsnummer; rechnungsnummer; lieferscheinnummer; sendungsnummer; vertrags
            nr""",
        "customer_id": """customer; customer id; customer no; customer number; account; account id; account name;
            company; company id; company name; associated company; associated company ids; client; client id;
            organization; organisation; organization id; requester id; kunde; kunden id; kundennummer; kunden nr;
            firma; auftraggeber; debitor; customer name; organization name; client name; buyer; sold to; ship to;
            bill to; subscriber; kundenname; besteller; kaeufer; unternehmen; mandant; debitorennummer""",
        "kind": """kind; type; promise type; deal type; record type; issue type; ticket type; order type; category;
            opportunity type; pipeline; product line; work type; art; typ; auftragsart; kategorie; leistungsart;
            vorgangsart; promise kind; service type; product type; job type; request type; vertragsart; produktart;
            ticketart; servicetyp; projekttyp; anfrageart""",
        "what": """what; description; summary; subject; title; deal name; opportunity name; name; work order subject;
            item; product; service; beschreibung; betreff; bezeichnung; titel; leistung; gegenstand; artikel; text;
            details; deliverable; feature; scope; project; project name; auftragsbeschreibung; artikelbezeichnung;
            projekt; projektname; kurzbeschreibung; thema""",
        "made_at": """made at; made; ordered; ordered at; order date; created; created at; create date; created date;
            creation date; date created; opened; opened date; sold at; signed; auftragsdatum; bestelldatum;
            bestellt; bestellt am; erstellt; erstellt am; angelegt am; erfasst am; vertragsdatum; order created;
            promised on; contract date; start date; booked; booked on; booking date; closed won date; submitted;
            received; placed on; sold on; signed on; signed date; zugesagt am; eingang; eingangsdatum;
            auftragseingang; abschlussdatum; beginn; startdatum; datum der bestellung; unterschrieben am;
            erstellungsdatum""",
        "due": """due; due date; due at; promised; promised date; promised for; promise date; deadline; close date;
            target date; delivery date; expected delivery; committed date; sla due; end date; scheduled end;
            faellig; faellig am; faelligkeit; faelligkeitsdatum; termin; liefertermin; zugesagt; zugesagt bis;
            zusagetermin; frist; solltermin; bis wann; eta; commit date; needed by; required by; required date; ship
            by; deliver by; promised by; estimated delivery; estimated delivery date; planned delivery; planned end;
            install date; go live; go live date; finish date; expected date; expected close; confirmed date;
            fertigstellung; fertigstellung bis; lieferdatum; zieltermin; zieldatum; enddatum; einbautermin;
            voraussichtlich""",
        "requested_due": """requested due; requested date; requested; requested delivery; wunschtermin; gewuenscht;
            wunschdatum; desired date; wish date; requested ship date; wunschliefertermin; gewuenschter termin;
            kundenwunschtermin""",
        "done_at": """done; done at; done on; delivered; delivered at; delivered on; completed; completed at; completion
            date; completed date; resolved; resolved at; resolution date; closed; closed at; closed date; solved at;
            actual delivery; actual end; finished; installed; geliefert; geliefert am; erledigt; erledigt am;
            abgeschlossen; abgeschlossen am; fertig; fertig am; isttermin; ausgeliefert am; actual date; actual
            delivery date; ship date; shipped; fulfilled; fulfilled at; end time; erfuellt am; fertiggestellt;
            fertiggestellt am; tatsaechlicher termin; tatsaechliches lieferdatum; geloest am; geschlossen am;
            installiert am; lieferung erfolgt""",
        "value": """value; amount; deal amount; price; total; total price; revenue; order value; contract value; net
            amount; wert; betrag; auftragswert; summe; umsatz; preis; nettobetrag; gesamtbetrag; worth; subtotal;
            arr; mrr; acv; tcv; auftragssumme; auftragsvolumen; vertragswert; bestellwert; gesamtpreis;
            rechnungsbetrag; jahreswert; netto; brutto; volumen""",
        "currency": """currency; currency code; currency iso code; deal currency; waehrung; waehrungscode; ccy; curr;
            whg""",
        "owner": """owner; owner id; deal owner; opportunity owner; account owner; case owner; account manager;
            assignee; responsible; seller; sales rep; verantwortlich; verantwortlicher; zustaendig; bearbeiter;
            betreuer; verkaeufer; vertriebsmitarbeiter; owner name; assigned to; handled by; account exec; csm;
            project manager; salesperson; technician; projektleiter; kundenbetreuer; sachbearbeiter; zugewiesen an;
            zustaendige person; inhaber; besitzer""",
        "department": """department; business unit; abteilung; bereich; vertriebsbereich; dept; division; team; team
            name; abt; gruppe; sparte""",
        "deliverer": """deliverer; supplier; contractor; subcontractor; lieferant; dienstleister; ausfuehrender; vendor;
            carrier; installer; delivered by; spediteur; spedition; frachtfuehrer; montageteam; kolonne;
            subunternehmer; nachunternehmer""",
        "milestone": """milestone; milestone name; step; stage; phase; task; meilenstein; schritt; etappe; abschnitt;
            step name; milestone title; stage name; task name; phase name; activity; ereignis; arbeitsschritt;
            prozessschritt; vorgangsschritt; aufgabe""",
        "status": """status; state; milestone status; zustand; stand; outcome; bearbeitungsstatus; auftragsstatus;
            meilensteinstatus; fortschritt; ergebnis""",
        "at": """at; date; on; timestamp; time; happened at; reported at; event date; updated; status date; datum; am;
            zeitpunkt; gemeldet am; stand vom; occurred at; occurred on; modified; last modified; changed at; logged
            at; status changed; zeitstempel; geaendert am; aktualisiert am; eingetreten am; meldedatum; statusdatum""",
        "planned": """planned; planned at; planned date; scheduled; scheduled start; plan date; geplant; geplant am;
            plantermin; baseline; baseline finish; geplantes datum; plan datum; plandatum; solldatum; geplantes ende""",
        "email": """email; e mail; mail; email address; contact email; requester email; e mail adresse; mailadresse;
            emailadresse""",
        "name": """contact name; full name; contact; primary contact; requester; ansprechpartner; kontakt; kontaktname;
            vollstaendiger name; name des kontakts; contact person; recipient; display name; kontaktperson;
            empfaenger""",
        "language": "language; locale; lang; sprache; sprachcode; korrespondenzsprache",
        "purposes": """purposes; purpose; contact purposes; consent purposes; consented to; zwecke; einwilligung zu;
            subscriptions; opt in; consent""",
        "tier": "customer tier; contact tier; account tier; kundenstufe; kundenklasse",
        "tolerance": "customer tolerance; contact tolerance; toleranz des kunden",
        "ahead_hours": "ahead hours; hours ahead; vorlauf stunden",
        "pace_hours": "pace hours; hours between messages; stunden zwischen nachrichten",
        "renews_on": """renewal; renewal date; renews; renews on; next renewal; contract renewal; contract end; contract
            end date; end of contract; contract expires; contract expiry; expires; expires on; expiry; expiry date;
            expiration date; subscription end; term end; vertragsende; vertragsablauf; laufzeitende; laufzeit bis;
            ablauf; ablaufdatum; verlaengerung; verlaengerung am; verlaengert am; vertragsverlaengerung; gueltig bis""",
        "zone": "time zone; timezone; zone; zeitzone; tz",
    }
)
LIKE: Final = 0.84
"""How alike two names must be for one to be a slip of the other."""
WITHIN: Final = 0.75
"""The score of a name that has all words of a known one, and others."""
_word: Final = re.compile(r"[a-z0-9]+")
_camel: Final = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")
_FOLDED: Final = str.maketrans({"ä": "ae", "ö": "oe", "ü": "ue", "ß": "ss"})


class Named(NamedTuple):
    """How well a column's name is one of a field, in [0, 1], and the known name that it is like."""

    score: float
    like: str


@lru_cache(maxsize=2_048)
def words(name: str) -> str:
    """A name as plain words: `Fälligkeits-Datum` is `faelligkeits datum`, and `CloseDate` is `close date`."""
    whole = unicodedata.normalize("NFC", name)  # file names may have their accents written apart
    text = _camel.sub(" ", whole).casefold().translate(_FOLDED)
    plain = unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode()
    return " ".join(_word.findall(plain))


@lru_cache(maxsize=1)
def known() -> dict[str, tuple[str, ...]]:
    """The names of each field, as plain words."""
    return {field: tuple(" ".join(one.split()) for one in said.split(";")) for field, said in NAMES.items()}


def named(field: str, column: str) -> Named:
    """How well a column's name is one of the field's."""
    own = words(column)
    best = Named(0.0, "")
    for one in known()[field]:
        score = _alike(own, one)
        if score > best.score:
            best = Named(score, one)
    return best


def _alike(own: str, one: str) -> float:
    if own == one or own.replace(" ", "") == one.replace(" ", ""):
        return 1.0
    if len(own) < 3 or len(one) < 3:
        return 0.0
    mine, theirs = own.split(), one.split()
    if set(theirs) <= set(mine):
        return WITHIN * (0.8 + 0.2 * len(theirs) / len(mine))
    ratio = SequenceMatcher(None, own, one).ratio()
    return ratio * WITHIN if ratio >= LIKE else 0.0
