"""What the pages show, as values: routes fill them from operations, templates read them, the preview makes them up.

A view holds nothing a person may not see: rights are decided before it is made. Codes (kinds, states, levels) are those
of `eakte.terms`; templates turn them into words. An action a person may not do is absent: its form or flag is unset.
"""

from eakte.web.views.account import AccountView, ProviderView, SecondFactorView, SecurityView, SessionRow, TokenRow
from eakte.web.views.document import DocumentView, Neighbours, Page, Processing, Proof, TextPage, VersionRow
from eakte.web.views.dossier import CaseGroup, CloseForm, DocumentRow, DossierView, HistoryView, UploadView
from eakte.web.views.fault import ErrorView
from eakte.web.views.parts import Choice, FieldError, Form, Frame, HistoryEntry, Link, Message, Property, Rect
from eakte.web.views.plan import DataInput, DossierRow, NewDossierForm, PlanView, TreeNode
from eakte.web.views.search import Chip, Facet, FacetValue, Hit, Passage, SearchView
from eakte.web.views.signing import SignInView
from eakte.web.views.start import RecentItem, StartView

__all__ = [
    "AccountView",
    "CaseGroup",
    "Chip",
    "Choice",
    "CloseForm",
    "DataInput",
    "DocumentRow",
    "DocumentView",
    "DossierRow",
    "DossierView",
    "ErrorView",
    "Facet",
    "FacetValue",
    "FieldError",
    "Form",
    "Frame",
    "HistoryEntry",
    "HistoryView",
    "Hit",
    "Link",
    "Message",
    "Neighbours",
    "NewDossierForm",
    "Page",
    "Passage",
    "PlanView",
    "Processing",
    "Proof",
    "Property",
    "ProviderView",
    "RecentItem",
    "Rect",
    "SearchView",
    "SecondFactorView",
    "SecurityView",
    "SessionRow",
    "SignInView",
    "StartView",
    "TextPage",
    "TokenRow",
    "TreeNode",
    "UploadView",
    "VersionRow",
]
