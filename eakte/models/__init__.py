"""The tables of the service, one module a noun. No model imports an operation."""

from eakte.models.audit import (
    AuditEntry,
    AuditHead,
    AuditPseudonym,
    AuditSubject,
    DocumentLook,
    FormerValue,
    IdempotencyKey,
)
from eakte.models.base import Base, Operational, Record
from eakte.models.documents import Blob, Document, ProcessingProgress, Version
from eakte.models.dossiers import (
    Case,
    Dossier,
    DossierEvent,
    DossierExclusion,
    DossierShare,
    ExternalSystem,
    ReferenceCounter,
    container_number,
)
from eakte.models.plan import PlanClass
from eakte.models.signing_in import ExternalIdentity, KnownDevice, PendingStep, RecoveryCode, SecondFactor
from eakte.models.units import AccessScope, Unit
from eakte.models.users import RecentDossier, SignInThrottle, Token, User, UserPreference, WebSession

__all__ = [
    "AccessScope",
    "AuditEntry",
    "AuditHead",
    "AuditPseudonym",
    "AuditSubject",
    "Base",
    "Blob",
    "Case",
    "Document",
    "DocumentLook",
    "Dossier",
    "DossierEvent",
    "DossierExclusion",
    "DossierShare",
    "ExternalIdentity",
    "ExternalSystem",
    "FormerValue",
    "IdempotencyKey",
    "KnownDevice",
    "Operational",
    "PendingStep",
    "PlanClass",
    "ProcessingProgress",
    "RecentDossier",
    "Record",
    "RecoveryCode",
    "ReferenceCounter",
    "SecondFactor",
    "SignInThrottle",
    "Token",
    "Unit",
    "User",
    "UserPreference",
    "Version",
    "WebSession",
    "container_number",
]
