"""A bank's own directory, speaking OpenID Connect: discovery, a sign-in page, codes with PKCE, signed ID tokens."""

import base64
import hashlib
import secrets
import time
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlencode

import jwt
from aiohttp import web
from cryptography.hazmat.primitives.asymmetric import rsa

from sandbox.accounts import SLUG
from sandbox.markup import el, join, page
from sandbox.world import WORLD

SHEETS = ("tokens.css", "base.css", "ekyc.css")
CODE_SECONDS = 60
KEY_ID = "sandbox-1"


@dataclass(frozen=True)
class Grant:
    """What a code was given for."""

    bank: str
    client_id: str
    redirect_uri: str
    challenge: str
    nonce: str
    claims: dict[str, Any]
    expires_at: float
    fault: str = ""


@dataclass
class Directory:
    """Codes and access tokens under way, and the key that signs; gone when the process ends."""

    key: rsa.RSAPrivateKey = field(default_factory=lambda: rsa.generate_private_key(65537, 2048))
    codes: dict[str, Grant] = field(default_factory=dict)
    tokens: dict[str, dict[str, Any]] = field(default_factory=dict)


DIRECTORY = web.AppKey("directory", Directory)


def issuer_of(request: web.Request) -> str:
    """The issuer of the bank in the address."""
    return f"{request.app[WORLD].http_base}/idp/{request.match_info['bank']}"


async def discover(request: web.Request) -> web.Response:
    issuer = issuer_of(request)
    return web.json_response(
        {
            "issuer": issuer,
            "authorization_endpoint": f"{issuer}/authorize",
            "token_endpoint": f"{issuer}/token",
            "userinfo_endpoint": f"{issuer}/userinfo",
            "jwks_uri": f"{issuer}/jwks",
            "response_types_supported": ["code"],
            "subject_types_supported": ["public"],
            "id_token_signing_alg_values_supported": ["RS256"],
            "token_endpoint_auth_methods_supported": ["client_secret_post"],
            "code_challenge_methods_supported": ["S256"],
        }
    )


async def jwks(request: web.Request) -> web.Response:
    key = jwt.algorithms.RSAAlgorithm.to_jwk(request.app[DIRECTORY].key.public_key(), as_dict=True)
    return web.json_response({"keys": [{**key, "kid": KEY_ID, "use": "sig", "alg": "RS256"}]})


async def ask(request: web.Request) -> web.Response:
    """The sign-in page. Whoever is typed in is believed: this is a simulation."""
    bank = request.match_info["bank"]
    fields = [
        el("input", type="hidden", name=name, value=request.query.get(name, ""))
        for name in ("client_id", "redirect_uri", "state", "nonce", "code_challenge")
    ]
    return sign_in_page(bank, request.query.get("redirect_uri", ""), join(*fields), f"/idp/{bank}/authorize")


def sign_in_page(bank: str, leads_to: str, hidden: Any, action: str) -> web.Response:
    """Asks for an address, as a company's directory would."""
    form = el(
        "form",
        hidden,
        el(
            "div",
            el("label", "社員のメールアドレス", for_="email", class_="field__label"),
            el("input", id="email", name="email", value=f"officer@{bank}.example", class_="input", autocomplete="off"),
            class_="field",
        ),
        el("button", "サインイン", class_="button button--primary button--large"),
        method="post",
        action=action,
    )
    head = el(
        "header", el("p", el("b", f"{bank} 社内認証基盤"), "（模擬）", class_="vendor__name"), class_="vendor__head"
    )
    foot = el("footer", el("p", "この画面はデモ用です。パスワードは尋ねません。"), class_="vendor__foot")
    main = el("main", el("h1", "社内アカウントでサインイン"), form, class_="vendor__main", data_page="idp")
    return page("社内認証基盤（模擬）", el("div", head, main, foot, class_="vendor"), sheets=SHEETS, leads_to=leads_to)


