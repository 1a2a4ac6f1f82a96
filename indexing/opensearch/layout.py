"""Names, mapping and settings: how a generation lies on the server.

```
PREFIX-g-…               an index: one generation
PREFIX-g-…-fill          alias of the generation under construction, by its own name
PREFIX-s2a1              alias of the generation that serves, layout 2, analyser 1
PREFIX-s2a1-building     alias of the generation under construction
```

All reading and writing goes through aliases. So nothing is ever written into a generation of another layout, and
nothing creates an index by writing to a name that is gone.
"""

import re
import uuid
from dataclasses import dataclass
from typing import Any

from indexing.search import Facet
from indexing.terms import ANALYSER_VERSION

LAYOUT_VERSION = 1
"""Grows with every change of `MAPPING` and of what is in its fields."""

WINDOWS_OF_ONE_DOCUMENT = 1_000_000
DEEPEST_HIT = 1_000_000
"""Hits by relevance that can be paged through. Each costs the server some 30 bytes of a question's memory."""

MOST_PAGES = 100
"""Windows of one document that are looked at when its best pages are named (the server's own limit)."""

_LONGEST_KEYWORD = 8_000  # characters; the engine's limit is 32,766 bytes


def _text(options: str = "positions") -> dict[str, Any]:
    return {"type": "text", "analyzer": "whitespace", "index_options": options}


MAPPING: dict[str, Any] = {
    "dynamic": "strict",
    "_meta": {"layout": LAYOUT_VERSION, "analyser": ANALYSER_VERSION},
    # The words are in the index; kept once more they would only take room. What a put compares is kept.
    "_source": {"includes": ["revision", "mark", "upto", "done"]},
    "properties": {
        "document": {"type": "keyword"},
        # `revision` may be any row's; the others fit 31 bits, which is what bitmaps of rights can hold.
        "revision": {"type": "long"},
        **{name: {"type": "integer"} for name in ("scope", "dossier", "case", "shared", "date")},
        **{name: {"type": "keyword"} for name in ("newest", "reference", *(str(facet) for facet in Facet))},
        **{name: _text() for name in ("stems", "pieces", "title_stems", "title_pieces")},
        "exact": {"type": "keyword", "ignore_above": _LONGEST_KEYWORD},
        "windows": {
            "type": "nested",
            "dynamic": "strict",
            "properties": {"page": {"type": "integer"}, "stems": _text(), "pieces": _text("freqs")},
        },
        # Not of documents: the sign of a removal during a rebuild, and how far a rebuild is.
        "mark": {"type": "boolean"},
        "upto": {"type": "keyword", "index": False},
        "done": {"type": "long", "index": False},
    },
}

SETTINGS: dict[str, Any] = {
    "index": {
        # Several shards would each weigh words by their own share of the documents.
        "number_of_shards": 1,
        "auto_expand_replicas": "0-1",
        # Whoever puts refreshes; nobody else has to.
        "refresh_interval": "-1",
        "max_result_window": DEEPEST_HIT,
        "mapping": {"nested_objects": {"limit": WINDOWS_OF_ONE_DOCUMENT}},
    }
}


@dataclass(frozen=True, slots=True)
class Names:
    """Names of aliases and generations under a prefix."""

    prefix: str

    @property
    def serving(self) -> str:
        """Alias of the generation that answers."""
        return f"{self.prefix}-s{LAYOUT_VERSION}a{ANALYSER_VERSION}"

    @property
    def building(self) -> str:
        """Alias of the generation under construction."""
        return f"{self.serving}-building"

    @property
    def all_generations(self) -> str:
        """Pattern of all generations, ours to filter with `is_generation`."""
        return f"{self.prefix}-g-*"

    def new_generation(self) -> str:
        """A name that no generation had."""
        return f"{self.prefix}-g-{uuid.uuid4().hex[:12]}"

    def is_generation(self, name: str) -> bool:
        """Whether a name is one of ours and not of a longer prefix."""
        return re.fullmatch(re.escape(self.prefix) + "-g-[0-9a-f]{12}", name) is not None

    def serves_another_version(self, alias: str) -> bool:
        """Whether an alias is that of a generation which serves another version of eakte."""
        return re.fullmatch(re.escape(self.prefix) + "-s[0-9]+a[0-9]+", alias) is not None and alias != self.serving


def fill_alias(generation: str) -> str:
    """The alias through which a generation is filled."""
    return f"{generation}-fill"
