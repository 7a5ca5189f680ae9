"""Every text of the customer's page in English, as catalogues know it; `%(…)s` names what is filled in."""

from __future__ import annotations

from typing import Final, NamedTuple


class Many(NamedTuple):
    """A text that counts: for one, and for several."""

    one: str
    several: str


def mark(text: str) -> str:
    """A text that stands in every catalogue, unchanged."""
    return text


def mark_many(one: str, several: str) -> Many:
    """The same of a text that counts."""
    return Many(one, several)


LINK: Final = mark("What we promised, what changed, and how to answer us")
"""Names the link in a message; what follows it is the address."""

SENDER: Final = mark("Your promise")
"""Who heads the page, unless the company is named."""
HEADING: Final = mark("What we promised: %(what)s")
PROMISED: Final = mark("We promised: by %(due)s.")
PROMISED_FIRST: Final = mark("We promised at first: by %(due)s.")
CHANGED: Final = mark("What changed")
UNCHANGED: Final = mark("The promised time has not changed.")
CHOSEN: Final = mark("You chose: %(name)s, by %(due)s. It is being confirmed.")
CHOSEN_UNTIL: Final = mark("Until it is confirmed, this holds: by %(due)s.")
MOVED: Final = mark("On %(at)s it became: by %(due)s.")
NOT_MOVED: Final = mark(
    "On %(at)s we named another time: by %(due)s. You have not agreed to it, so what we promised stays."
)
REASON: Final = mark("Reason given: %(reason)s.")

NOW: Final = mark("Now")
STATES: Final = {
    "withdrawn": mark("This promise was withdrawn. It is not carried out any more."),
    "cancelled": mark("This is cancelled. We do not expect it to happen any more."),
    "disputed": mark("You and we see differently how this ended."),
    "kept": mark("Done, as promised."),
    "in_part": mark("Done in time, but not in full: something that belongs to it is missing."),
    "late": mark("Done, but later than we promised."),
    "broken": mark("We did not keep this promise."),
    "range": mark("Not done yet. We expect it between %(low)s and %(high)s."),
    "no_range": mark("Not done yet, and we have no new time that we can stand by."),
    "changed": mark("Not done yet. What we said of its time no longer holds; we do not have a new one for you yet."),
    "stale": mark("At this moment we cannot see how it stands: our data is not up to date."),
    "on_track": mark("Not done yet. We expect to keep what we promised."),
    "overdue": mark("Not done yet, and the promised time has passed."),
    "nothing": mark("Not done yet. We have nothing to add to what we promised."),
}
"""What holds now, by its key in `view.State`."""
COMPLETED: Final = mark("It was completed on %(at)s.")
SAID_AT: Final = mark("We said so on %(at)s.")
NEXT: Final = mark("You hear from us by %(by)s, sooner if this changes.")
NEXT_MISSED: Final = mark("We said that you hear from us by %(by)s. That time has passed, and we have not written.")
PAUSED: Final = mark(
    "We have been waiting for you since %(since)s. Until you answer, and at most until %(until)s, the time of this "
    "promise stands still."
)
PAUSED_FOR: Final = mark("What we wait for: %(words)s.")
RECORD: Final = mark_many(
    "We named %(count)s time for a next message, and kept %(kept)s.",
    "We named %(count)s times for a next message, and kept %(kept)s of them.",
)

SAID: Final = mark("What we said to you, and when")
SAID_NONE: Final = mark("We have written nothing to you about this yet.")
SAID_ON: Final = mark("%(at)s: %(subject)s")
UNSURE: Final = mark("We do not know whether this message reached you.")
GONE: Final = mark("We no longer keep the words of this message.")
OLDER: Final = mark_many("%(count)s older message is not shown.", "%(count)s older messages are not shown.")
ZONE: Final = mark("All times are %(zone)s.")

STOP: Final = mark("Messages about your promises")
STOP_LINK: Final = mark("I want no messages any more")
STOP_MEANS: Final = mark(
    "You get a message when something that we promised you changes. Do you want none of these any more?"
)
STOP_BUTTON: Final = mark("Send me no messages")
STOPPED: Final = mark("You get no messages from us any more, also when something that we promised you changes.")
RESUME: Final = mark("Write to me again")
STOP_SOME: Final = mark("Or only some of them")
PURPOSES: Final = {
    "warnings": mark("Warnings: something that we promised you goes wrong or changes."),
    "updates": mark("Updates: a message at the time that we named, also where nothing has changed."),
}
"""What each purpose means, by its name."""
STOP_ONE: Final = {"warnings": mark("Send me no warnings"), "updates": mark("Send me no updates")}
RESUME_ONE: Final = {"warnings": mark("Send me warnings again"), "updates": mark("Send me updates again")}
BACK: Final = mark("Back to what we promised")

