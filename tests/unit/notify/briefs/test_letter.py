"""A brief as a mail: what it says in both parts, and an id that a retry keeps."""

from __future__ import annotations

from html.parser import HTMLParser

from hypothesis import given
from hypothesis import strategies as st

from candor.contracts import BriefSection, BriefSentence
from notify_svc.briefs.kept import Brief
from notify_svc.briefs.letter import letter, mail_id
from tests.support.clocks import NOON

SENTENCES = st.builds(BriefSentence, st.text(min_size=1, max_size=80), st.sampled_from(["/board/path", "/board/a%20b"]))
SECTIONS = st.lists(
    st.builds(BriefSection, st.text(min_size=1, max_size=20), st.lists(SENTENCES, min_size=1, max_size=4)), max_size=4
)


class Seen(HTMLParser):
    """The tags and links of a page, and its text."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.links: list[str | None] = []
        self.words = ""
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.links += [value for name, value in attrs if name == "href"]

    def handle_data(self, data: str) -> None:
        self.words += data


@given(SECTIONS)
def test_both_parts_say_every_sentence_with_a_whole_address_and_no_markup_of_others(
    sections: list[BriefSection],
) -> None:
    found = letter(Brief("2026-W10", None, NOON, sections), "https://candor.example.com/")
    seen = Seen(found.html)
    sentences = [one for section in sections for one in section.sentences]
    for one in sentences:
        assert one.text in found.text
        assert f"https://candor.example.com{one.path}" in found.text
    assert seen.tags.count("li") == len(sentences)
    assert seen.tags.count("h2") == len(sections)
    assert seen.links == [f"https://candor.example.com{one.path}" for one in sentences] + [
        "https://candor.example.com/board/brief"
    ]
    assert "script" not in seen.tags


def test_the_subject_names_the_department_and_the_day() -> None:
    assert letter(Brief("2026-W10", None, NOON, []), "").subject == f"Weekly brief, {NOON.day} {NOON:%B %Y}"
    assert letter(Brief("w.sales", "sales", NOON, []), "").subject.startswith("Weekly brief for sales, ")


def test_a_retry_is_the_same_mail_and_another_recipients_is_not() -> None:
    assert mail_id("2026-W10", "a") == mail_id("2026-W10", "a")
    assert len({mail_id("2026-W10", "a"), mail_id("2026-W10", "b"), mail_id("2026-W11", "a")}) == 3
