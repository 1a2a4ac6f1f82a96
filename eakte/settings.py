"""Every environment variable of eakte, once. `eakte doctor` lists them with their values."""

from __future__ import annotations

import os
from pathlib import Path

from pydantic import Field, SecretStr
from pydantic_settings import BaseSettings, SettingsConfigDict


class Settings(BaseSettings):
    """Settings from the environment (`EAKTE_…`); nothing is read from a file that nobody named."""

    model_config = SettingsConfigDict(env_prefix="EAKTE_", extra="ignore", frozen=True)

    data_dir: Path = Field(
        default=Path("data"), description="Ordner der eingebetteten Datenbank, der Dateien und des Suchindex"
    )
    database_url: SecretStr | None = Field(
        default=None, description="postgresql://… (15 oder neuer); ohne: eigene Datenbank im Datenordner"
    )
    storage_url: str | None = Field(default=None, description="file:///…; ohne: Datenordner")
    search_url: str | None = Field(default=None, description="tantivy:///…; ohne: Datenordner")
    municipality: str = Field(default="Stadt Rodenbeck", description="Name der Kommune auf den Seiten")
    public_url: str | None = Field(
        default=None, description="Adresse, unter der Menschen den Dienst öffnen, wenn ein Proxy davor steht"
    )
    audit_key_file: Path | None = Field(
        default=None, description="Schlüssel, mit dem das Protokoll unterschrieben wird; ohne: Datenordner"
    )
    reference_pattern: str = Field(default="{class}-{n:05}/{year}", description="Muster der Aktenzeichen")
    letter_pattern: str = Field(
        default="{unit}/{reference}[-{case}]",
        description="Muster der Geschäftszeichen auf Briefen; was in [ ] steht, gilt nur mit Vorgang",
    )
    upload_limit_bytes: int = Field(default=5 * 10**9, gt=0, description="größte Datei einer Ablage in Byte")
    session_hours: int = Field(default=10, gt=0, description="Dauer einer Anmeldung in Stunden")
    work_concurrency: int = Field(
        default_factory=lambda: max(2, os.cpu_count() or 2), gt=0, description="gleichzeitige Aufträge je Helfer"
    )
    recognition_processes: int = Field(
        default_factory=lambda: max(1, os.cpu_count() or 1), gt=0, description="Prozesse der Texterkennung je Helfer"
    )
    heartbeat_seconds: float = Field(default=5.0, gt=0, description="Lebenszeichen eines Helfers in Sekunden")
    stalled_seconds: float = Field(
        default=20.0, gt=0, description="nach so vielen Sekunden ohne Lebenszeichen übernimmt ein anderer Helfer"
    )
    max_attempts: int = Field(default=4, gt=0, description="Versuche je Auftrag, bevor das Dokument fehlschlägt")
    retry_seconds: float = Field(
        default=5.0, gt=0, description="Wartezeit vor der ersten Wiederholung; sie verdoppelt sich"
    )

    @property
    def blob_url(self) -> str:
        """Where blobs live, as a URL."""
        return self.storage_url or f"file://{(self.data_dir / 'blobs').absolute()}"

    @property
    def index_url(self) -> str:
        """Where the search index lives, as a URL."""
        return self.search_url or f"tantivy://{(self.data_dir / 'index').absolute()}"

    @property
    def audit_key_path(self) -> Path:
        """The file of the log's signing key."""
        return self.audit_key_file or self.data_dir / "audit.key"
