"""Reviews tagged by their words: what people write, what they do not mean, and the same every time."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from candor.contracts.market import Tag
from promise_svc.domain.lexicon import LEXICON
from promise_svc.domain.tagging import EVIDENCE, GAP, tagged

NOT_TOLD = (
    "Nobody told us that the van had broken down.",
    "No one bothered to call.",
    "I was never informed about the new date",
    "They didn't tell me anything!",
    "They didnt let me know.",
    "The date was moved without any warning.",
    "Moved twice. No notice, no apology.",
    "There was a complete lack of communication.",
    "Great product, terrible communication",
    "We were left completely in the dark for two weeks",
    "I had to constantly chase them",
    "We haven't heard anything back from them",
    "I wasn’t notified of the delay",
    "Found out from a neighbour that the road was closed",
    "Not a word since March.",
)
TOO_LATE = (
    "They called far too late.",
    "We were only told after we had taken the day off",
    "I was told about it minutes before the slot.",
    "An hour's notice, and then nothing.",
    "Cancelled at the last minute",
    "A last-minute cancellation",
    "Such short notice is no use to anybody.",
    "The email only told me on the day",
)
CONTRADICTORY = (
    "Two people, two answers: they contradicted each other.",
    "Every time it was a different story",
    "One agent said Monday, the next one said Friday.",
    "They told us one thing and did another",
    "They kept changing the delivery date",
    "The date kept moving",
    "We got conflicting information",
    "Mixed messages from start to end",
)
UNREACHABLE = (
    "Unreachable.",
    "Ten mails, no reply.",
    "Nobody answers the phone",
    "No one ever picks up",
    "They never responded",
    "They can't be reached: impossible to get through to anyone",
    "Couldn't get hold of anybody",
    "They ignored all my emails",
    "My messages were left unanswered",
    "I was on hold for an hour",
    "He did not call back",
)
NOTHING = (
    "Five stars, they told us early and came on time.",
    "They told me the date and kept it.",
    "The crew called an hour ahead and was friendly",
    "The coffee is not good",
    "It took three weeks; too slow.",
    "We were never left in the dark.",
    "The dates never once contradicted each other.",
    "Never unreachable, always friendly",
    "The day we changed the filter the machine leaked",
    "No problem at all. The answer came within an hour.",
    "The notice on the box says 230 V",
    "I never use it. Told my neighbour to buy one.",
    "Delivery in two days",
    "",
)
SAID = [
    *((words, Tag.NOT_TOLD) for words in NOT_TOLD),
    *((words, Tag.TOO_LATE) for words in TOO_LATE),
    *((words, Tag.CONTRADICTORY) for words in CONTRADICTORY),
    *((words, Tag.UNREACHABLE) for words in UNREACHABLE),
]
words_of = st.text(st.sampled_from("abdeilnorty '’.!\n-é"), max_size=200)


def tags_of(words: str) -> list[Tag]:
    found = tagged(words)
    return [] if found is None else found.tags


@pytest.mark.parametrize(("words", "tag"), SAID)
def test_what_a_review_complains_of_is_found_with_the_words_that_say_so(words: str, tag: Tag) -> None:
    found = tagged(words)
    assert found is not None
    assert tag in found.tags
    spoken = words.lower().replace("’", "'").replace("n't", "not").replace("didnt", "did not")
    for said in found.evidence:
        assert all(part in spoken for part in said.replace("…", "").split()), said


@pytest.mark.parametrize("words", NOTHING)
def test_of_what_says_nothing_of_it_nothing_is_said(words: str) -> None:
    assert tags_of(words) == []


def test_several_complaints_are_several_tags_each_with_its_words() -> None:
    found = tagged("Nobody told us. We called, and no reply. Nobody told us, nobody told us again!")
    assert found is not None
    assert (found.tags, found.evidence) == ([Tag.NOT_TOLD, Tag.UNREACHABLE], ["nobody told", "no reply"])


def test_words_between_are_left_out_of_the_evidence_so_that_no_name_is_in_it() -> None:
    found = tagged("Nobody, and Quentin Miller least, told us")
    assert found is not None
    assert found.evidence == ["nobody … told"]


def test_an_expression_does_not_reach_over_the_end_of_a_sentence_or_too_many_words() -> None:
    assert tags_of("There was nobody. We told them") == []
    assert tags_of("nobody " + "very " * GAP + "told us") == [Tag.NOT_TOLD]
    assert tags_of("nobody " + "very " * (GAP + 1) + "told us") == []


@pytest.mark.parametrize(("language", "read"), [(None, True), ("en", True), ("en-GB", True), ("de", False)])
def test_a_language_without_a_lexicon_is_not_tagged_at_all(language: str | None, read: bool) -> None:
    assert (tagged("nobody told us", language) is not None) is read


def test_without_words_nothing_is_tagged() -> None:
    assert tagged(None) is None
    assert tagged("") is None


@given(words_of, words_of)
def test_it_is_the_same_every_time_and_more_text_takes_no_tag_back(words: str, more: str) -> None:
    assert tagged(words) == tagged(words)
    assert {*tags_of(words)} <= {*tags_of(f"{words}. {more}")} if words else True
    found = tagged(f"{words} {more}")
    assert found is None or (len(found.evidence) <= EVIDENCE and (not found.tags) is (not found.evidence))


@pytest.mark.parametrize(("tag", "expression"), [(tag, one) for tag, several in LEXICON.items() for one in several])
def test_each_expression_of_the_lexicon_finds_itself_in_each_of_its_words(tag: Tag, expression: str) -> None:
    parts = [part.split("/") for part in expression.split()]
    for place, either in enumerate(parts):
        for word in either:
            said = [word if at == place else some[0] for at, some in enumerate(parts)]
            assert tag in tags_of(" ".join(said).replace("~", "really").replace("*", "")), said
