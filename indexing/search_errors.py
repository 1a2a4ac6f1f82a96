"""What can go wrong in a search. Nobody is ever told "nothing found" when the truth is "nothing could be looked up"."""


class SearchError(Exception):
    """The search failed."""


class SearchUnavailable(SearchError):
    """The search does not answer at the moment; the same question may work later."""


class IndexUnusable(SearchError):
    """The index cannot answer until it has been built anew from the database."""


class IndexAbsent(IndexUnusable):
    """There is no index yet; it has to be built from the database."""


class IndexOutdated(IndexUnusable):
    """The index was made by another version of the analyser or the layout; it has to be built anew."""


class IndexDamaged(IndexUnusable):
    """The files of the index are damaged; it has to be built anew from the database."""


class RebuildLost(SearchError):
    """This rebuild is no longer the current one: another one was started or it was given up."""


class CursorInvalid(SearchError):
    """The mark of the next page does not belong to this question."""


class TermsUnreadable(SearchError):
    """The stored terms of a document are damaged or of another analyser; its text has to be read again."""
