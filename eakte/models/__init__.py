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
    CrossReference,
    Dossier,
    DossierEvent,
    DossierLoan,
    DossierReference,
    ExternalSystem,
    Party,
    ReferenceCounter,
    Volume,
    container_number,
)
from eakte.models.plan import ALWAYS, VERSIONED, PlanClass, PlanClassVersion
from eakte.models.resubmissions import Resubmission
from eakte.models.rights import (
    AuditMandate,
    Deputation,
    DossierExclusion,
    DossierShare,
    MandateDossier,
    MandateUnit,
    OfferedLook,
    ShareStamp,
)
from eakte.models.signatures import DocumentSignature
from eakte.models.signing_in import ExternalIdentity, KnownDevice, PendingStep, RecoveryCode, SecondFactor
from eakte.models.storage import BlobFinding, FixityRound
from eakte.models.templates import Template
from eakte.models.units import AccessScope, Unit
from eakte.models.users import (
    BarrierReport,
    RecentDossier,
    SavedSearch,
    SignInThrottle,
    Token,
    User,
    UserPreference,
    WebSession,
)

__all__ = [
    "ALWAYS",
    "VERSIONED",
    "AccessScope",
    "AuditEntry",
    "AuditHead",
    "AuditMandate",
    "AuditPseudonym",
    "AuditSubject",
    "BarrierReport",
    "Base",
    "Blob",
    "BlobFinding",
    "Case",
    "CrossReference",
    "Deputation",
    "Document",
    "DocumentLook",
    "DocumentSignature",
    "Dossier",
    "DossierEvent",
    "DossierExclusion",
    "DossierLoan",
    "DossierReference",
    "DossierShare",
    "ExternalIdentity",
    "ExternalSystem",
    "FixityRound",
    "FormerValue",
    "IdempotencyKey",
    "KnownDevice",
    "MandateDossier",
    "MandateUnit",
    "OfferedLook",
    "Operational",
    "Party",
    "PendingStep",
    "PlanClass",
    "PlanClassVersion",
    "ProcessingProgress",
    "RecentDossier",
    "Record",
    "RecoveryCode",
    "ReferenceCounter",
    "Resubmission",
    "SavedSearch",
    "SecondFactor",
    "ShareStamp",
    "SignInThrottle",
    "Template",
    "Token",
    "Unit",
    "User",
    "UserPreference",
    "Version",
    "Volume",
    "WebSession",
    "container_number",
]
