"""The embedded search index: tantivy in a folder. The only package that knows tantivy.

Every document is one entry for the whole, with its description, its numbers and facets, and one entry for each window
of its text. Questions are answered from the whole entries; windows are read only for documents that passed the rights,
and only to order them and to name their pages.

Many processes read. One writes at a time: a writer is opened for a batch under a lock and closed after it, because a
writer that stays open keeps dead files alive.
"""

from indexing.embedded.index import EmbeddedIndex

__all__ = ["EmbeddedIndex"]
