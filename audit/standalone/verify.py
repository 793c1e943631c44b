"""Verifies an export of the audit trail without trusting, or reaching, whoever made it.

    python3 verify.py [DIRECTORY] [--key BASE64]

Needs Python 3.10 or later and the package `cryptography`. It checks, in this order:

1. checkpoint.txt is signed by the key in public-key.txt (--key compares that key with the one you were given).
2. Each line of events.jsonl has the hash that proofs.jsonl lists for it.
3. The hashes in proofs.jsonl, those of the entries in between included, lead to the root in checkpoint.txt (RFC 9162).
4. Every earlier checkpoint in checkpoints.jsonl is signed, and the tree in checkpoint.txt only adds to its tree.
5. The timestamp, if there is one, is an authority's word about one of these checkpoints (RFC 3161).
6. Every file is the one that was exported (SHA256SUMS).

Prints OK and ends with 0, or FAILED with the first thing that is wrong and ends with 1.
"""

import argparse
import base64
import json
import sys
from hashlib import sha256
from pathlib import Path

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.x509.oid import ExtendedKeyUsageOID

Key = tuple[str, Ed25519PublicKey, bytes]


class Failed(Exception):
    """What is wrong."""


def require(condition: object, message: object) -> None:
    if not condition:
        raise Failed(message)


def leaf_hash(data: bytes) -> bytes:
    return sha256(b"\0" + data).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    return sha256(b"\1" + left + right).digest()


class Tree:
    """Grows from left to right out of perfect subtrees of 2 ** level leaves."""

    def __init__(self) -> None:
        self.size = 0
        self.peaks: list[tuple[int, bytes]] = []

    def add(self, level: int, root: bytes) -> None:
        require(self.size % (1 << level) == 0, f"proofs.jsonl: no subtree of level {level} begins at entry {self.size}")
        self.size += 1 << level
        while self.peaks and self.peaks[-1][0] == level:
            root, level = node_hash(self.peaks.pop()[1], root), level + 1
        self.peaks.append((level, root))

    def root(self) -> bytes:
        if not self.peaks:
            return sha256().digest()
        roots = [root for _, root in self.peaks]
        hashed = roots.pop()
        while roots:
            hashed = node_hash(roots.pop(), hashed)
        return hashed


def consistent(old: int, new: int, proof: list[bytes], old_root: bytes, new_root: bytes) -> bool:
    """RFC 9162, section 2.1.4.2."""
    if old == new:
        return not proof and old_root == new_root
    if not 0 < old < new or not proof:
        return False
    path = [old_root, *proof] if old & (old - 1) == 0 else proof
    place, last = old - 1, new - 1
    while place & 1:
        place, last = place >> 1, last >> 1
    first = second = path[0]
    for sibling in path[1:]:
        if last == 0:
            return False
        if place & 1 or place == last:
            first, second = node_hash(sibling, first), node_hash(sibling, second)
            while not place & 1 and place:
                place, last = place >> 1, last >> 1
        else:
            second = node_hash(second, sibling)
        place, last = place >> 1, last >> 1
    return last == 0 and (first, second) == (old_root, new_root)


def included(leaf: bytes, index: int, size: int, proof: list[bytes], root: bytes) -> bool:
    """RFC 9162, section 2.1.3.2."""
    place, last, hashed = index, size - 1, leaf
    for sibling in proof:
        if last == 0:
            return False
        if place & 1 or place == last:
            hashed = node_hash(sibling, hashed)
            while not place & 1 and place:
                place, last = place >> 1, last >> 1
        else:
            hashed = node_hash(hashed, sibling)
        place, last = place >> 1, last >> 1
    return 0 <= index < size and last == 0 and hashed == root


