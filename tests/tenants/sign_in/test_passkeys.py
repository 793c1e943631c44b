"""Passkeys in a real browser with a virtual authenticator (CDP WebAuthn), and the pages at a desk and on a phone."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from allauth.mfa.models import Authenticator
from django.urls import reverse
from playwright.sync_api import BrowserContext, CDPSession, Page, ViewportSize, sync_playwright

from tenants.models import Role, Tenant, User
from tests.conftest import MakeUser
from tests.portal.browsing import CHROMIUM, address, picture
from tests.portal.inspecting import TOO_WIDE
from tests.tenants.sign_in.conftest import PASSWORD, events_of

__all__ = ["address"]

pytestmark = [pytest.mark.browser, pytest.mark.skipif(not CHROMIUM, reason="no Chromium: apt-get install chromium")]

SIZES: dict[str, ViewportSize] = {"desk": {"width": 1280, "height": 900}, "phone": {"width": 390, "height": 844}}


@pytest.fixture
def context(address: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[BrowserContext]:
    """A browser in Japanese."""
    # Playwright keeps a loop in this thread; nothing of ours runs in it.
    monkeypatch.setenv("DJANGO_ALLOW_ASYNC_UNSAFE", "1")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        context = browser.new_context(locale="ja-JP", viewport=SIZES["desk"])
        yield context
        browser.close()


@pytest.fixture
def host(address: str) -> str:
    """A passkey belongs to a name, never to an address in numbers."""
    return address.replace("127.0.0.1", "localhost")


def authenticator(page: Page) -> CDPSession:
    """A device with a finger that is always there."""
    session = page.context.new_cdp_session(page)
    session.send("WebAuthn.enable")
    options = {
        "protocol": "ctap2",
        "transport": "internal",
        "hasResidentKey": True,
        "hasUserVerification": True,
        "isUserVerified": True,
        "automaticPresenceSimulation": True,
    }
    session.send("WebAuthn.addVirtualAuthenticator", {"options": options})
    return session


def sign_in(page: Page, host: str, user: User) -> None:
    page.goto(f"{host}{reverse('sign-in')}")
    page.locator("#id_username").fill(user.email)
    page.locator("#id_password").fill(PASSWORD)
    page.locator(".button--primary").click()


def add_passkey(page: Page, host: str) -> None:
    page.goto(f"{host}{reverse('mfa_add_webauthn')}")
    page.locator("form[data-passkey] .button--primary").click()
    page.wait_for_url(f"{host}{reverse('mfa_view_recovery_codes')}")


def test_a_passkey_opens_alone_and_as_the_second_step(
    tenant: Tenant, officer: User, context: BrowserContext, host: str
) -> None:
    page = context.new_page()
    problems: list[str] = []
    page.on("console", lambda message: problems.append(message.text) if message.type == "error" else None)
    authenticator(page)
    sign_in(page, host, officer)
    add_passkey(page, host)
    assert Authenticator.objects.filter(user=officer, type="webauthn").count() == 1
    page.context.clear_cookies()
    page.goto(f"{host}{reverse('sign-in')}")
    page.locator("form[data-passkey] button").click()
    page.wait_for_url(f"{host}{reverse('home')}")
    page.context.clear_cookies()
    sign_in(page, host, officer)
    page.wait_for_url(f"{host}{reverse('mfa_authenticate')}")
    page.locator("form[data-passkey] button").click()
    page.wait_for_url(f"{host}{reverse('home')}")
    assert events_of(tenant).count("membership.signed_in") == 3
    assert problems == [], "nothing is blocked by our own policy"


def test_another_persons_passkey_is_no_second_step(
    tenant: Tenant, officer: User, make_user: MakeUser, context: BrowserContext, host: str
) -> None:
    """W11: the browser offers a passkey, signed by a real authenticator, of somebody else."""
    other = make_user(tenant, Role.APPROVER, "other")
    page = context.new_page()
    device = authenticator(page)
    sign_in(page, host, officer)
    add_passkey(page, host)
    page.context.clear_cookies()
    sign_in(page, host, other)
    page.wait_for_url(f"{host}{reverse('home')}")
    # The attacker rewrites the account that has the passkey so that theirs is asked for, and answers for the other.
    mine = Authenticator.objects.get(user=officer, type="webauthn")
    page.context.clear_cookies()
    theirs = Authenticator.objects.create(user=other, type="totp", data={"secret": "x"})
    sign_in(page, host, other)
    page.wait_for_url(f"{host}{reverse('mfa_authenticate')}")
    told: list[int] = []
    page.on("response", lambda answer: told.append(answer.status) if answer.request.method == "POST" else None)
    page.locator("form[data-passkey] button").click()
    for _ in range(200):
        if told:
            break
        page.wait_for_timeout(50)
    assert told == [422]
    home = context.request.get(f"{host}{reverse('home')}", max_redirects=0)
    assert reverse("sign-in") in home.headers["location"], "refused"
    assert (mine.user_id, theirs.user_id) == (officer.pk, other.pk)
    device.detach()


@pytest.mark.parametrize("kind", SIZES)
def test_the_pages_of_signing_in_read_well(
    kind: str, tenant: Tenant, make_user: MakeUser, context: BrowserContext, host: str
) -> None:
    """Nothing scrolls sideways, one heading, no script is blocked."""
    administrator = make_user(tenant, Role.ADMINISTRATOR, "admin")
    page = context.new_page()
    problems: list[str] = []
    page.on("console", lambda message: problems.append(message.text) if message.type == "error" else None)
    page.set_viewport_size(SIZES[kind])
    authenticator(page)
    for name in ("sign-in", "account_reset_password", "account_reset_password_done", "sign-in-institutions"):
        look(page, f"{host}{reverse(name)}", f"{kind}-{name}")
    look(page, f"{host}{reverse('sign-in-institution', args=[tenant.slug])}", f"{kind}-institution")
    sign_in(page, host, administrator)
    page.wait_for_url(f"{host}{reverse('home')}")
    for name in ("mfa_index", "mfa_activate_totp", "mfa_add_webauthn", "account_change_password", "sessions"):
        look(page, f"{host}{reverse(name)}", f"{kind}-{name}")
    for name in ("account_reauthenticate", "sign-in-settings", "identity-provider-new"):
        look(page, f"{host}{reverse(name)}", f"{kind}-{name}")
    add_passkey(page, host)
    picture(page, f"{kind}-codes")
    look(page, f"{host}{reverse('mfa_index')}", f"{kind}-mfa_index-set")
    page.context.clear_cookies()
    sign_in(page, host, administrator)
    page.wait_for_url(f"{host}{reverse('mfa_authenticate')}")
    picture(page, f"{kind}-second-step")
    assert problems == []


def look(page: Page, url: str, name: str) -> None:
    answer = page.goto(url)
    assert answer is not None
    assert answer.status == 200, url
    picture(page, name)
    assert not page.evaluate(TOO_WIDE), f"{url} scrolls sideways"
    assert page.locator("h1").count() == 1, url
