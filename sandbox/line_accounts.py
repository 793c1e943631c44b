"""LINE's account of a bank: stateless tokens, replies, linking, who the bot is, and where its events go."""

import json
import re
import secrets
import time
from datetime import UTC, datetime

import jwt
from aiohttp import web

from sandbox.content import blocks_of_line
from sandbox.line import LINE, bank_of, keep, read_body, refuse, reply, unauthorized
from sandbox.line_checks import check_messages
from sandbox.line_webhooks import destination_of
from sandbox.world import WORLD, World

TOKEN_SECONDS = 900
ASSERTION_TYPE = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"


def bank_of_assertion(world: World, kind: str, assertion: str) -> str | None:
    """Whose key signed it: the scenario names each bank's channel id and public key (JWK)."""
    for slug, bank in world.scenario.document["banks"].items():
        key, channel_id = bank.get("line_assertion_jwk"), bank.get("line_channel_id")
        if kind != ASSERTION_TYPE or not key or not channel_id:
            continue
        try:
            claims = jwt.decode(
                assertion,
                jwt.PyJWK(json.loads(key)),
                algorithms=["RS256"],
                audience="https://api.line.me/",
                issuer=channel_id,
                options={"require": ["iss", "sub", "aud", "exp"]},
            )
        except (jwt.PyJWTError, ValueError):
            continue
        if claims["sub"] == channel_id and claims["exp"] <= time.time() + 30 * 60:
            return str(slug)
    return None


async def issue_token(request: web.Request) -> web.Response:
    form = await request.post()
    world = request.app[WORLD]
    if form.get("grant_type") != "client_credentials":
        return reply({"error": "unsupported_grant_type", "error_description": "grant_type is not supported"}, 400)
    if form.get("client_assertion"):
        bank = bank_of_assertion(world, str(form.get("client_assertion_type", "")), str(form["client_assertion"]))
    else:
        secret = str(form.get("client_secret", ""))
        bank = world.accounts.bank_with_secret("line", secret) if form.get("client_id") else None
    if bank is None:
        return reply({"error": "invalid_client", "error_description": "client authentication failed"}, 400)
    token = secrets.token_urlsafe(120)
    memory = request.app[LINE].tokens
    memory[token] = (bank, time.time() + TOKEN_SECONDS)
    keep(memory, 10_000)
    return reply({"token_type": "Bearer", "access_token": token, "expires_in": TOKEN_SECONDS})


async def answer(request: web.Request) -> web.Response:
    """A reply: its token works once, for a minute, at the bank's own bot."""
    bank = bank_of(request)
    if bank is None:
        return unauthorized()
    if "X-Line-Retry-Key" in request.headers:
        return refuse(400, "The request header, X-Line-Retry-Key, is not supported by this endpoint")
    body = await read_body(request)
    if isinstance(body, web.Response):
        return body
    problem = check_messages(body)
    if problem:
        return reply(problem, 400)
    world = request.app[WORLD]
    owner, user, expires = request.app[LINE].webhooks.reply_tokens.pop(str(body.get("replyToken")), ("", "", 0.0))
    if owner != bank or expires < time.time():
        return refuse(400, "Invalid reply token")
    person = world.people.find("line", user, bank)
    sent = [{"id": str(10**17 + secrets.randbelow(8 * 10**17))} for _ in body["messages"]]
    world.store.add(
        channel="line",
        bank=bank,
        provider_id=sent[0]["id"],
        recipient=user,
        owner=world.owner_of(person, user),
        sender=world.accounts.name_of(bank),
        blocks=blocks_of_line(body["messages"]),
        link="",
    ).arrived = True
    return reply({"sentMessages": sent})


async def link_token(request: web.Request) -> web.Response:
    bank = bank_of(request)
    if bank is None:
        return unauthorized()
    token = secrets.token_urlsafe(24)
    memory = request.app[LINE].link_tokens
    memory[token] = (bank, request.match_info["user"], time.time() + 600)
    keep(memory, 10_000)
    return reply({"linkToken": token})


