"""The same directory, speaking SAML 2.0: metadata, and assertions signed with a certificate of its own."""

import base64
import secrets
import zlib
from datetime import UTC, datetime, timedelta

from aiohttp import web
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.x509.oid import NameOID
from lxml import etree
from onelogin.saml2.utils import OneLogin_Saml2_Utils

from sandbox.accounts import SLUG
from sandbox.identity_provider import DIRECTORY, Directory, issuer_of, sign_in_page
from sandbox.markup import el, join, page

SAMLP, SAML = "urn:oasis:names:tc:SAML:2.0:protocol", "urn:oasis:names:tc:SAML:2.0:assertion"
CERTIFICATE = web.AppKey("certificate", str)
MOMENT = "%Y-%m-%dT%H:%M:%SZ"


def self_signed(directory: Directory) -> str:
    """A certificate over the directory's key, as PEM."""
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "sandbox identity provider")])
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(directory.key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=365))
        .sign(directory.key, hashes.SHA256())
    )
    return certificate.public_bytes(serialization.Encoding.PEM).decode()


def bare(pem: str) -> str:
    """A certificate without its armour."""
    return "".join(line for line in pem.splitlines() if not line.startswith("-----"))


async def metadata(request: web.Request) -> web.Response:
    issuer = issuer_of(request)
    text = (
        f'<md:EntityDescriptor xmlns:md="urn:oasis:names:tc:SAML:2.0:metadata" entityID="{issuer}/saml">'
        f'<md:IDPSSODescriptor protocolSupportEnumeration="{SAMLP}"><md:KeyDescriptor use="signing">'
        '<ds:KeyInfo xmlns:ds="http://www.w3.org/2000/09/xmldsig#"><ds:X509Data><ds:X509Certificate>'
        f"{bare(request.app[CERTIFICATE])}</ds:X509Certificate></ds:X509Data></ds:KeyInfo></md:KeyDescriptor>"
        '<md:SingleSignOnService Binding="urn:oasis:names:tc:SAML:2.0:bindings:HTTP-Redirect"'
        f' Location="{issuer}/saml/sso"/></md:IDPSSODescriptor></md:EntityDescriptor>'
    )
    return web.Response(text=text, content_type="application/samlmetadata+xml")


async def ask(request: web.Request) -> web.Response:
    """The sign-in page for an authentication request by redirect; without one, the provider begins by itself."""
    bank, packed = request.match_info["bank"], request.query.get("SAMLRequest", "")
    hidden = el("input", type="hidden", name="SAMLRequest", value=packed)
    state = el("input", type="hidden", name="RelayState", value=request.query.get("RelayState", ""))
    return sign_in_page(bank, "", join(hidden, state), f"/idp/{bank}/saml/sso")


def read_request(packed: str) -> dict[str, str]:
    """Where the answer goes, to whom, and to what question."""
    parser = etree.XMLParser(resolve_entities=False, no_network=True)
    asked = etree.fromstring(zlib.decompress(base64.b64decode(packed), -15), parser)
    issuer = asked.find(f"{{{SAML}}}Issuer")
    return {
        "acs": asked.get("AssertionConsumerServiceURL", ""),
        "in_response_to": asked.get("ID", ""),
        "audience": (issuer.text or "") if issuer is not None else "",
    }


