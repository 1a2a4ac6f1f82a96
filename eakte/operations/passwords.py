"""Passwords: how they are kept, and which ones are refused.

The rules are those of NIST SP 800-63B section 3.1.1 and BSI ORP.4.A22: length, no list of kinds of characters, no
change without a reason, and none that is known or easily guessed. What is easily guessed zxcvbn estimates from lists of
leaked passwords, names, words, keyboard rows, dates and repetitions; it knows English, so German favourites are added.
"""

from __future__ import annotations

import secrets
import threading
from collections.abc import Iterable
from functools import cache

from pwdlib import PasswordHash
from pwdlib.hashers.argon2 import Argon2Hasher
from zxcvbn import zxcvbn

from eakte.errors import FieldError, InvalidInput
from eakte.language import _

PASSWORDS = PasswordHash((Argon2Hasher(),))
SHORTEST = 12
LONGEST = 500
"""Characters; argon2 takes more, a form should not."""
ENOUGH_GUESSES = 10**8
"""Fewer than these, spread over the pauses of years, an attacker at the sign-in page could try; zxcvbn's "somewhat"."""
_LOOKED_AT = 72
"""zxcvbn's work grows with the square of the length; what follows only makes a password better."""
_GERMAN = (
    "passwort", "kennwort", "geheim", "willkommen", "hallo", "schatz", "sommer", "winter", "frühling", "herbst",
    "montag", "dienstag", "mittwoch", "donnerstag", "freitag", "januar", "februar", "märz", "april", "oktober",
    "rathaus", "gemeinde", "stadt", "verwaltung", "bürgermeister", "bürgerbüro", "hauptamt", "bauamt", "ordnungsamt",
    "standesamt", "akte", "eakte", "anmeldung", "deutschland", "fussball", "fußball", "qwertz", "ichliebedich",
)  # fmt: skip
_one_at_a_time = threading.Lock()
"""zxcvbn keeps the caller's words in a module's variable."""


def check_password(password: str, *, known: Iterable[str] = (), at: str = "password") -> None:
    """Raise InvalidInput naming `at` unless the password is long enough and not easily guessed.

    `known` are words that an attacker tries first: the login, the name, the municipality.
    """
    problem = _problem(password, known)
    if problem:
        raise InvalidInput(errors=[FieldError(at, problem)])


def hash_password(password: str) -> str:
    """The argon2id hash of a password."""
    return PASSWORDS.hash(password)


def same_password(password: str, kept: str | None) -> bool:
    """Whether the password is the kept one; without one false, after as much work."""
    return PASSWORDS.verify(password[:LONGEST], kept or _dummy_hash()) and kept is not None


def _problem(password: str, known: Iterable[str]) -> str:
    if len(password) < SHORTEST:
        return _("Das Passwort braucht mindestens %(shortest)s Zeichen.", shortest=SHORTEST)
    if len(password) > LONGEST:
        return _("Das Passwort hat höchstens %(longest)s Zeichen.", longest=LONGEST)
    words = {part.casefold() for text in known for part in (text, *text.replace(".", " ").split()) if part}
    with _one_at_a_time:
        guesses = int(zxcvbn(password[:_LOOKED_AT], user_inputs=(*sorted(words), *_GERMAN))["guesses"])
    if guesses < ENOUGH_GUESSES:
        return _("Dieses Passwort ist leicht zu erraten. Gut sind mehrere Wörter, die nichts miteinander zu tun haben.")
    return ""


@cache
def _dummy_hash() -> str:
    """Checked for unknown logins, so that the answer takes as long as for known ones."""
    return PASSWORDS.hash(secrets.token_hex(16))
