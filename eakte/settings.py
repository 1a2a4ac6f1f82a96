"""Every environment variable of eakte, once. `eakte doctor` lists them with their values."""

from __future__ import annotations

import json
import os
from datetime import timedelta
from pathlib import Path
from typing import Annotated, Any, get_args

from pydantic import BeforeValidator, Field, SecretStr
from pydantic.fields import FieldInfo
from pydantic_settings import BaseSettings, NoDecode, PydanticBaseSettingsSource, SettingsConfigDict, SettingsError

from eakte.language import _, msgid


class _SecretFiles(PydanticBaseSettingsSource):
    """`EAKTE_X_FILE` names a file that holds the value of the secret setting `EAKTE_X`.

    Environments of processes are read by more people and programs than files are; container engines hand secrets out as
    files. Only secret settings (SecretStr) have such a variable.
    """

    def get_field_value(self, field: FieldInfo, field_name: str) -> tuple[Any, str, bool]:
        """The content of the file without the line's end. Raises SettingsError naming the variable."""
        variable = f"EAKTE_{field_name.upper()}"
        name = os.environ.get(f"{variable}_FILE")
        if not name or not is_secret(field):
            return None, field_name, False
        if os.environ.get(variable):
            raise SettingsError(
                _("%(variable)s und %(variable)s_FILE: Nur eines von beiden ist möglich.", variable=variable)
            )
        try:
            value = Path(name).read_text(encoding="utf-8").rstrip("\r\n")
        except (OSError, UnicodeDecodeError):
            raise SettingsError(
                _("%(variable)s_FILE: %(name)s ist nicht lesbar.", variable=variable, name=name)
            ) from None
        if not value:
            raise SettingsError(_("%(variable)s_FILE: %(name)s ist leer.", variable=variable, name=name))
        return value, field_name, False

    def __call__(self) -> dict[str, Any]:
        """Values by field, of those that have a file."""
        read = {name: self.get_field_value(field, name)[0] for name, field in self.settings_cls.model_fields.items()}
        return {name: value for name, value in read.items() if value is not None}


def is_secret(field: FieldInfo) -> bool:
    """Whether a setting holds something that nobody should read, and therefore may come from a file."""
    return SecretStr in {field.annotation, *get_args(field.annotation)}


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
    storage_url: SecretStr | None = Field(
        default=None, description="file:///… oder s3://KEY:SECRET@server/bucket?region=…&tls=on|off; ohne: Datenordner"
    )
    search_url: SecretStr | None = Field(
        default=None, description="tantivy:///… oder opensearch://…@rechner:9200/eakte; ohne: Datenordner"
    )
    clamav_url: str | None = Field(
        default=None,
        description="Virenprüfung durch ClamAV: tcp://host:port oder unix:///…; ohne: keine. Gesetzt ist sie Pflicht",
    )
    municipality: str = Field(default="Stadt Rodenbeck", description="Name der Kommune auf den Seiten")
    accessibility_contact: str = Field(
        default="", description="Stelle für Barrierefreiheit, wie man sie erreicht; steht in der Erklärung dazu"
    )
    accessibility_arbitration: str = Field(
        default="", description="Durchsetzungs- oder Schlichtungsstelle des Landes; steht in derselben Erklärung"
    )
    public_url: str | None = Field(
        default=None, description="Adresse, unter der Menschen den Dienst öffnen, wenn ein Proxy davor steht"
    )
    audit_key_file: Path | None = Field(
        default=None, description="Schlüssel, mit dem das Protokoll unterschrieben wird; ohne: Datenordner"
    )
    signing_key_file: Path | None = Field(
        default=None, description="Schlüssel und Zertifikat, mit denen Fassungen signiert werden; ohne: Datenordner"
    )
    reference_pattern: str = Field(default="{class}-{n:05}/{year}", description="Muster der Aktenzeichen")
    letter_pattern: str = Field(
        default="{unit}/{reference}[-{case}]",
        description="Muster der Geschäftszeichen auf Briefen; was in [ ] steht, gilt nur mit Vorgang",
    )
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
    fixity_days: int = Field(
        default=30,
        gt=0,
        le=366,
        description="in so vielen Tagen liest der Helfer jede Datei der Ablage einmal und vergleicht sie",
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
    oidc_label: str = Field(
        default=msgid("Mit dem Konto der Verwaltung anmelden"), description="Aufschrift der Schaltfläche"
    )
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
    def fixity_period(self) -> timedelta:
        """The time within which every blob is read again."""
        return timedelta(days=self.fixity_days)

    @property
    def blob_url(self) -> SecretStr:
        """Where blobs live, as a URL; that of an S3 server may hold its keys."""
        return self.storage_url or SecretStr(f"file://{(self.data_dir / 'blobs').absolute()}")

    @property
    def index_url(self) -> str:
        """Where the search index lives, as a URL; it may hold a password."""
        if self.search_url is not None:
            return self.search_url.get_secret_value()
        return f"tantivy://{(self.data_dir / 'index').absolute()}"

    @property
    def audit_key_path(self) -> Path:
        """The file of the log's signing key."""
        return self.audit_key_file or self.data_dir / "audit.key"

    @property
    def signing_key_path(self) -> Path:
        """The file of the key that signs versions of documents."""
        return self.signing_key_file or self.data_dir / "signing.key"

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Arguments, the environment, then the files that it names; no `.env` and no folder of secrets."""
        del dotenv_settings, file_secret_settings
        return init_settings, env_settings, _SecretFiles(settings_cls)