def read_key(text: str) -> Key:
    """name+key id+base64 of 0x01 and the 32 bytes, as the signed-note format has it."""
    try:
        name, key_id, encoded = text.strip().split("+", 2)
        raw = base64.b64decode(encoded, validate=True)
        expected = sha256(name.encode() + b"\n" + raw).digest()[:4].hex()
        require(raw[:1] == b"\1" and key_id == expected, "the key does not have the id it claims")
        return name, Ed25519PublicKey.from_public_bytes(raw[1:]), bytes.fromhex(key_id)
    except (ValueError, Failed) as error:
        raise Failed(f"public-key.txt: no Ed25519 key in the form name+id+key ({error})") from None


def read_checkpoint(where: str, note: str, keys: list[Key]) -> tuple[int, bytes]:
    """(size, root) of a signed note (C2SP tlog-checkpoint)."""
    try:
        body, signed = note.split("\n\n")
        origin, size_text, root_text = body.split("\n")
        dash, name, signature = signed.removesuffix("\n").split(" ")
        raw = base64.b64decode(signature, validate=True)
        size, root = int(size_text), base64.b64decode(root_text, validate=True)
    except ValueError:
        raise Failed(f"{where}: not written as a signed checkpoint") from None
    is_sound = signed.endswith("\n") and dash == "\u2014" and name == origin and len(root) == 32
    is_exact = f"{origin}\n{size}\n{base64.b64encode(root).decode()}" == body
    require(is_sound and is_exact, f"{where}: not written as a signed checkpoint")
    key = next((key for known, key, key_id in keys if known == name and key_id == raw[:4]), None)
    if key is None:
        raise Failed(f"{where}: signed by another key than those in public-key.txt")
    try:
        key.verify(raw[4:], f"{body}\n".encode())
    except InvalidSignature:
        raise Failed(f"{where}: the signature is not of this text") from None
    return size, root


def read_hash(text: str) -> bytes:
    raw = base64.b64decode(text, validate=True)
    if len(raw) != 32:
        raise ValueError("no hash")
    return raw


def verify_events(place: Path, size: int, root: bytes) -> int:
    """Grows the tree out of the hashes that are listed; returns how many events were exported."""
    tree, count, altered = Tree(), 0, ""
    with (place / "events.jsonl").open("rb") as events, (place / "proofs.jsonl").open("rb") as proofs:
        for number, proof in enumerate(proofs, 1):
            try:
                kind, position, what, encoded = json.loads(proof)
                hashed = read_hash(encoded)
            except (ValueError, TypeError):
                raise Failed(f"proofs.jsonl, line {number}: cannot be read") from None
            require(position == tree.size, f"proofs.jsonl, line {number}: entry {tree.size} should be next")
            require(kind in ("event", "tree"), f"proofs.jsonl, line {number}: neither event nor tree")
            if kind == "tree":
                require(isinstance(what, int) and 0 <= what < 64, f"proofs.jsonl, line {number}: no level")
                tree.add(what, hashed)
                continue
            count += 1
            line = events.readline()
            if not altered and leaf_hash(line.removesuffix(b"\n")) != hashed:
                altered = f"events.jsonl, line {count}: event {what} is not what was sealed as entry {position}"
            tree.add(0, hashed)
        rest = events.readline()
    is_rooted = (tree.size, tree.root()) == (size, root)
    require(is_rooted, "proofs.jsonl: its hashes do not lead to the root in checkpoint.txt")
    require(not altered, altered)
    require(not rest, f"events.jsonl, line {count + 1}: an event that no proof knows")
    return count


def verify_chain(place: Path, size: int, root: bytes, keys: list[Key]) -> dict[int, str]:
    """Every earlier checkpoint is of a tree that the last one only adds to; returns their notes by size."""
    found: dict[int, str] = {}
    for number, line in enumerate((place / "checkpoints.jsonl").read_bytes().splitlines(), 1):
        where = f"checkpoints.jsonl, line {number}"
        try:
            entry = json.loads(line)
            note, proof = entry["note"], [read_hash(part) for part in entry["proof"]]
        except (ValueError, TypeError, KeyError):
            raise Failed(f"{where}: cannot be read") from None
        old_size, old_root = read_checkpoint(where, note, keys)
        require(
            consistent(old_size, size, proof, old_root, root),
            f"{where}: checkpoint.txt does not continue the tree of {old_size} entries",
        )
        found[old_size] = note
    return found


