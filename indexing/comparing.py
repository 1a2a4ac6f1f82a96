"""Which words of one page are not on another: what two versions of a document say differently.

Words are compared in reading order as they stand, so a word that only moved counts as taken away and put in.
"""

from collections.abc import Sequence
from difflib import SequenceMatcher
from typing import Final

MOST_WORDS: Final = 3_000
"""Words of a page that are compared, which is five times a page of small print: the effort grows with the square."""


def different_words(before: Sequence[str], after: Sequence[str]) -> tuple[frozenset[int], frozenset[int], int] | None:
    """The words of `before` and those of `after` (by index) that the other has not, and at how many places.

    None where a page has too many words to be compared.
    """
    if max(len(before), len(after)) > MOST_WORDS:
        return None
    gone: set[int] = set()
    new: set[int] = set()
    places = 0
    for kind, left, left_end, right, right_end in SequenceMatcher(None, before, after, autojunk=False).get_opcodes():
        if kind != "equal":
            gone.update(range(left, left_end))
            new.update(range(right, right_end))
            places += 1
    return frozenset(gone), frozenset(new), places