async def grant(request: web.Request) -> web.Response:
    """Give a code for the person typed in; `sub`, `email_verified` and a `fault` of the token may be sent along."""
    form = {name: str(value) for name, value in (await request.post()).items()}
    email = form.get("email", "").strip()
    directory = request.app[DIRECTORY]
    code = secrets.token_urlsafe(24)
    directory.codes[code] = Grant(
        bank=request.match_info["bank"],
        client_id=form.get("client_id", ""),
        redirect_uri=form.get("redirect_uri", ""),
        challenge=form.get("code_challenge", ""),
        nonce=form.get("nonce", ""),
        claims={
            "sub": form.get("sub") or hashlib.sha256(email.encode()).hexdigest()[:20],
            "email": email,
            "email_verified": form.get("email_verified", "true") != "false",
        },
        expires_at=time.time() + CODE_SECONDS,
        fault=form.get("fault", ""),
    )
    query = urlencode({"code": code, "state": form.get("state", "")})
    raise web.HTTPSeeOther(f"{form.get('redirect_uri', '')}?{query}")


async def token(request: web.Request) -> web.Response:
    form = {name: str(value) for name, value in (await request.post()).items()}
    directory, bank = request.app[DIRECTORY], request.match_info["bank"]
    given = directory.codes.pop(form.get("code", ""), None)
    accounts = request.app[WORLD].accounts
    if accounts.bank_of("idp", form.get("client_secret", "")) != bank:
        return web.json_response({"error": "invalid_client"}, status=401)
    if given is None or not _fits(given, form, bank):
        return web.json_response({"error": "invalid_grant"}, status=400)
    now = int(time.time())
    claims = {**given.claims, "iss": issuer_of(request), "aud": given.client_id, "iat": now, "exp": now + 300}
    if given.nonce:
        claims["nonce"] = given.nonce
    access = secrets.token_urlsafe(24)
    directory.tokens[access] = given.claims
    signed = _signed(claims, directory.key, given.fault)
    return web.json_response({"access_token": access, "token_type": "Bearer", "expires_in": 300, "id_token": signed})


def _signed(claims: dict[str, Any], key: rsa.RSAPrivateKey, fault: str) -> str:
    """The ID token, with the fault that was asked for."""
    wrong: dict[str, dict[str, Any]] = {
        "audience": {"aud": "somebody-else"},
        "expired": {"iat": claims["iat"] - 7200, "exp": claims["iat"] - 3600},
        "issuer": {"iss": "https://elsewhere.example"},
    }
    claims = {**claims, **wrong.get(fault, {})}
    if fault == "unsigned":
        return jwt.encode(claims, "", algorithm="none", headers={"kid": KEY_ID})
    if fault == "symmetric":
        return jwt.encode(claims, "k" * 64, algorithm="HS256", headers={"kid": KEY_ID})
    if fault == "stranger":
        key = rsa.generate_private_key(65537, 2048)
    return jwt.encode(claims, key, algorithm="RS256", headers={"kid": KEY_ID})


def _fits(given: Grant, form: dict[str, str], bank: str) -> bool:
    digest = hashlib.sha256(form.get("code_verifier", "").encode()).digest()
    verifier = base64.urlsafe_b64encode(digest).rstrip(b"=").decode()
    return (
        given.bank == bank
        and given.expires_at > time.time()
        and given.redirect_uri == form.get("redirect_uri")
        and given.client_id == form.get("client_id")
        and given.challenge == verifier
    )


async def userinfo(request: web.Request) -> web.Response:
    access = request.headers.get("Authorization", "").removeprefix("Bearer ")
    claims = request.app[DIRECTORY].tokens.get(access)
    return web.json_response(claims) if claims else web.json_response({"error": "invalid_token"}, status=401)


def add_routes(app: web.Application) -> None:
    app[DIRECTORY] = Directory()
    place = f"/idp/{{bank:{SLUG}}}"
    app.router.add_get(f"{place}/.well-known/openid-configuration", discover)
    app.router.add_get(f"{place}/jwks", jwks)
    app.router.add_get(f"{place}/authorize", ask)
    app.router.add_post(f"{place}/authorize", grant)
    app.router.add_post(f"{place}/token", token)
    app.router.add_get(f"{place}/userinfo", userinfo)
