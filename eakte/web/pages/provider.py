"""Signing in at the municipality's OIDC provider, and connecting one's account with it."""

from __future__ import annotations

from fastapi import APIRouter, Request, Response

from eakte.api.dependencies import get_backends, visit_of
from eakte.errors import AccountUnknown, NotFound, NotSignedIn, ProviderRefused, ProviderUnavailable
from eakte.language import _, msgid
from eakte.oidc import Begun, Provider
from eakte.operations.directory import Directory, enter, link, unlink
from eakte.operations.steps import begin_step, end_step, find_step
from eakte.terms import SYSTEM, Identity
from eakte.web.pages import cookies
from eakte.web.pages.asking import Sent, go, make_frame, page, reader
from eakte.web.pages.signing import arrive, inside, is_open, public_address, sign_in_page
from eakte.web.views import ProviderView

router = APIRouter(include_in_schema=False)
BACK = "/anmelden/dienst/zurueck"
DOWN = msgid(
    "Der Anmeldedienst der Verwaltung antwortet gerade nicht. Bitte versuchen Sie es in einigen Minuten noch einmal."
    " Wer hier ein Passwort hat, kann sich damit anmelden."
)
REFUSED = msgid("Die Anmeldung beim Anmeldedienst wurde nicht bestätigt. Bitte beginnen Sie noch einmal.")
UNKNOWN = msgid(
    "Der Anmeldedienst kennt Sie, aber für Sie ist hier noch kein Konto freigeschaltet. Bitte wenden Sie sich an die"
    " Registratur oder an Ihre IT-Stelle."
)


@router.get("/anmelden/dienst")
def begin(request: Request) -> Response:
    """To the provider. Nothing is known of the person yet."""
    provider, _rules = _provider(request)
    target = inside(request.query_params.get("weiter", "/"))
    if is_open(request):
        return sign_in_page(request, target=target, status=403)
    try:
        begun = provider.begin(public_address(request, BACK))
    except ProviderUnavailable:
        return sign_in_page(request, target=target, status=503, trouble=_(DOWN))
    response = go(begun.address)
    _remember(request, response, begun, target=target, connect=False)
    return response


@router.get(BACK)
def finish(request: Request) -> Response:
    """Back from the provider: sign in, or connect the account of who asked for that."""
    provider, rules = _provider(request)
    backends = get_backends(request)
    step = cookies.read(request, cookies.STEP)
    with backends.transactions.begin(SYSTEM) as tx:
        found = find_step(tx.session, backends.transactions.ledger, "oidc", step) if step else None
        # Used up whatever comes of it: an answer counts once.
        if found is None or not end_step(tx.session, step):
            return sign_in_page(request, target="/", status=401, trouble=_(REFUSED))
    _user_id, kept = found
    target = inside(kept["target"])
    begun = Begun("", kept["state"], kept["nonce"], kept["verifier"])
    try:
        identity = provider.finish(begun, public_address(request, BACK), dict(request.query_params))
        if kept["connect"]:
            return _connect(request, identity, kept["session"])
        done = enter(
            backends.transactions,
            identity,
            rules,
            hours=backends.settings.session_hours,
            visit=visit_of(request, device=cookies.read(request, cookies.DEVICE)),
        )
    except ProviderUnavailable:
        return sign_in_page(request, target=target, status=503, trouble=_(DOWN))
    except ProviderRefused:
        return sign_in_page(request, target=target, status=401, trouble=_(REFUSED))
    except AccountUnknown:
        return sign_in_page(request, target=target, status=403, trouble=_(UNKNOWN))
    return arrive(request, done, target)


@router.post("/konto/dienst")
def begin_connecting(request: Request, sent: Sent) -> Response:
    """Connect one's own account: a page whose link leads to the provider."""
    provider, _rules = _provider(request)
    frame = make_frame(request, sent.actor, area="")
    try:
        begun = provider.begin(public_address(request, BACK))
    except ProviderUnavailable:
        return page("dienst.html", frame=frame, view=ProviderView(""), status=503)
    response = page("dienst.html", frame=frame, view=ProviderView(begun.address))
    _remember(request, response, begun, target="/konto/sicherheit", connect=True, session=str(sent.actor.access_key))
    return response


@router.post("/konto/dienst/aus")
def disconnect(request: Request, sent: Sent) -> Response:
    """Take one's own connection away."""
    with get_backends(request).transactions.begin(sent.actor) as tx:
        unlink(tx)
    return go("/konto/sicherheit", ok="gespeichert")


def _connect(request: Request, identity: Identity, session: str) -> Response:
    """Only in the session that asked for it: an answer that was carried elsewhere connects nothing."""
    try:
        actor = reader(request)
    except NotSignedIn:
        raise ProviderRefused from None
    if str(actor.access_key) != session:
        raise ProviderRefused
    with get_backends(request).transactions.begin(actor) as tx:
        link(tx, identity)
    return go("/konto/sicherheit", ok="verbunden")


def _remember(
    request: Request, response: Response, begun: Begun, *, target: str, connect: bool, session: str = ""
) -> None:
    backends = get_backends(request)
    kept = {
        "state": begun.state,
        "nonce": begun.nonce,
        "verifier": begun.verifier,
        "target": target,
        "connect": connect,
        "session": session,
    }
    with backends.transactions.begin(SYSTEM) as tx:
        secret = begin_step(tx.session, backends.transactions.ledger, "oidc", user_id=None, remember=kept)
    cookies.put_step(request, response, secret)


def _provider(request: Request) -> tuple[Provider, Directory]:
    provider = get_backends(request).provider
    if provider is None:
        raise NotFound
    return provider
