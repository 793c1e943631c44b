"""The invitation on its way through a real mail server, in the institution's language."""

from __future__ import annotations

import re
from typing import Any

import httpx
from django.test import Client
from django.urls import reverse

from cdd import settings as product
from tenants.models import Tenant, User
from tenants.tasks import deliver_invitations
from tests.conftest import Sandbox, SignIn

WANTED = {"email": "nishi@asanagi.example", "name": "西 由紀", "staff_number": "10200", "role": "OFFICER"}


def test_the_mail_arrives_in_japanese_and_its_link_opens_the_door(
    tenant: Tenant, administrator: User, staff_client: SignIn, sandbox: Sandbox, settings: Any
) -> None:
    host, _, port = sandbox.smtp.rpartition(":")
    service = {"host": host, "port": int(port), "username": "keizoku", "password": "sandbox-smtp-keizoku"}
    mailer = product.MAILERS["default"]  # Django puts a mailer of its own in its place for tests
    settings.MAILERS = {"default": {**mailer, "OPTIONS": {**mailer["OPTIONS"], **service, "use_tls": False}}}
    calm = dict.fromkeys(("email",))
    httpx.post(f"{sandbox.control}/scenario", json={"request": calm, "recipient": calm}).raise_for_status()

    assert staff_client(administrator).post(reverse("member-invite"), WANTED).status_code == 302
    assert deliver_invitations() == 1
    assert deliver_invitations() == 0, "no mail twice"

    found = httpx.get(f"{sandbox.control}/messages", params={"channel": "email"}).json()["messages"]
    assert len(found) == 1, found
    (mail,) = found
    assert mail["to"] == "nishi@asanagi.example"
    assert "あさなぎ銀行" in mail["subject"]
    assert re.search(r"[ぁ-ん]{2}", mail["subject"]), "Japanese, not the English original"
    text = str(mail)
    assert "西 由紀" in text
    link = re.search(re.escape(settings.PUBLIC_BASE_URL) + r"(/join/[\w-]+/)", text)
    assert link
    page = Client().get(link[1])
    assert page.status_code == 200
    assert "あさなぎ銀行" in page.content.decode()