CLARIFICATIONS: Final = mark("What we still need to know from you")
CLARIFICATIONS_OPEN: Final = mark_many("%(count)s question is still open.", "%(count)s questions are still open.")
CLARIFICATIONS_MORE: Final = mark_many(
    "%(count)s more follows once you have answered these.", "%(count)s more follow once you have answered these."
)

CLARIFICATIONS_NONE: Final = mark("No question of ours to you is open.")

WISHES: Final = mark("What you wished for, and we do not have yet")
WISH: Final = mark("You wished for: %(what)s.")
WISH_UNTIL: Final = mark("What you can do until then: %(workaround)s.")
WISH_AGAIN: Final = mark("We look at it again on %(day)s.")
WISH_PASSED: Final = mark("We wanted to look at it again on %(day)s, and have no answer for you yet.")
WISHES_MORE: Final = mark_many("%(count)s more is not shown.", "%(count)s more are not shown.")

YOU_SAID: Final = mark("What you said to us")
ANSWER: Final = mark("Answer us")
ANSWER_TAKEN: Final = mark("We have taken it, and it goes to the people who work on this promise.")
SEND: Final = mark("Send")
WORDS: Final = mark("In your words, if you like")
QUESTION: Final = mark("Ask a question")
QUESTION_WORDS: Final = mark("Your question")
READBACK: Final = mark("Did we understand you?")
READBACK_ASKED: Final = mark("This is what we understood: %(what)s, by %(due)s. Is that right?")
VERDICT: Final = mark("Did we keep what we promised?")
VERDICT_ASKED: Final = mark("Your verdict counts in our records.")
CHOICES: Final = {
    "right": mark("Yes, that is right"),
    "wrong": mark("No, something is different"),
    "kept": mark("Kept"),
    "in_part": mark("Kept in part"),
    "not_kept": mark("Not kept"),
}
"""What can be chosen, by the value that the form sends."""
OPTIONS: Final = mark("What we offer you")
OPTIONS_ASKED: Final = mark("Take one of these, if you like. Nothing changes until you do.")
OPTION_BY: Final = mark("%(name)s: by %(due)s")
SAID_OF: Final = {
    "question": mark("You asked"),
    "readback": mark("What we understood"),
    "verdict": mark("Your verdict"),
    "option": mark("You took"),
    "clarification": mark("You answered"),
    "sheet": mark("You answered our four questions"),
}
SAID_LINE: Final = mark("%(at)s: %(what)s")

SHEET: Final = mark("How do you see us?")
SHEET_MEANS: Final = mark(
    "Four questions, a few minutes. Any of them may be left out. Your answers count once you send them."
)
SHEET_QUESTIONS: Final = {
    "well": mark("What do we do well?"),
    "improve": mark("What should we improve?"),
    "others": mark("What do others do differently?"),
    "onward": mark("What should we continue, or start?"),
}
"""The four questions of every answer sheet, by the fields of the form, which ask for a rating each."""
SHEET_RATED: Final = {
    "well": mark("How well do we keep what we promise?"),
    "improve": mark("How much is good as it is?"),
    "others": mark("How do we compare with others?"),
    "onward": mark("How sure are you that we are on the right way?"),
}
SHEET_LOWEST: Final = {
    "well": mark("badly"),
    "improve": mark("hardly anything"),
    "others": mark("much worse"),
    "onward": mark("not at all"),
}
"""What the rating 1 means, and below what 5 does."""
SHEET_HIGHEST: Final = {
    "well": mark("very well"),
    "improve": mark("nearly everything"),
    "others": mark("much better"),
    "onward": mark("fully"),
}
SHEET_BESIDE_ASKED: Final = mark("Is what others do differently better or worse?")
SHEET_BESIDE: Final = {
    "better": mark("others do it better"),
    "worse": mark("others do it worse"),
    "neither": mark("neither"),
}
SHEET_SEND: Final = mark("Send my answers")
NOTHING_RATED: Final = mark("Please answer at least one question.")

NOTHING_CHOSEN: Final = mark("Please choose one of the answers.")
NOTHING_WRITTEN: Final = mark("Please write something.")
WHAT_IS_DIFFERENT: Final = mark("Please say what is different.")
TOO_LONG: Final = mark("That text cannot be taken: at most %(longest)s characters, and plain text only.")
TOO_MANY: Final = mark("You have answered %(most)s times within an hour. Please wait a while, or reply to our message.")
NOT_ANY_MORE: Final = mark("Meanwhile this has changed, and your answer was not taken. How it stands now is below.")
NOT_THE_FORM: Final = mark("That form is not one of this page. Please fill it in again.")

ENDED: Final = mark("This link has ended")
ENDED_MEANS: Final = mark("Ask whoever sent it to you for a new one.")
