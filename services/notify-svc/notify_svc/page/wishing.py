"""What the customer wished for and does not get yet, on their page: approved words, as text."""

from __future__ import annotations

from html import escape

from notify_svc.compose.localize import Localizer
from notify_svc.compose.wishing import bare
from notify_svc.domain.wished import Wished
from notify_svc.page import texts
from notify_svc.page.render import heading
from notify_svc.store.wishes import Unmet


def wished(found: Unmet, civil: Localizer) -> str:
    """Each open wish with its workaround and the day on which it is looked at again; "" where there is none."""
    if not found.total:
        return ""
    items = "".join(f"<li>{escape(wish_line(one, civil))}</li>\n" for one in found.shown)
    left = found.total - len(found.shown)
    more = f"<p>{escape(civil.say_counted(*texts.WISHES_MORE, left))}</p>\n" if left else ""
    return f"{heading(civil.say(texts.WISHES))}<ul>\n{items}</ul>\n{more}"


def wish_line(one: Wished, civil: Localizer) -> str:
    """A wish in one line; a day that is over by the customer's clock is not named as one to come."""
    again = texts.WISH_PASSED if one.look_again_on < civil.today() else texts.WISH_AGAIN
    lines = [civil.say(texts.WISH, what=bare(one.what))]
    lines += [civil.say(texts.WISH_UNTIL, workaround=bare(one.workaround))] if one.workaround else []
    return " ".join([*lines, civil.say(again, day=civil.date_text(one.look_again_on))])
