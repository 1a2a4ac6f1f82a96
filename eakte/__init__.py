"""eakte: the open e-file service for German municipalities. It composes the engines storage, indexing and retention."""

__version__ = "0.1.0"