async def account_link(request: web.Request) -> web.Response:
    """LINE's own dialog, shortened to its effect: the accountLink event for a fresh link token, nothing otherwise."""
    line = request.app[LINE]
    bank, user, expires = line.link_tokens.pop(request.query.get("linkToken", ""), ("", "", 0.0))
    nonce = request.query.get("nonce", "")
    if expires < time.time() or not 10 <= len(nonce) <= 255:
        return web.Response(status=400, text="このリンクは使えません。もう一度はじめからお試しください。")
    line.webhooks.send(
        bank,
        "accountLink",
        source={"type": "user", "userId": user},
        replyToken=secrets.token_hex(16),
        link={"result": "ok", "nonce": nonce},
    )
    return web.Response(text="アカウントを連携しました。")


async def profile(request: web.Request) -> web.Response:
    bank = bank_of(request)
    if bank is None:
        return unauthorized()
    user = request.match_info["user"]
    person = request.app[WORLD].people.find("line", user, bank)
    if person is None:
        return refuse(404, "Not found")
    return reply({"displayName": person.name, "userId": user, "language": "ja"})


async def bot_info(request: web.Request) -> web.Response:
    bank = bank_of(request)
    if bank is None:
        return unauthorized()
    name = request.app[WORLD].accounts.name_of(bank)
    return reply(
        {
            "userId": destination_of(bank),
            "basicId": f"@{bank}",
            "displayName": name,
            "chatMode": "bot",
            "markAsReadMode": "auto",
        }
    )


async def webhook_endpoint(request: web.Request) -> web.Response:
    bank = bank_of(request)
    if bank is None:
        return unauthorized()
    webhooks = request.app[LINE].webhooks
    if request.method == "GET":
        url = webhooks.endpoint_of(bank)
        return reply({"endpoint": url, "active": True}) if url else refuse(404, "Webhook endpoint not found")
    body = await read_body(request)
    if isinstance(body, web.Response):
        return body
    wanted = body.get("endpoint")
    if not isinstance(wanted, str) or not re.match(r"https?://", wanted) or len(wanted) > 500:
        return refuse(400, "Invalid webhook endpoint URL")
    webhooks.set_endpoint(bank, wanted)
    return reply({})


async def test_webhook(request: web.Request) -> web.Response:
    """Calls the bank's address with no events, and says what it answered."""
    bank = bank_of(request)
    if bank is None:
        return unauthorized()
    body = await read_body(request)
    if isinstance(body, web.Response):
        return body
    webhooks = request.app[LINE].webhooks
    url = str(body.get("endpoint") or webhooks.endpoint_of(bank))
    if not url:
        return refuse(404, "Webhook endpoint not found")
    status = await webhooks.test(bank, url)
    reason = {0: "COULD_NOT_CONNECT", 200: "OK"}.get(status, "ERROR_STATUS_CODE")
    at = datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
    return reply(
        {
            "success": status == 200,
            "timestamp": at,
            "statusCode": status,
            "reason": reason,
            "detail": str(status) if status else "",
        }
    )


def add_routes(app: web.Application) -> None:
    bot = "/line/v2/bot"
    app.router.add_post("/line/oauth2/v3/token", issue_token)
    app.router.add_post(f"{bot}/message/reply", answer)
    app.router.add_post(f"{bot}/user/{{user}}/linkToken", link_token)
    app.router.add_get(f"{bot}/profile/{{user}}", profile)
    app.router.add_get(f"{bot}/info", bot_info)
    app.router.add_get("/line/dialog/bot/accountLink", account_link)
    app.router.add_get(f"{bot}/channel/webhook/endpoint", webhook_endpoint)
    app.router.add_put(f"{bot}/channel/webhook/endpoint", webhook_endpoint)
    app.router.add_post(f"{bot}/channel/webhook/test", test_webhook)
