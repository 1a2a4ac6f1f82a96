"""What can go wrong while a document is processed; every error carries a sentence that a clerk can read."""

from typing import Literal

FailureKind = Literal["memory", "cpu", "time", "crash", "output", "refused"]


class IndexingError(Exception):
    """Die Verarbeitung eines Dokuments ist fehlgeschlagen."""


class ProcessingFailed(IndexingError):
    """Das Dokument konnte nicht verarbeitet werden.

    Attributes:
        retryable: Whether the same file may well succeed later (a busy machine, a killed process).
        sentence: One German sentence for the clerk.
    """

    def __init__(self, sentence: str, *, retryable: bool) -> None:
        super().__init__(sentence)
        self.sentence = sentence
        self.retryable = retryable


class RecognitionFailed(ProcessingFailed):
    """Die Texterkennung ist ausgefallen."""

    def __init__(self, sentence: str) -> None:
        super().__init__(sentence, retryable=True)


class UntrustedFailed(IndexingError):
    """Ein Hilfsprozess, der eine fremde Datei gelesen hat, ist gescheitert.

    Attributes:
        kind: Which limit was met; ``time`` may be the machine's fault, all others are the file's.
        sentence: One German sentence for the clerk.
        detail: What the child said, for the log; untrusted, at most 300 characters.
    """

    def __init__(self, kind: FailureKind, sentence: str, detail: str = "") -> None:
        super().__init__(f"{sentence} ({kind}: {detail})" if detail else f"{sentence} ({kind})")
        self.kind = kind
        self.sentence = sentence
        self.detail = detail


class Refused(IndexingError):
    """Die Datei kann nicht gelesen werden.

    Raised inside the child by a reader that knows why it gives up; its message is the sentence for the clerk.
    """


class BadWords(IndexingError):
    """Die Wortdaten einer Seite sind beschädigt."""


def judged(failure: UntrustedFailed | BadWords) -> str:
    """The reason for the clerk; what may be the machine's fault is raised, so that the job is tried again."""
    if isinstance(failure, BadWords):
        return "Die Datei konnte nicht gelesen werden."
    if failure.kind == "time":
        raise ProcessingFailed(failure.sentence, retryable=True) from failure
    return failure.sentence
