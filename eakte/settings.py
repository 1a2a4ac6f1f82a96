"""Every environment variable of eakte, once. `eakte doctor` lists them with their values."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Annotated, Any

from pydantic import BeforeValidator, Field, SecretStr
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict


def _object(value: Any) -> Any:
    """A JSON object as text; what is not JSON is refused like any other wrong value."""
    return json.loads(value) if isinstance(value, str) else value


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
    upload_limit_bytes: int = Field(default=5 * 10**9, gt=0, description="größte Datei einer Ablage in Byte")
    session_hours: int = Field(default=10, gt=0, description="längste Dauer einer Anmeldung in Stunden")
    session_idle_minutes: int = Field(
        default=120, gt=0, description="nach so vielen Minuten ohne Anfrage endet eine Anmeldung"
    )
    requests_per_minute: int = Field(
        default=12_000,
        gt=0,
        description="Anfragen je Anmeldung oder Schlüssel und Minute, in jedem Prozess des Dienstes",
    )
    access_log_months: int = Field(
        default=12,
        gt=0,
        description="nach so vielen Monaten werden die Namen hinter den Pseudonymen des Zugriffsprotokolls gelöscht",
    )
    trusted_proxies: str = Field(
        default="",
        description="Adressen oder Netze der Proxys, deren X-Forwarded-For geglaubt wird; mit Komma getrennt",
    )
    oidc_issuer: str | None = Field(
        default=None, description="Anmeldedienst der Verwaltung (OIDC): sein Name, https://…"
    )
    oidc_client_id: str = Field(default="eakte", description="Kennung, unter der der Anmeldedienst eakte kennt")
    oidc_client_secret: SecretStr = Field(default=SecretStr(""), description="Geheimnis zu dieser Kennung")
    oidc_scope: str = Field(default="openid profile", description="was vom Anmeldedienst erfragt wird")
    oidc_label: str = Field(default="Mit dem Konto der Verwaltung anmelden", description="Aufschrift der Schaltfläche")
    oidc_groups_claim: str = Field(
        default="groups", description="Angabe des Anmeldedienstes, in der die Gruppen stehen"
    )
    oidc_groups: Annotated[dict[str, Any], NoDecode, BeforeValidator(_object)] = Field(
        default_factory=dict,
        description='was Gruppen geben, als JSON: {"bauamt": {"roles": ["clerk"], "unit": "63", "level": "internal"}}',
    )
    oidc_create_accounts: bool = Field(
        default=False, description="ob Unbekannte mit einer bekannten Gruppe ein Konto bekommen"
    )
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
