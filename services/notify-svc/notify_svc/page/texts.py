"""Every text of the customer's page, in one place; braces name what is filled in."""

from __future__ import annotations

from typing import Final

LINK: Final = "What we promised, what changed and what we said to you"
"""Names the link in a message; what follows it is the address."""

HEADING: Final = "What we promised: {what}"
PROMISED: Final = "We promised: by {due}."
PROMISED_FIRST: Final = "We promised at first: by {due}."
CHANGED: Final = "What changed"
UNCHANGED: Final = "The promised time has not changed."
MOVED: Final = "On {at} it became: by {due}."
NOT_MOVED: Final = "On {at} we named another time: by {due}. You have not agreed to it, so what we promised stays."
REASON: Final = "Reason given: {reason}."

NOW: Final = "Now"
STATES: Final = {
    "withdrawn": "This promise was withdrawn. It is not carried out any more.",
    "cancelled": "This is cancelled. We do not expect it to happen any more.",
    "disputed": "You and we see differently how this ended.",
    "kept": "Done, as promised.",
    "late": "Done, but later than we promised.",
    "broken": "We did not keep this promise.",
    "range": "Not done yet. We expect it between {low} and {high}.",
    "no_range": "Not done yet, and we have no new time that we can stand by.",
    "changed": "Not done yet. What we said of its time no longer holds; we do not have a new one for you yet.",
    "stale": "At this moment we cannot see how it stands: our data is not up to date.",
    "on_track": "Not done yet. We expect to keep what we promised.",
    "overdue": "Not done yet, and the promised time has passed.",
    "nothing": "Not done yet. We have nothing to add to what we promised.",
}
"""What holds now, by its key in `view.State`."""
COMPLETED: Final = "It was completed on {at}."
SAID_AT: Final = "We said so on {at}."
NEXT: Final = "You hear from us by {by}, sooner if this changes."
NEXT_MISSED: Final = "We said that you hear from us by {by}. That time has passed, and we have not written."
RECORD: Final = {
    1: "Of {count} time that we named for a next message, {kept} were kept.",
    2: "Of {count} times that we named for a next message, {kept} were kept.",
}
"""For one and for several."""

SAID: Final = "What we said to you, and when"
SAID_NONE: Final = "We have written nothing to you about this yet."
SAID_ON: Final = "{at}: {subject}"
UNSURE: Final = "We do not know whether this message reached you."
GONE: Final = "We no longer keep the words of this message."
OLDER: Final = "{count} older messages are not shown."
ZONE: Final = "All times are {zone}."

STOP: Final = "Messages about your promises"
STOP_LINK: Final = "I want no messages any more"
STOP_MEANS: Final = "You get a message when something that we promised you changes. Do you want none of these any more?"
STOP_BUTTON: Final = "Send me no messages"
STOPPED: Final = "You get no messages from us any more, also when something that we promised you changes."
RESUME: Final = "Write to me again"
BACK: Final = "Back to what we promised"

YOU_SAID: Final = "What you said to us"
ANSWER: Final = "Answer us"
ANSWER_TAKEN: Final = "We have taken it, and it goes to the people who work on this promise."
SEND: Final = "Send"
WORDS: Final = "In your words, if you like"
QUESTION: Final = "Ask a question"
QUESTION_WORDS: Final = "Your question"
READBACK: Final = "Did we understand you?"
READBACK_ASKED: Final = "This is what we understood: {what}, by {due}. Is that right?"
VERDICT: Final = "Did we keep what we promised?"
VERDICT_ASKED: Final = "Your verdict counts in our records."
CHOICES: Final = {
    "right": "Yes, that is right",
    "wrong": "No, something is different",
    "kept": "Kept",
    "in_part": "Kept in part",
    "not_kept": "Not kept",
}
"""What can be chosen, by the value that the form sends."""
OPTIONS: Final = "What we offer you"
OPTIONS_ASKED: Final = "Take one of these, if you like. Nothing changes until you do."
OPTION_BY: Final = "{name}: by {due}"
SAID_OF: Final = {
    "question": "You asked",
    "readback": "What we understood",
    "verdict": "Your verdict",
    "option": "You took",
}
SAID_LINE: Final = "{at}: {what}"

NOTHING_CHOSEN: Final = "Please choose one of the answers."
NOTHING_WRITTEN: Final = "Please write something."
WHAT_IS_DIFFERENT: Final = "Please say what is different."
TOO_LONG: Final = "That text cannot be taken: at most {longest:,} characters, and plain text only."
TOO_MANY: Final = "You have answered {most} times within an hour. Please wait a while, or reply to our message."
NOT_ANY_MORE: Final = "Meanwhile this has changed, and your answer was not taken. How it stands now is below."
NOT_THE_FORM: Final = "That form is not one of this page. Please fill it in again."
