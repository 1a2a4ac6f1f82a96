"""What the pages show, as values: routes fill them from operations, templates read them, the preview makes them up.

A view holds nothing a person may not see: rights are decided before it is made. Codes (kinds, states, levels) are those
of `eakte.terms`; templates turn them into words. An action a person may not do is absent: its form or flag is unset.
"""

from eakte.web.views.account import AccountView, ProviderView, SecondFactorView, SecurityView, SessionRow, TokenRow
from eakte.web.views.assigning import AssignView
from eakte.web.views.barriers import BarrierRow, BarrierView, StatementView
from eakte.web.views.comparing import CompareView, Side
from eakte.web.views.document import (
    DocumentActs,
    DocumentEdit,
    DocumentView,
    Mark,
    Neighbours,
    Page,
    Processing,
    Proof,
    TextPage,
    VersionRow,
)
from eakte.web.views.dossier import (
    BulkView,
    CaseGroup,
    CaseView,
    CloseForm,
    DocumentRow,
    DossierEditView,
    DossierView,
    HistoryView,
    Picker,
    PlaceChoice,
    UploadView,
)
from eakte.web.views.fault import ErrorView
from eakte.web.views.inbox import InboxView, LetterView
from eakte.web.views.making import MakingView, TemplateParty
from eakte.web.views.parties import PartiesView, PartyRow, PartyView, ReferenceRow, ReferencesView
from eakte.web.views.parts import Choice, FieldError, Form, Frame, HistoryEntry, Link, Message, Property, Rect, Undo
from eakte.web.views.plan import DataInput, DossierRow, NewDossierForm, PlanView, TreeNode
from eakte.web.views.rights import DeputiesView, DeputyRow, ExclusionRow, Explained, RightsView, ShareRow
from eakte.web.views.search import Chip, Facet, FacetValue, Hit, Passage, Saved, SearchView
from eakte.web.views.signing import SignInView
from eakte.web.views.start import (
    InboxItem,
    RecentItem,
    ResubmissionItem,
    ResubmissionsView,
    ResubmissionView,
    StartView,
)

__all__ = [
    "AccountView",
    "AssignView",
    "BarrierRow",
    "BarrierView",
    "BulkView",
    "CaseGroup",
    "CaseView",
    "Chip",
    "Choice",
    "CloseForm",
    "CompareView",
    "DataInput",
    "DeputiesView",
    "DeputyRow",
    "DocumentActs",
    "DocumentEdit",
    "DocumentRow",
    "DocumentView",
    "DossierEditView",
    "DossierRow",
    "DossierView",
    "ErrorView",
    "ExclusionRow",
    "Explained",
    "Facet",
    "FacetValue",
    "FieldError",
    "Form",
    "Frame",
    "HistoryEntry",
    "HistoryView",
    "Hit",
    "InboxItem",
    "InboxView",
    "LetterView",
    "Link",
    "MakingView",
    "Mark",
    "Message",
    "Neighbours",
    "NewDossierForm",
    "Page",
    "PartiesView",
    "PartyRow",
    "PartyView",
    "Passage",
    "Picker",
    "PlaceChoice",
    "PlanView",
    "Processing",
    "Proof",
    "Property",
    "ProviderView",
    "RecentItem",
    "Rect",
    "ReferenceRow",
    "ReferencesView",
    "ResubmissionItem",
    "ResubmissionView",
    "ResubmissionsView",
    "RightsView",
    "Saved",
    "SearchView",
    "SecondFactorView",
    "SecurityView",
    "SessionRow",
    "ShareRow",
    "Side",
    "SignInView",
    "StartView",
    "StatementView",
    "TemplateParty",
    "TextPage",
    "TokenRow",
    "TreeNode",
    "Undo",
    "UploadView",
    "VersionRow",
]
