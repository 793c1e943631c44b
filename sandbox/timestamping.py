"""A timestamp authority (RFC 3161): `openssl ts` behind HTTP, with a certificate of its own made at the start."""

import asyncio
import datetime
import logging
import subprocess
from pathlib import Path

from aiohttp import web
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from sandbox.world import WORLD

DAYS = 3_650
QUERY = "application/timestamp-query"
REPLY = "application/timestamp-reply"
AUTHORITY = "timestamp-authority.pem"
CONFIGURATION = """\
[tsa]
serial = {place}/serial
signer_cert = {place}/signer.pem
signer_key = {place}/signer.key
signer_digest = sha256
default_policy = 1.3.6.1.4.1.99999.1
digests = sha256, sha384, sha512
accuracy = secs:1
ess_cert_id_alg = sha256
ess_cert_id_chain = no
ordering = no
tsa_name = no
"""
_TURN = web.AppKey("timestamp_turn", asyncio.Lock)


def add_routes(app: web.Application) -> None:
    prepare(app[WORLD].data)
    app[_TURN] = asyncio.Lock()
    app.router.add_post("/tsa", stamp)


async def stamp(request: web.Request) -> web.Response:
    """One reply; refused or unreadable queries too get a well-formed one from openssl."""
    if request.content_type != QUERY:
        return web.Response(status=415, text=f"A timestamp query has the type {QUERY}.\n")
    query = await request.read()
    # openssl counts its replies in a file.
    async with request.app[_TURN]:
        try:
            reply = await asyncio.to_thread(_reply, request.app[WORLD].data / "tsa", query)
        except FileNotFoundError:
            return web.Response(status=503, text="The sandbox's timestamp authority needs the program openssl.\n")
    return web.Response(body=reply, content_type=REPLY)


def prepare(data: Path) -> None:
    """The authority's certificate (`timestamp-authority.pem` in `data`) and its signer, unless they are there."""
    place = data / "tsa"
    if (data / AUTHORITY).exists():
        return
    place.mkdir(parents=True, exist_ok=True)
    root_key, signer_key = (ec.generate_private_key(ec.SECP256R1()) for _ in range(2))
    root_name, signer_name = _name("Sandbox Timestamp Root"), _name("Sandbox Timestamp Authority")
    root = (
        _certificate(root_name, root_name, root_key.public_key())
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(_usage(signs_certificates=True), critical=True)
        .sign(root_key, hashes.SHA256())
    )
    signer = (
        _certificate(signer_name, root_name, signer_key.public_key())
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(_usage(signs_certificates=False), critical=True)
        .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.TIME_STAMPING]), critical=True)
        .sign(root_key, hashes.SHA256())
    )
    pem = serialization.Encoding.PEM
    key = signer_key.private_bytes(pem, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    (place / "signer.key").write_bytes(key)
    (place / "signer.key").chmod(0o600)
    (place / "signer.pem").write_bytes(signer.public_bytes(pem))
    (place / "serial").write_text("01\n")
    (place / "openssl.cnf").write_text(CONFIGURATION.format(place=place))
    (data / AUTHORITY).write_bytes(root.public_bytes(pem))


def _reply(place: Path, query: bytes) -> bytes:
    asked, replied = place / "query.tsq", place / "reply.tsr"
    asked.write_bytes(query)
    replied.unlink(missing_ok=True)
    command: list[str | Path] = ["openssl", "ts", "-reply", "-config", place / "openssl.cnf", "-section", "tsa"]
    done = subprocess.run([*command, "-queryfile", asked, "-out", replied], capture_output=True, check=False)
    if not replied.exists():
        logging.getLogger("sandbox").error("openssl ts: %s", done.stderr.decode(errors="replace"))
        return b""
    return replied.read_bytes()


def _certificate(subject: x509.Name, issuer: x509.Name, key: ec.EllipticCurvePublicKey) -> x509.CertificateBuilder:
    now = datetime.datetime.now(datetime.UTC)
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key)
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(days=1))
        .not_valid_after(now + datetime.timedelta(days=DAYS))
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key), critical=False)
    )


def _name(common: str) -> x509.Name:
    return x509.Name(
        [x509.NameAttribute(NameOID.ORGANIZATION_NAME, "Sandbox"), x509.NameAttribute(NameOID.COMMON_NAME, common)]
    )


def _usage(*, signs_certificates: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=True,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=signs_certificates,
        crl_sign=False,
        encipher_only=False,
        decipher_only=False,
    )
