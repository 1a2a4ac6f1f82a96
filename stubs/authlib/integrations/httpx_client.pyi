from typing import Any

import httpx2

class OAuthError(Exception): ...

class OAuth2Client(httpx2.Client):
    def __init__(
        self,
        client_id: str,
        client_secret: str,
        *,
        scope: str,
        redirect_uri: str,
        code_challenge_method: str,
        token_endpoint_auth_method: str,
        timeout: float,
    ) -> None: ...
    token: dict[str, Any] | None
    def create_authorization_url(
        self, url: str, state: str | None = None, code_verifier: str | None = None, **params: str
    ) -> tuple[str, str]: ...
    def fetch_token(self, url: str, *, grant_type: str, code: str, code_verifier: str) -> dict[str, Any]: ...
