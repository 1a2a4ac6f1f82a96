"""What pydantic says of malformed input, through the catalogue: its English templates are the msgids."""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import cache
from typing import Any

from pydantic_core import ErrorDetails
from pydantic_core._pydantic_core import list_all_errors

from eakte.language import _, gettext


def sentence_of(error: ErrorDetails | Mapping[str, Any]) -> str:
    """One error of pydantic's in the language spoken now.

    Its sentence is taken apart only where its template surely gives it, else (a message of a validator of ours, a value
    that it shows in its own way) it is a msgid as a whole.
    """
    said, known = str(error["msg"]), error.get("ctx") or {}
    msgid = msgids().get(error["type"], "")
    counted = [known[name] for name in ("min_length", "max_length", "max_digits", "decimal_places") if name in known]
    values = {"expected_plural": "" if counted == [1] else "s", **known}
    try:
        return _(msgid, **values) if msgid and msgid % values == said else gettext(said)
    except KeyError:
        return gettext(said)


@cache
def msgids() -> Mapping[str, str]:
    """Pydantic's templates by the type of the error, their places written as this catalogue does."""
    return {
        each["type"]: re.sub(r"\{(\w+)\}", r"%(\1)s", each["message_template_python"].replace("%", "%%"))
        for each in list_all_errors()
    }
