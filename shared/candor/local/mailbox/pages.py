"""The mailbox's pages: plain HTML without scripts, readable on a phone."""

from __future__ import annotations

from email.message import EmailMessage
from html import escape
from urllib.parse import urlencode

from candor.local.mailbox.store import Headline, ReceivedMessage

STYLE = """
:root { color-scheme: light dark; --line: #8884; --soft: light-dark(#5c5c5c, #a8a8a8); }
* { box-sizing: border-box; }
body { margin: 0 auto; max-width: 46rem; padding: 1rem; font: 1rem/1.5 system-ui, sans-serif; }
header { display: flex; flex-wrap: wrap; gap: .5rem 1rem; align-items: baseline; justify-content: space-between; }
h1 { font-size: 1.3rem; margin: .25rem 0; overflow-wrap: anywhere; }
form { display: flex; gap: .5rem; margin: .75rem 0; }
input, button { font: inherit; padding: .5rem .6rem; min-width: 0; }
input { flex: 1; }
ul { list-style: none; margin: 0; padding: 0; }
li { border-top: 1px solid var(--line); }
li a { display: block; padding: .7rem .25rem; color: inherit; text-decoration: none; }
li a:hover, li a:focus-visible { background: #8882; }
b, .to, dd, pre { overflow-wrap: anywhere; }
.to, .at, dt, footer { color: var(--soft); font-size: .875rem; }
.to, .at { display: block; }
dl { display: grid; grid-template-columns: max-content 1fr; gap: .1rem .75rem; margin: 0 0 1rem; }
dd { margin: 0; }
pre { white-space: pre-wrap; font: inherit; border-top: 1px solid var(--line); padding-top: 1rem; margin: 0; }
summary { padding: .7rem 0; cursor: pointer; }
iframe { width: 100%; height: 70vh; border: 1px solid var(--line); }
nav { margin: 1rem 0; }
"""
POLICY = (
    "default-src 'none'; style-src 'unsafe-inline'; form-action 'self'; frame-src 'self'; base-uri 'none'; "
    "frame-ancestors 'none'"
)
# A message is untrusted content: no scripts, no forms, nothing fetched, not even our own pages.
MESSAGE_POLICY = (
    "default-src 'none'; style-src 'unsafe-inline'; img-src data:; base-uri 'none'; form-action 'none'; "
    "frame-ancestors 'self'; sandbox"
)


def list_page(headlines: list[Headline], following: int | None, recipient: str, total: int) -> str:
    """The newest messages, to everybody or one recipient."""
    rows = "".join(_row(headline) for headline in headlines)
    empty = "Nothing yet. A customer gets a message once a promise is going to slip." if not recipient else "Nothing."
    query = urlencode({"before": following, **({"recipient": recipient} if recipient else {})})
    older = f'<nav><a href="/?{escape(query)}">Older messages</a></nav>' if following else ""
    body = f"""<header><h1>Mailbox</h1><span class="at">{total} received, none sent on</span></header>
<form action="/"><input name="recipient" type="search" value="{escape(recipient)}" placeholder="Recipient's address"
 aria-label="Recipient's address"><button>Show</button></form>
<main>{f"<ul>{rows}</ul>" if rows else f"<p>{empty}</p>"}{older}</main>"""
    return _page("Mailbox", body)


def message_page(message: ReceivedMessage) -> str:
    """One message as its recipient sees it: the headers that a mail program shows, then the text."""
    parsed = message.parsed()
    shown = [(name, str(parsed[name])) for name in ("From", "To", "Date", "Reply-To") if parsed[name]]
    headers = "".join(f"<dt>{name}</dt><dd>{escape(value)}</dd>" for name, value in shown)
    text = text_of(parsed)
    content = f"<pre>{escape(text)}</pre>" if text is not None else ""
    if html_of(parsed) is not None:
        frame = f'<iframe sandbox src="/m/{message.number}/html" title="The message with its layout"></iframe>'
        content += f"<details{'' if content else ' open'}><summary>HTML view</summary>{frame}</details>"
    subject = escape(str(parsed.get("Subject", "(no subject)")))
    raw = f'<a href="/messages/{message.number}/raw">Raw source</a>'
    body = f"""<nav><a href="/">All messages</a></nav><h1>{subject}</h1><dl>{headers}</dl><main>{content}</main>
<footer><p>Received {message.at:%Y-%m-%d %H:%M:%S} UTC. {raw}</p></footer>"""
    return _page(subject, body)


def text_of(parsed: EmailMessage) -> str | None:
    """The plain text of a message, or None."""
    return _part(parsed, "plain")


def html_of(parsed: EmailMessage) -> str | None:
    """The HTML of a message, or None."""
    return _part(parsed, "html")


def _part(parsed: EmailMessage, kind: str) -> str | None:
    part = parsed.get_body((kind,))
    if part is None:
        return None
    try:
        content = part.get_content()
    except (LookupError, ValueError, KeyError):
        # A text with an unknown charset is still shown so that the problem can be found.
        return bytes(part.get_payload(decode=True) or b"").decode("utf-8", "replace")
    return content if isinstance(content, str) else None


def _row(headline: Headline) -> str:
    to = escape(", ".join(headline.recipients))
    return (
        f'<li><a href="/m/{headline.number}"><b>{escape(headline.subject) or "(no subject)"}</b>'
        f'<span class="to">{to}</span><span class="at">{headline.at:%Y-%m-%d %H:%M:%S} UTC</span></a></li>'
    )


def _page(title: str, body: str) -> str:
    return f"""<!doctype html><html lang="en"><head><meta charset="utf-8"><title>{title}</title>
<meta name="viewport" content="width=device-width, initial-scale=1"><style>{STYLE}</style></head>
<body>{body}</body></html>"""