def parts(der: bytes) -> list[tuple[int, bytes, bytes]]:
    """The elements inside one DER value, as (tag, contents, whole)."""
    found = []
    while der:
        length, start = der[1], 2
        if length & 0x80:
            start += length & 0x7F
            length = int.from_bytes(der[2:start], "big")
        found.append((der[0], der[start : start + length], der[: start + length]))
        der = der[start + length :]
    return found


HASHES: dict[str, hashes.HashAlgorithm] = {
    "608648016503040201": hashes.SHA256(),
    "608648016503040202": hashes.SHA384(),
    "608648016503040203": hashes.SHA512(),
}
MESSAGE_DIGEST = "2a864886f70d010904"


def hash_of(algorithm: bytes) -> hashes.HashAlgorithm:
    return HASHES[parts(algorithm)[0][1].hex()]


def digest(algorithm: hashes.HashAlgorithm, data: bytes) -> bytes:
    hasher = hashes.Hash(algorithm)
    hasher.update(data)
    return hasher.finalize()


def check_signature(
    certificate: x509.Certificate, signature: bytes, data: bytes, algorithm: hashes.HashAlgorithm
) -> None:
    key = certificate.public_key()
    if isinstance(key, rsa.RSAPublicKey):
        key.verify(signature, data, padding.PKCS1v15(), algorithm)
    elif isinstance(key, ec.EllipticCurvePublicKey):
        key.verify(signature, data, ec.ECDSA(algorithm))
    else:
        raise ValueError("a kind of key that this program does not know")


def read_stamp(response: bytes, data: bytes, roots: list[x509.Certificate]) -> str:
    """The time in an RFC 3161 response, after checking that it is of `data` and signed under one of `roots`."""
    status, token = parts(parts(response)[0][1])[:2]
    if parts(status[1])[0][1] != b"\0":
        raise ValueError("it was not granted")
    signed = parts(parts(parts(token[1])[1][1])[0][1])
    content = parts(parts(signed[2][1])[1][1])[0][1]
    # TSTInfo: version, policy, messageImprint, serialNumber, genTime, …
    fields = parts(parts(content)[0][1])
    imprint = parts(fields[2][1])
    if imprint[1][1] != digest(hash_of(imprint[0][1]), data):
        raise ValueError("it is of another text than timestamp-head.txt")
    carried = next(inner for tag, inner, _ in signed if tag == 0xA0)
    certificates = [x509.load_der_x509_certificate(whole) for _, _, whole in parts(carried)]
    signer = parts(parts(signed[-1][1])[0][1])
    attributes, whole = next((inner, whole) for tag, inner, whole in signer if tag == 0xA0)
    algorithm = hash_of(signer[2][1])
    signed_values = {parts(inner)[0][1].hex(): parts(parts(inner)[1][1])[0][1] for _, inner, _ in parts(attributes)}
    if signed_values[MESSAGE_DIGEST] != digest(algorithm, content):
        raise ValueError("its signature is of another content")
    serial = int.from_bytes(parts(signer[1][1])[1][1], "big")
    leaf = next(one for one in certificates if one.serial_number == serial)
    # The signature is over the attributes as a SET, whatever tag they are sent under.
    signature = next(inner for tag, inner, _ in reversed(signer) if tag == 0x04)
    check_signature(leaf, signature, b"\x31" + whole[1:], algorithm)
    check_certificate(leaf, certificates, roots)
    return fields[4][1].decode()


