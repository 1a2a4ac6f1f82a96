"""How one signs in: password, second factor, sessions, access keys."""

from __future__ import annotations

import uuid
from dataclasses import replace

from fastapi import APIRouter, Request, Response

from eakte.api.dependencies import get_backends, idle_time
from eakte.errors import FieldError as DomainFieldError
from eakte.errors import InvalidInput, NotFound, SignInPaused
from eakte.language import _, ngettext
from eakte.models import User
from eakte.operations import second_factor
from eakte.operations.accounts import create_token, find_token, list_tokens, revoke_token
from eakte.operations.checking import one_of
from eakte.operations.directory import linked
from eakte.operations.sessions import end_other_sessions, end_session, list_sessions, renew_session
from eakte.operations.signing_in import confirm_password, set_password
from eakte.terms import Actor, Scope, now
from eakte.transaction import Transaction
from eakte.web.pages import cookies
from eakte.web.pages.asking import Person, Sent, Submitted, form_again, go, make_frame, page
from eakte.web.qr import qr_code
from eakte.web.rendering import SECURITY_HEADERS
from eakte.web.views import FieldError, Form, SecondFactorView, SecurityView, SessionRow, TokenRow

router = APIRouter(include_in_schema=False)
HOME = "/konto/sicherheit"
DAYS = ("30", "90", "365")
"""How long a key of a person may last; machines get theirs from IT."""


@router.get(HOME)
def show(request: Request, actor: Person) -> Response:
    """All of it."""
    return _show(request, actor)


@router.post("/konto/passwort")
def change_password(request: Request, sent: Sent) -> Response:
    """Set a new password; all other sessions end, this one gets a new cookie."""
    backends = get_backends(request)
    try:
        _confirm(request, sent, at="old")
        _same_twice(sent)
        with backends.transactions.begin(sent.actor) as tx:
            user = tx.session.get_one(User, sent.actor.user_id)
            municipality = backends.settings.municipality
            set_password(tx, user, sent.text("new"), municipality=municipality, keep=sent.actor.access_key, at="new")
            renewed = renew_session(tx)
    except InvalidInput as error:
        return _show(request, sent.actor, password=_typed_again(sent, error), status=422)
    response = go(HOME, ok="passwort")
    cookies.put_session(request, response, renewed[0], renewed[2])
    return response


@router.post("/konto/zweiter-faktor/beginn")
def begin_factor(request: Request, sent: Sent) -> Response:
    """Make a secret, after the password was given again."""
    backends = get_backends(request)
    try:
        _confirm(request, sent, at="confirm")
    except InvalidInput as error:
        return _show(request, sent.actor, factor=_typed_again(sent, error), status=422)
    with backends.transactions.begin(sent.actor) as tx:
        step = second_factor.begin_enrolment(tx, backends.transactions.ledger)
    response = go("/konto/zweiter-faktor")
    cookies.put_step(request, response, step)
    return response


@router.get("/konto/zweiter-faktor")
def show_factor(request: Request, actor: Person) -> Response:
    """The secret as text and as a picture, and a field for the first code."""
    secret = _secret(request, actor)
    return go(HOME) if secret is None else _factor_page(request, actor, SecondFactorView(secret=_grouped(secret)))


@router.get("/konto/zweiter-faktor/qr.svg")
def show_qr(request: Request, actor: Person) -> Response:
    """The secret as a QR code, made here: no other service sees it, and the page needs no inline picture."""
    secret = _secret(request, actor)
    if secret is None:
        raise NotFound
    issuer = get_backends(request).settings.municipality
    picture = qr_code(second_factor.enrolment_address(secret, login=actor.name, issuer=issuer))
    return Response(picture, media_type="image/svg+xml", headers=dict(SECURITY_HEADERS))


