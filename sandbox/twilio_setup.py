"""What of Twilio's account can be looked at: the account itself, its numbers, its messaging services."""

import base64
import binascii
import re
from datetime import UTC, datetime

from aiohttp import web

from sandbox.twilio import VERSION, bank_of, error
from sandbox.world import WORLD

MADE = datetime(2026, 4, 1, tzinfo=UTC)
MADE_RFC = "Wed, 01 Apr 2026 00:00:00 +0000"
# Which numbers and services there are: a convention, as with credentials.
NUMBER = re.compile(r"\+8150\d{8}")
SERVICE = re.compile(r"MG(?!0{32})[0-9a-fA-F]{32}")


async def account(request: web.Request) -> web.Response:
    if bank_of(request) is None:
        return error(20003)
    sid = request.match_info["account"]
    base = f"/{VERSION}/Accounts/{sid}"
    return web.json_response(
        {
            "auth_token": "hidden by the sandbox",
            "date_created": MADE_RFC,
            "date_updated": MADE_RFC,
            "friendly_name": "sandbox",
            "owner_account_sid": sid,
            "sid": sid,
            "status": "active",
            "subresource_uris": {"messages": f"{base}/Messages.json"},
            "type": "Full",
            "uri": f"{base}.json",
        }
    )


async def numbers(request: web.Request) -> web.Response:
    if bank_of(request) is None:
        return error(20003)
    sid, wanted = request.match_info["account"], request.query.get("PhoneNumber", "")
    base = f"/{VERSION}/Accounts/{sid}/IncomingPhoneNumbers"
    found = [_number(sid, wanted)] if NUMBER.fullmatch(wanted) else []
    page = f"{base}.json?Page=0&PageSize=50"
    return web.json_response(
        {
            "incoming_phone_numbers": found,
            "page": 0,
            "page_size": 50,
            "start": 0,
            "end": max(len(found) - 1, 0),
            "uri": page,
            "first_page_uri": page,
            "next_page_uri": None,
            "previous_page_uri": None,
        }
    )


def _number(account_sid: str, number: str) -> dict[str, object]:
    sid = f"PN{number.removeprefix('+'):0>32}"
    return {
        "account_sid": account_sid,
        "sid": sid,
        "phone_number": number,
        "friendly_name": number,
        "capabilities": {"mms": False, "sms": True, "voice": True, "fax": False},
        "status": "in-use",
        "date_created": MADE_RFC,
        "date_updated": MADE_RFC,
        "uri": f"/{VERSION}/Accounts/{account_sid}/IncomingPhoneNumbers/{sid}.json",
    }


async def service(request: web.Request) -> web.Response:
    """Of the Messaging API, which has a host of its own and the account only in the credentials."""
    user, password = _basic(request)
    if not re.fullmatch(r"AC[0-9a-fA-F]{32}", user) or not request.app[WORLD].accounts.bank_of("twilio", password):
        return error(20003)
    sid = request.match_info["sid"]
    if not SERVICE.fullmatch(sid):
        return error(20404)
    url = f"https://messaging.twilio.com/v1/Services/{sid}"
    return web.json_response(
        {
            "sid": sid,
            "account_sid": user,
            "friendly_name": "sandbox",
            "date_created": MADE.isoformat().replace("+00:00", "Z"),
            "date_updated": MADE.isoformat().replace("+00:00", "Z"),
            "inbound_request_url": None,
            "inbound_method": "POST",
            "fallback_url": None,
            "fallback_method": "POST",
            "status_callback": None,
            "sticky_sender": True,
            "mms_converter": False,
            "smart_encoding": False,
            "scan_message_content": "inherit",
            "fallback_to_long_code": False,
            "area_code_geomatch": False,
            "synchronous_validation": False,
            "validity_period": 36_000,
            "url": url,
            "links": {"phone_numbers": f"{url}/PhoneNumbers"},
            "usecase": "notifications",
            "us_app_to_person_registered": False,
            "use_inbound_webhook_on_number": False,
        }
    )


def _basic(request: web.Request) -> tuple[str, str]:
    kind, _, encoded = request.headers.get("Authorization", "").partition(" ")
    if kind.lower() != "basic":
        return "", ""
    try:
        user, _, password = base64.b64decode(encoded, validate=True).decode().partition(":")
    except (binascii.Error, UnicodeDecodeError):
        return "", ""
    return user, password


def add_routes(app: web.Application) -> None:
    base = f"/twilio/{VERSION}/Accounts/{{account}}"
    app.router.add_get(f"{base}.json", account)
    app.router.add_get(f"{base}/IncomingPhoneNumbers.json", numbers)
    app.router.add_get("/twilio/messaging/v1/Services/{sid}", service)