def check_certificate(
    leaf: x509.Certificate, certificates: list[x509.Certificate], roots: list[x509.Certificate]
) -> None:
    usage = leaf.extensions.get_extension_for_class(x509.ExtendedKeyUsage)
    if ExtendedKeyUsageOID.TIME_STAMPING not in usage.value:
        raise ValueError("its certificate is not for timestamps")
    current = leaf
    for _ in range(8):
        if current in roots:
            return
        issuer = next(one for one in [*roots, *certificates] if one.subject == current.issuer)
        current.verify_directly_issued_by(issuer)
        current = issuer
    raise ValueError("its certificate leads to no authority in timestamp-authority.pem")


def verify_timestamp(place: Path, notes: dict[int, str]) -> str | None:
    """The time of the stamp, or None when the export has none."""
    if not (place / "timestamp.json").exists():
        return None
    try:
        stamp = json.loads((place / "timestamp.json").read_bytes())
        size, index, path = stamp["size"], stamp["index"], [read_hash(part) for part in stamp["path"]]
        head = (place / "timestamp-head.txt").read_bytes()
        _, count, root, _ = head.decode().split("\n")
        is_under_head = included(leaf_hash(notes[size].encode()), index, int(count), path, read_hash(root))
    except (ValueError, TypeError, KeyError) as error:
        raise Failed(f"timestamp.json or timestamp-head.txt: cannot be read ({error})") from None
    require(is_under_head, "timestamp.json: the checkpoint does not lead to what was stamped in timestamp-head.txt")
    try:
        roots = x509.load_pem_x509_certificates((place / "timestamp-authority.pem").read_bytes())
        return read_stamp((place / "timestamp.tsr").read_bytes(), head, roots)
    except (
        ValueError,
        KeyError,
        IndexError,
        StopIteration,
        InvalidSignature,
        TypeError,
        x509.ExtensionNotFound,
    ) as error:
        raise Failed(f"timestamp.tsr: it does not hold ({error or type(error).__name__})") from None


def verify_sums(place: Path) -> None:
    listed: dict[str, str] = {}
    for number, line in enumerate((place / "SHA256SUMS").read_bytes().decode("utf-8", "replace").splitlines(), 1):
        hashed, _, name = line.partition("  ")
        require((place / name).is_file() and name, f"SHA256SUMS, line {number}: there is no such file as {name!r}")
        with (place / name).open("rb") as file:
            actual = sha256()
            while piece := file.read(1 << 20):
                actual.update(piece)
        require(actual.hexdigest() == hashed, f"{name}: not the file that was exported (SHA256SUMS, line {number})")
        listed[name] = hashed
    for path in sorted(place.iterdir()):
        is_listed = path.name in listed or path.name == "SHA256SUMS"
        require(is_listed, f"{path.name}: not in SHA256SUMS")


def verify(place: Path, key: str | None) -> str:
    keys = [read_key(line) for line in (place / "public-key.txt").read_text("utf-8", "replace").splitlines()]
    if key is not None:
        raw = base64.b64decode(key)[-32:]
        is_known = [known for known in keys if known[1].public_bytes_raw() == raw]
        require(is_known, "public-key.txt: not the key you were given")
        keys = is_known
    note = (place / "checkpoint.txt").read_bytes().decode("utf-8", "replace")
    size, root = read_checkpoint("checkpoint.txt", note, keys)
    count = verify_events(place, size, root)
    notes = verify_chain(place, size, root, keys)
    stamped = verify_timestamp(place, {**notes, size: note})
    verify_sums(place)
    return f"{count} events of a trail of {size} entries; {len(notes)} earlier checkpoints" + (
        f"; stamped by an authority at {stamped}" if stamped else "; no timestamp"
    )


def main() -> int:
    options = argparse.ArgumentParser(description="Verify an export of the audit trail.")
    options.add_argument("directory", nargs="?", type=Path, default=Path(__file__).resolve().parent)
    options.add_argument("--key", help="the public key you were given, in base64: nothing else may have signed")
    given = options.parse_args()
    try:
        print("OK:", verify(given.directory, given.key))
    except Failed as failure:
        print("FAILED:", failure)
        return 1
    except OSError as error:
        print(f"FAILED: {Path(error.filename or '').name}: {error.strerror}")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