@router.post("/konto/zweiter-faktor")
def confirm_factor(request: Request, sent: Sent) -> Response:
    """The first code switches it on; the recovery codes are shown this once."""
    backends = get_backends(request)
    step = cookies.read(request, cookies.STEP)
    secret = _secret(request, sent.actor)
    if secret is None:
        return go(HOME)
    try:
        with backends.transactions.begin(sent.actor) as tx:
            codes = second_factor.confirm_enrolment(tx, backends.transactions.ledger, step, sent.text("code")[:20])
            renewed = renew_session(tx)
    except InvalidInput as error:
        view = SecondFactorView(secret=_grouped(secret), form=form_again(sent, error))
        return _factor_page(request, sent.actor, view, status=422)
    request.state.csrf = renewed[1]
    response = _factor_page(request, sent.actor, SecondFactorView(codes=tuple(codes)))
    cookies.put_session(request, response, renewed[0], renewed[2])
    cookies.drop(request, response, cookies.STEP)
    return response


@router.post("/konto/zweiter-faktor/aus")
def remove_factor(request: Request, sent: Sent) -> Response:
    """Switch it off, after the password was given again."""
    backends = get_backends(request)
    try:
        _confirm(request, sent, at="confirm")
        with backends.transactions.begin(sent.actor) as tx:
            second_factor.remove_second_factor(tx, tx.session.get_one(User, sent.actor.user_id))
            renewed = renew_session(tx)
    except InvalidInput as error:
        return _show(request, sent.actor, factor=_typed_again(sent, error), status=422)
    response = go(HOME, ok="gespeichert")
    cookies.put_session(request, response, renewed[0], renewed[2])
    return response


@router.post("/konto/sitzungen/beenden")
def end_others(request: Request, sent: Sent) -> Response:
    """End all sessions but this one."""
    with get_backends(request).transactions.begin(sent.actor) as tx:
        end_other_sessions(tx)
    return go(HOME, ok="beendet")


@router.post("/konto/sitzungen/{session_id}/beenden")
def end_one(request: Request, sent: Sent, session_id: uuid.UUID) -> Response:
    """End one of one's own sessions."""
    with get_backends(request).transactions.begin(sent.actor) as tx:
        end_session(tx, session_id)
    return go(HOME, ok="beendet")


@router.post("/konto/schluessel")
def make_token(request: Request, sent: Sent) -> Response:
    """A new access key, shown on the answer and never again."""
    try:
        with get_backends(request).transactions.begin(sent.actor) as tx:
            secret = _new_token(tx, sent)
    except InvalidInput as error:
        return _show(request, sent.actor, token=form_again(sent, error), status=422)
    return _show(request, sent.actor, new_token=secret)


@router.post("/konto/schluessel/{token_id}/beenden")
def end_token(request: Request, sent: Sent, token_id: uuid.UUID) -> Response:
    """Revoke one of one's own access keys."""
    with get_backends(request).transactions.begin(sent.actor) as tx:
        revoke_token(tx, find_token(tx.session, sent.actor, token_id))
    return go(HOME, ok="beendet")


def _new_token(tx: Transaction, sent: Submitted) -> str:
    wanted = [scope for scope in _offered(sent.actor) if sent.text(f"scope_{scope}") == "on"]
    if not wanted:
        raise InvalidInput(errors=[DomainFieldError("scopes", _("Bitte wählen Sie, was der Schlüssel erlaubt."))])
    if sent.text("days") not in DAYS:
        raise InvalidInput(errors=[DomainFieldError("days", _("Bitte wählen Sie, wie lange der Schlüssel gilt."))])
    scopes = [one_of(Scope, scope, at="scopes", label=_("Umfang")) for scope in wanted]
    user = tx.session.get_one(User, sent.actor.user_id)
    _row, secret = create_token(tx, user=user, name=sent.text("name"), scopes=scopes, days=int(sent.text("days")))
    return secret


