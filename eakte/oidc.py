"""The OIDC provider of the municipality: the only place that talks to it (authorization code flow with PKCE).

OpenID Connect Core 1.0, RFC 7636 (S256 always), RFC 9207 (issuer in the answer), RP-Initiated Logout 1.0. authlib makes
the requests and checks the claims, joserfc the signature; only asymmetric ones count, so that no shared secret signs.
"""

from __future__ import annotations

import hmac
import secrets
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode, urlsplit

import httpx2
from authlib.integrations.httpx_client import OAuth2Client, OAuthError
from authlib.oidc.core import CodeIDToken
from joserfc import jwt
from joserfc.errors import InvalidKeyIdError, JoseError
from joserfc.jwk import KeySet
from joserfc.jws import JWSRegistry

from eakte.errors import ProviderRefused, ProviderUnavailable, SetupFailed
from eakte.language import _
from eakte.terms import Identity

SIGNATURES = ("RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA", "Ed25519")
PATIENCE = 10.0
"""Seconds for one request; a person waits at the other end."""
METADATA_LIFE = 3600.0
LEEWAY = 60
"""Seconds that the two clocks may differ."""


@dataclass(frozen=True, slots=True)
class Begun:
    """What must be remembered until the person comes back; `address` is where they are sent."""

    address: str
    state: str
    nonce: str
    verifier: str


