"""Calls to LINE's Messaging API: a token for each, one renewal when it is refused, and LINE's failures in our words."""

from __future__ import annotations

import hmac
import json
import threading
import time
from collections.abc import Callable, Mapping
from datetime import timedelta
from typing import Any, Protocol
from urllib.parse import urlsplit

import jwt
import urllib3
from linebot.v3 import oauth
from linebot.v3.messaging import ApiClient, Configuration, MessagingApi
from linebot.v3.messaging.exceptions import ApiException
from linebot.v3.messaging.rest import RESTResponse

from channels.protocols import (
    AmbiguousFailure,
    ConfigurationFailure,
    Failure,
    PermanentFailure,
    QuotaFailure,
    TransientFailure,
)

API = "https://api.line.me"
TIMEOUT_S = (3.0, 10.0)
_TIMEOUT = urllib3.Timeout(connect=TIMEOUT_S[0], read=TIMEOUT_S[1])
QUOTA_TEXT = "You have reached your monthly limit."
ALREADY_ACCEPTED = 409
# A stateless token lives 15 minutes; one that ends within this long is not used for another call.
TOKEN_MARGIN_S = 60.0
ASSERTION_LIFE_S = 300


class AlreadyAccepted(Exception):
    """LINE took a request with this retry key before; ``reference`` is that request's id."""

    def __init__(self, reference: str) -> None:
        super().__init__()
        self.reference = reference


class Tokens(Protocol):
    """Where the bearer token of a call comes from."""

    def current(self) -> str:
        """Raises ConfigurationFailure or TransientFailure; either way nothing was sent."""
        ...

    def renew(self, refused: str) -> bool:
        """Forget a token that LINE refused. False if there is no other to be had."""
        ...


class LongLivedToken:
    """The token that LINE's console issues."""

    def __init__(self, token: str) -> None:
        self._token = token

    def current(self) -> str:
        return self._token

    def renew(self, refused: str) -> bool:
        return False


class StatelessTokens:
    """Tokens of 15 minutes, issued for the channel's id with its secret or its assertion key; kept in memory alone."""

    def __init__(
        self, *, base_url: str, channel_id: str, channel_secret: str, assertion_key: str = "", key_id: str = ""
    ) -> None:
        configuration = oauth.Configuration(host=base_url)
        configuration.retries = False
        self._client = oauth.ApiClient(configuration)
        self._issuer = oauth.ChannelAccessToken(self._client)
        self._channel_id = channel_id
        self._channel_secret = channel_secret
        self._assertion_key, self._key_id = assertion_key, key_id
        self._lock = threading.Lock()
        self._token, self._ends_at = "", 0.0

    def current(self) -> str:
        with self._lock:
            if time.monotonic() >= self._ends_at:
                issued = self._issue()
                self._token = issued.access_token
                self._ends_at = time.monotonic() + max(issued.expires_in - TOKEN_MARGIN_S, 0)
            return self._token

    def renew(self, refused: str) -> bool:
        with self._lock:  # another thread may have renewed it meanwhile
            if hmac.compare_digest(self._token, refused):
                self._ends_at = 0.0
        return True

    def _issue(self) -> Any:
        try:
            if self._assertion_key:
                return self._issuer.issue_stateless_channel_token_by_jwt_assertion(
                    self._assertion(), _request_timeout=TIMEOUT_S
                )
            return self._issuer.issue_stateless_channel_token_by_client_secret(
                self._channel_id, self._channel_secret, _request_timeout=TIMEOUT_S
            )
        except oauth.exceptions.ApiException as error:
            status = int(error.status or 0)
            if status == 429 or status >= 500:
                raise TransientFailure(f"token_{status}") from None
            raise ConfigurationFailure("token_refused") from None
        except urllib3.exceptions.HTTPError:
            raise TransientFailure("token_no_answer") from None

    def _assertion(self) -> str:
        """Signed as LINE asks: by the key whose public half is registered for the channel."""
        ends_at = int(time.time()) + ASSERTION_LIFE_S
        claims = {"iss": self._channel_id, "sub": self._channel_id, "aud": f"{API}/", "exp": ends_at}
        try:
            return jwt.encode(claims, self._assertion_key, algorithm="RS256", headers={"kid": self._key_id})
        except (ValueError, TypeError, jwt.PyJWTError):
            raise ConfigurationFailure("assertion_key_unreadable") from None