def _confirm(request: Request, sent: Submitted, *, at: str) -> None:
    """The password again. Raises InvalidInput, after too many wrong ones too."""
    try:
        confirm_password(get_backends(request).transactions, sent.actor, sent.text(at)[:500], at=at)
    except SignInPaused as error:
        message = ngettext(
            "Zu viele Versuche. Bitte warten Sie %(num)s Minute.",
            "Zu viele Versuche. Bitte warten Sie %(num)s Minuten.",
            -(-error.seconds // 60),
        )
        raise InvalidInput(errors=[DomainFieldError(at, message)]) from error


def _same_twice(sent: Submitted) -> None:
    if sent.text("new") != sent.text("again"):
        raise InvalidInput(errors=[DomainFieldError("again", _("Die beiden neuen Passwörter sind nicht gleich."))])


def _typed_again(sent: Submitted, error: InvalidInput) -> Form:
    """What is wrong, without the passwords that were typed."""
    form = form_again(sent, error)
    return replace(form, values={}) if form.errors else Form(errors=(FieldError("", error.title),))


def _offered(actor: Actor) -> tuple[str, ...]:
    return tuple(scope.value for scope in Scope if scope in actor.scopes)


def _secret(request: Request, actor: Actor) -> str | None:
    backends = get_backends(request)
    step = cookies.read(request, cookies.STEP)
    with backends.transactions.read() as session:
        return (
            second_factor.enrolling_secret(session, backends.transactions.ledger, step, actor.user_id) if step else None
        )


def _grouped(secret: str) -> str:
    return " ".join(secret[start : start + 4] for start in range(0, len(secret), 4))


def _factor_page(request: Request, actor: Actor, view: SecondFactorView, *, status: int = 200) -> Response:
    return page("zweiter_faktor.html", frame=make_frame(request, actor, area=""), view=view, status=status)


def _show(
    request: Request,
    actor: Actor,
    *,
    password: Form | None = None,
    factor: Form | None = None,
    token: Form | None = None,
    new_token: str = "",
    status: int = 200,
) -> Response:
    view = replace(
        _state(request, actor),
        password=password or Form(),
        factor=factor or Form(),
        token=token or Form(),
        new_token=new_token,
    )
    return page("sicherheit.html", frame=make_frame(request, actor, area=""), view=view, status=status)


def _state(request: Request, actor: Actor) -> SecurityView:
    backends = get_backends(request)
    with backends.transactions.read() as session:
        user = session.get_one(User, actor.user_id)
        sessions = tuple(
            SessionRow(
                id=str(row.id),
                browser=_called(row.browser),
                address=row.address,
                method=row.method,
                since=row.created_at,
                seen=row.last_seen_at,
                current=row.id == actor.access_key,
            )
            for row in list_sessions(session, user.id, idle=idle_time(backends.settings))
        )
        tokens = tuple(
            TokenRow(str(row.id), row.name, row.prefix, tuple(row.scopes), row.expires_at, row.last_used_at)
            for row in list_tokens(session, user.id)
            if row.revoked_at is None and (row.expires_at is None or row.expires_at > now())
        )
        connected = "yes" if linked(session, user.id) else "no"
        return SecurityView(
            sessions=sessions,
            tokens=tokens,
            scopes=_offered(actor),
            has_password=user.password_hash is not None,
            second_factor=second_factor.has_second_factor(session, user.id),
            codes_left=second_factor.codes_left(session, user.id),
            provider=connected if backends.provider is not None else "",
        )


def _called(browser: str) -> str:
    """A browser in two words: which one, on what. Order matters: they all name their forerunners."""
    names = (("Edg/", "Edge"), ("OPR/", "Opera"), ("Firefox/", "Firefox"), ("Chrome/", "Chrome"), ("Safari/", "Safari"))
    systems = (
        ("Android", "Android"), ("iPhone", "iPhone"), ("iPad", "iPad"),
        ("Windows", "Windows"), ("Mac OS", "macOS"), ("Linux", "Linux"),
    )  # fmt: skip
    plain = browser.partition("/")[0][:40] or _("unbekannt")
    name = next((shown for mark, shown in names if mark in browser), plain)
    system = next((shown for mark, shown in systems if mark in browser), "")
    return f"{name}, {system}" if system else name
