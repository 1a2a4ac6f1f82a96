"""Who may see what. One rule object gives the SQL predicate, the search rights and the answer to "why may X see this?".

The rule of an actor is a set of *scopes* (unit × level under one number) for content and another for metadata, plus the
shares, exclusions and offers that stand in their tables. Everything that lists, finds or opens asks this package; no
operation writes a filter of its own. An empty rule matches nothing: forgetting to grant hides, it never shows.

Sources: docs/access.md; §§ 20, 21 VwVfG (exclusion beats every grant), § 35 SGB I, § 30 AO (protected).
"""

from eakte.access.making import forget_rules, headed_units, is_head, rule_for, units_below
from eakte.access.reasons import Reason, Source, represented, represented_in, why
from eakte.access.rule import INBOX, NOTHING, READERS, AccessRule, Want, may_write

__all__ = [
    "INBOX",
    "NOTHING",
    "READERS",
    "AccessRule",
    "Reason",
    "Source",
    "Want",
    "forget_rules",
    "headed_units",
    "is_head",
    "may_write",
    "represented",
    "represented_in",
    "rule_for",
    "units_below",
    "why",
]