async def answer(request: web.Request) -> web.Response:
    """A page whose form carries the signed response to the service. `name_id`, and for a response that nobody asked
    for `acs` and `audience`, may be sent along."""
    form = {name: str(value) for name, value in (await request.post()).items()}
    asked = read_request(form["SAMLRequest"]) if form.get("SAMLRequest") else {**form, "in_response_to": ""}
    email = form.get("email", "").strip()
    directory = request.app[DIRECTORY]
    key = directory.key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    ).decode()
    issuer = f"{issuer_of(request)}/saml"
    assertion = _assertion(issuer, asked, name_id=form.get("name_id") or email, email=email)
    signed = OneLogin_Saml2_Utils.add_sign(
        assertion,
        key,
        request.app[CERTIFICATE],
        sign_algorithm="http://www.w3.org/2001/04/xmldsig-more#rsa-sha256",
        digest_algorithm="http://www.w3.org/2001/04/xmlenc#sha256",
    )
    text = signed.decode() if isinstance(signed, bytes) else str(signed)
    response = _response(issuer, asked, text.split("?>", 1)[-1])
    fields = join(
        el("input", type="hidden", name="SAMLResponse", value=base64.b64encode(response.encode()).decode()),
        el("input", type="hidden", name="RelayState", value=form.get("RelayState", "")),
    )
    button = el("button", "続ける", class_="button button--primary")
    body = el("main", el("h1", "サインインしました"), el("form", fields, button, method="post", action=asked["acs"]))
    return page("社内認証基盤（模擬）", body, sheets=("tokens.css", "base.css"), leads_to=asked["acs"])


def _assertion(issuer: str, asked: dict[str, str], *, name_id: str, email: str) -> str:
    now = datetime.now(UTC)
    begins, ends = (now - timedelta(minutes=1)).strftime(MOMENT), (now + timedelta(minutes=5)).strftime(MOMENT)
    asked_by = f' InResponseTo="{asked["in_response_to"]}"' if asked["in_response_to"] else ""
    return (
        f'<saml:Assertion xmlns:saml="{SAML}" ID="_{secrets.token_hex(16)}" Version="2.0"'
        f' IssueInstant="{now.strftime(MOMENT)}"><saml:Issuer>{issuer}</saml:Issuer><saml:Subject>'
        f'<saml:NameID Format="urn:oasis:names:tc:SAML:2.0:nameid-format:persistent">{name_id}</saml:NameID>'
        '<saml:SubjectConfirmation Method="urn:oasis:names:tc:SAML:2.0:cm:bearer"><saml:SubjectConfirmationData'
        f' NotOnOrAfter="{ends}" Recipient="{asked["acs"]}"{asked_by}/></saml:SubjectConfirmation></saml:Subject>'
        f'<saml:Conditions NotBefore="{begins}" NotOnOrAfter="{ends}"><saml:AudienceRestriction><saml:Audience>'
        f"{asked['audience']}</saml:Audience></saml:AudienceRestriction></saml:Conditions>"
        f'<saml:AuthnStatement AuthnInstant="{now.strftime(MOMENT)}"><saml:AuthnContext><saml:AuthnContextClassRef>'
        "urn:oasis:names:tc:SAML:2.0:ac:classes:Password</saml:AuthnContextClassRef></saml:AuthnContext>"
        "</saml:AuthnStatement><saml:AttributeStatement>"
        f'<saml:Attribute Name="email"><saml:AttributeValue>{email}</saml:AttributeValue></saml:Attribute>'
        "</saml:AttributeStatement></saml:Assertion>"
    )


def _response(issuer: str, asked: dict[str, str], assertion: str) -> str:
    asked_by = f' InResponseTo="{asked["in_response_to"]}"' if asked["in_response_to"] else ""
    return (
        f'<samlp:Response xmlns:samlp="{SAMLP}" xmlns:saml="{SAML}" ID="_{secrets.token_hex(16)}" Version="2.0"'
        f' IssueInstant="{datetime.now(UTC).strftime(MOMENT)}" Destination="{asked["acs"]}"{asked_by}>'
        f"<saml:Issuer>{issuer}</saml:Issuer><samlp:Status>"
        '<samlp:StatusCode Value="urn:oasis:names:tc:SAML:2.0:status:Success"/></samlp:Status>'
        f"{assertion}</samlp:Response>"
    )


def add_routes(app: web.Application) -> None:
    app[CERTIFICATE] = self_signed(app[DIRECTORY])
    place = f"/idp/{{bank:{SLUG}}}/saml"
    app.router.add_get(f"{place}/metadata", metadata)
    app.router.add_get(f"{place}/sso", ask)
    app.router.add_post(f"{place}/sso", answer)
