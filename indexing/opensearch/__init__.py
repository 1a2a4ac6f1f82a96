"""The search index on an OpenSearch server. The only package that knows opensearch-py.

Every document is one record; the windows of its text are nested in it, so that both change together. The terms are
made by `indexing.german` and only split at blanks here, the weights are those of `indexing.ranking`: both drivers rank
alike.
"""

from indexing.opensearch.connection import Address
from indexing.opensearch.index import OpenSearchIndex

__all__ = ["Address", "OpenSearchIndex"]
