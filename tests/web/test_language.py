"""No sentence is out of reach of a translator: under another catalogue nothing German is left but what is data."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from gettext import NullTranslations
from typing import Any

import pytest

from eakte.language import speaking
from eakte.web import rendering, words
from eakte.web.acts import ACTS
from eakte.web.details import LABELS, told
from eakte.web.pages.happened import MESSAGES, message_of
from eakte.web.typed_days import as_typed, typed_day
from eakte.web.views import Frame, Message
from tests.support.foreign import Circled, circled, readable, texts_in
from tests.web.fixtures_of_views import FRAME, NOW
from tests.web.preview import page_of
from tests.web.states import STATES
from tests.web.test_templates import COMMANDS


@pytest.mark.parametrize("name", STATES)
def test_a_page_in_another_language_has_nothing_german_but_its_data(name: str) -> None:
    state = STATES[name]
    with speaking(Circled()):
        html = page_of(name)
    assert readable(html, [*texts_in(state.frame), *texts_in(state.view), *COMMANDS]) == set()


def test_words_for_codes_moments_and_amounts_are_of_the_language_spoken() -> None:
    with speaking(Circled()):
        said: list[Any] = [words.word(code, name) for name, table in words.VOCABULARIES.items() for code in table]
        said += [area.syllables for area in words.AREAS.values()]
        said += [message_of(happened) for happened in MESSAGES]
        said += [told({name: True}) for name in LABELS]
        said += [told({"method": "password", "roles": ["clerk"], "sha256": {"words": "1"}}).replace("words", "")]
        said += [rendering.when(NOW - timedelta(days=days), NOW).striptags() for days in range(8)]
        said += [rendering.near(date(2026, 11, 23) + timedelta(days=days), NOW).striptags() for days in (-1, 0, 1, 2)]
        said += [rendering.long_day(NOW), rendering.counted(5000), rendering.size(7)]
        said += [link.label for link in Frame(municipality="", now=NOW).foot]
    assert {text for text in said if readable(text, [])} == set()
    assert set(ACTS.values()) >= {"Akte angelegt"}, "the acts are shown by the pages of the log"


def test_a_page_says_which_language_it_speaks_and_writes_days_as_that_does() -> None:
    class Danish(NullTranslations):
        def info(self) -> dict[str, str]:
            return {"language": "da_DK"}

        def gettext(self, message: str) -> str:
            return {"%(day)s.%(month)s.%(year)s": "%(year)s-%(month)s-%(day)s"}.get(message, message)

    assert '<html lang="de"' in page_of("akte")
    with speaking(Danish()):
        assert '<html lang="da-DK"' in page_of("akte")
        assert rendering.day(date(2026, 11, 23)).striptags() == "2026-11-23"
        assert typed_day(as_typed(date(2026, 11, 23)), at="day", label="") == date(2026, 11, 23)


def test_values_are_escaped_in_any_language() -> None:
    typed = '<b title="x">&'
    state = STATES["akte"]
    with speaking(Circled()):
        frame = replace(FRAME, messages=(Message("info", typed),))
        html = rendering.render(state.template, frame=frame, view=replace(state.view, title=typed))
    assert typed not in html
    assert "&lt;b title=&#34;x&#34;&gt;&amp;" in html


def test_the_other_language_is_heard_and_leaves_values_alone() -> None:
    assert circled("100 %% von %(name)s") == "100 %% ⓥⓞⓝ %(name)s"
    assert readable("<p title='Größe'>ⓐ PDF Müller</p>", ["Müller"]) == {"Größe"}
