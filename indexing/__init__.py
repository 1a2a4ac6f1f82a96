"""The indexing engine: from a file as received to words, page images, PDF/A, terms, and a German full-text search.

It takes paths and values and returns values; it knows neither the service nor the other engines (indexing/README.md).
"""