class LineApi:
    """One channel's connection: the SDK's calls, with timeouts and without its own retries."""

    def __init__(self, *, base_url: str, tokens: Tokens) -> None:
        self._configuration = Configuration(host=base_url, access_token="")
        self._configuration.retries = False
        self._configuration.connection_pool_maxsize = 64  # as many as a worker hands over at once
        self._client = ApiClient(self._configuration)
        self._tokens = tokens
        self.messaging = MessagingApi(self._client)
        self._pool = self._client.rest_client.pool_manager.connection_from_url(base_url)
        self._path = urlsplit(base_url).path.rstrip("/")
        self._headers = {"Content-Type": "application/json", "User-Agent": self._client.user_agent}

    def close(self) -> None:
        """Let go of the connections."""
        self._client.rest_client.pool_manager.clear()

    def call(self, function: Callable[..., Any], *arguments: Any, may_repeat: bool, **more: Any) -> Any:
        """Run one of ``messaging``'s calls. Raises as ``post``."""

        def ask(token: str) -> Any:
            # The SDK reads the token from two places, one of them filled when the client was made.
            self._configuration.access_token = token
            self._client.default_headers["Authorization"] = f"Bearer {token}"
            return function(*arguments, _request_timeout=TIMEOUT_S, **more)

        return self._ask(ask, may_repeat=may_repeat)

    def post(self, path: str, said: object, *, may_repeat: bool, **headers: str) -> str:
        """Send JSON past the SDK, whose models take most of a message's time. Returns the id of the request.

        ``headers`` are named with _ for -. ``may_repeat``: a second try cannot reach a customer twice, so an answer
        that never came is no ambiguity.

        Raises:
            Failure: LINE did not take it.
            AlreadyAccepted: a repeated push had arrived before.
        """
        body = json.dumps(said, ensure_ascii=False, separators=(",", ":")).encode()
        named = {**self._headers, **{name.replace("_", "-"): value for name, value in headers.items()}}

        def ask(token: str) -> str:
            named["Authorization"] = f"Bearer {token}"
            answer = self._pool.urlopen(
                "POST", self._path + path, body=body, headers=named, retries=False, redirect=False, timeout=_TIMEOUT
            )
            if not 200 <= answer.status < 300:
                raise ApiException(http_resp=RESTResponse(answer))
            return str(answer.headers.get("x-line-request-id", ""))

        return str(self._ask(ask, may_repeat=may_repeat))

    def _ask(self, ask: Callable[[str], Any], *, may_repeat: bool) -> Any:
        for is_last in (False, True):
            token = self._tokens.current()
            try:
                return ask(token)
            except ApiException as error:
                if error.status == 401 and not is_last and self._tokens.renew(token):
                    continue  # refused at the door, so it was not sent
                if may_repeat and error.status == ALREADY_ACCEPTED:
                    raise AlreadyAccepted(header(error.headers or {}, "x-line-accepted-request-id")) from None
                raise _failure(error, may_repeat=may_repeat) from None
            except (urllib3.exceptions.NewConnectionError, urllib3.exceptions.ConnectTimeoutError):
                raise TransientFailure("no_connection") from None
            except urllib3.exceptions.HTTPError:
                # With a retry key the same request may simply go again: LINE answers 409 if it had taken the first.
                raise (TransientFailure("no_answer") if may_repeat else AmbiguousFailure("no_answer")) from None
        raise AssertionError("the last round returns or raises")


def header(headers: Mapping[str, str], name: str) -> str:
    """A header's value, whatever the case of its name."""
    return next((value for key, value in headers.items() if key.lower() == name), "")


def _failure(error: ApiException, *, may_repeat: bool) -> Failure:
    status = int(error.status or 0)
    code = f"http_{status}"
    if status == 429:  # four things in one status: only the text tells a spent month from a busy second
        if QUOTA_TEXT in _message(error):
            return QuotaFailure("monthly_limit")
        return TransientFailure(code, retry_after=_retry_after(error.headers or {}))
    if status >= 500:
        return TransientFailure(code) if may_repeat else AmbiguousFailure(code)
    if status in (401, 403):
        return ConfigurationFailure(code)
    return PermanentFailure(code)


def _message(error: ApiException) -> str:
    try:
        return str(json.loads(error.body or "").get("message", ""))
    except (ValueError, AttributeError):
        return ""


def _retry_after(headers: Mapping[str, str]) -> timedelta | None:
    value = header(headers, "retry-after")
    return timedelta(seconds=int(value)) if value.isdigit() else None