class Provider:
    """One provider, by its issuer. Nothing is asked of it before somebody wants to sign in."""

    def __init__(self, issuer: str, *, client_id: str, client_secret: str, scope: str, groups_claim: str) -> None:
        parts = urlsplit(issuer)
        if parts.scheme != "https" and not (parts.scheme == "http" and parts.hostname in {"localhost", "127.0.0.1"}):
            raise SetupFailed(_("EAKTE_OIDC_ISSUER muss mit https:// beginnen."))
        self.issuer = issuer
        self._client_id = client_id
        self._client_secret = client_secret
        self._scope = scope
        self._groups_claim = groups_claim
        self._known: tuple[float, dict[str, Any], KeySet] | None = None
        self._lock = threading.Lock()

    def begin(self, redirect_uri: str) -> Begun:
        """Where to send somebody. Raises ProviderUnavailable."""
        metadata, _keys = self._metadata()
        nonce, verifier, state = secrets.token_urlsafe(24), secrets.token_urlsafe(48), secrets.token_urlsafe(24)
        with self._client(redirect_uri) as client:
            address, _state = client.create_authorization_url(
                metadata["authorization_endpoint"], state=state, code_verifier=verifier, nonce=nonce
            )
        return Begun(address, state, nonce, verifier)

    def finish(self, begun: Begun, redirect_uri: str, answer: Mapping[str, str]) -> Identity:
        """Who came back. Raises ProviderRefused for whatever is not as it must be, ProviderUnavailable."""
        metadata, keys = self._metadata()
        if not hmac.compare_digest(answer.get("state", "").encode(), begun.state.encode()):
            raise ProviderRefused
        # RFC 9207: an answer of another provider must not be taken to this one.
        says_issuer = metadata.get("authorization_response_iss_parameter_supported")
        if (says_issuer or "iss" in answer) and answer.get("iss") != self.issuer:
            raise ProviderRefused
        if "code" not in answer:
            raise ProviderRefused
        try:
            with self._client(redirect_uri) as client:
                token = client.fetch_token(
                    metadata["token_endpoint"],
                    grant_type="authorization_code",
                    code=answer["code"],
                    code_verifier=begun.verifier,
                )
                claims = self._verified(token, keys, begun.nonce)
                claims |= self._user_info(client, metadata, claims["sub"])
        except (httpx2.TransportError, httpx2.HTTPStatusError) as error:
            raise ProviderUnavailable from error
        except (OAuthError, JoseError, ValueError, KeyError, TypeError) as error:
            raise ProviderRefused from error
        return self._identity(claims)

    def logout_address(self, back: str) -> str:
        """Where a person may end the session at the provider too; empty when it offers none or does not answer."""
        try:
            metadata, _keys = self._metadata()
        except ProviderUnavailable:
            return ""
        end = metadata.get("end_session_endpoint")
        query = urlencode({"client_id": self._client_id, "post_logout_redirect_uri": back})
        return f"{end}{'&' if '?' in end else '?'}{query}" if end else ""

    def _client(self, redirect_uri: str) -> OAuth2Client:
        return OAuth2Client(
            self._client_id,
            self._client_secret,
            scope=self._scope,
            redirect_uri=redirect_uri,
            code_challenge_method="S256",
            token_endpoint_auth_method="client_secret_basic",  # noqa: S106 - the name of a method
            timeout=PATIENCE,
        )

    def _metadata(self, *, fresh: bool = False) -> tuple[dict[str, Any], KeySet]:
        """What the provider says of itself, and its keys; kept for an hour. Raises ProviderUnavailable."""
        with self._lock:
            if not fresh and self._known is not None and time.monotonic() - self._known[0] < METADATA_LIFE:
                return self._known[1], self._known[2]
            try:
                with httpx2.Client(timeout=PATIENCE) as client:
                    metadata = _json(client, self.issuer.rstrip("/") + "/.well-known/openid-configuration")
                    if metadata["issuer"] != self.issuer:
                        raise ProviderUnavailable(_("Er nennt einen anderen Namen als EAKTE_OIDC_ISSUER."))
                    for name in ("authorization_endpoint", "token_endpoint"):
                        metadata[name]  # KeyError: not a provider for the code flow
                    keys = KeySet.import_key_set(_json(client, metadata["jwks_uri"]))  # type: ignore[arg-type] # checked inside
            except (httpx2.HTTPError, JoseError, ValueError, KeyError, TypeError) as error:
                raise ProviderUnavailable from error
            self._known = (time.monotonic(), metadata, keys)
            return metadata, keys

    def _verified(self, token: dict[str, Any], keys: KeySet, nonce: str) -> dict[str, Any]:
        """The claims of the ID token (Core section 3.1.3.7). A key that is not known may be new: asked for once."""
        registry = JWSRegistry(algorithms=list(SIGNATURES), strict_check_header=False)
        try:
            decoded = jwt.decode(token["id_token"], keys, registry=registry)
        except InvalidKeyIdError:
            _metadata, keys = self._metadata(fresh=True)
            decoded = jwt.decode(token["id_token"], keys, registry=registry)
        claims = CodeIDToken(
            decoded.claims,
            decoded.header,
            {
                "iss": {"essential": True, "values": [self.issuer]},
                "aud": {"essential": True, "values": [self._client_id]},
                "sub": {"essential": True},
            },
            {"nonce": nonce, "client_id": self._client_id, "access_token": token.get("access_token")},
        )
        claims.validate(leeway=LEEWAY)
        # authlib lets a token without nonce pass where it was not asked for; here it always is.
        if not hmac.compare_digest(str(decoded.claims.get("nonce", "")).encode(), nonce.encode()):
            raise ProviderRefused
        return dict(decoded.claims)

    def _user_info(self, client: OAuth2Client, metadata: dict[str, Any], subject: str) -> dict[str, Any]:
        """Name and groups where the ID token leaves them out (Core section 5.3.2: only for the same subject)."""
        endpoint = metadata.get("userinfo_endpoint")
        if not endpoint:
            return {}
        more = _json(client, endpoint)
        if more.get("sub") != subject:
            raise ProviderRefused
        wanted = ("preferred_username", "name", self._groups_claim)
        return {name: more[name] for name in wanted if name in more}

    def _identity(self, claims: Mapping[str, Any]) -> Identity:
        subject = claims.get("sub")
        if not isinstance(subject, str) or not subject:
            raise ProviderRefused
        groups = claims.get(self._groups_claim, [])
        said = [groups] if isinstance(groups, str) else groups
        return Identity(
            issuer=self.issuer,
            subject=subject,
            login=str(claims.get("preferred_username", "")),
            name=str(claims.get("name", "")),
            groups=tuple(str(group) for group in said) if isinstance(said, list) else (),
        )


def _json(client: httpx2.Client, url: str) -> dict[str, Any]:
    answer = client.get(url)
    answer.raise_for_status()
    value = answer.json()
    if not isinstance(value, dict):
        raise TypeError("the provider did not answer with an object")
    return value
