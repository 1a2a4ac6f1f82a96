"""The embedded default: a private PostgreSQL in the data folder, and that folder's locks. Knows nothing of eakte."""

from eakte.embedded.errors import DataFolderInUse, EmbeddedError
from eakte.embedded.locks import serve_lock
from eakte.embedded.postgres import PrivateDatabase
from eakte.embedded.programs import client_program

__all__ = ["DataFolderInUse", "EmbeddedError", "PrivateDatabase", "client_program", "serve_lock"]
