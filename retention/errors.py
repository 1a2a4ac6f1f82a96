"""What the retention engine raises. Messages are for developers; people read what the service makes of them."""


class RetentionError(Exception):
    """Something the retention engine was asked for cannot be answered."""


class RuleError(RetentionError, ValueError):
    """A text or a combination of values is not a term, an anchor or a rule."""


class CalendarError(RetentionError):
    """A term ends after 31 December 9999, the last day this calendar knows; so do no records of a municipality."""


class TreeError(RetentionError, ValueError):
    """A hash, size or stored state cannot belong to a Merkle tree."""


class ProofError(RetentionError):
    """A Merkle proof does not prove what it claims. Whoever catches this must treat the claim as false."""
