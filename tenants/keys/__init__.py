"""Keys: the key-encryption key wraps tenants' keys, which wrap their customers' keys, which seal the fields.

Envelopes of a sealed value, told apart by their first byte:

- ``01 | key version (2 bytes) | nonce (12) | ciphertext and tag``: under the tenant's key;
- ``02 | person (16 bytes) | nonce (12) | ciphertext and tag``: under one customer's key, which can be shredded.

In both, the additional data bind a value to its tenant, table, column and row: moved anywhere else, it does
not open.
"""

from tenants.keys.encryption import CURRENT, FileKeyEncryptionKey, KeyEncryptionKey, key_encryption_key
from tenants.keys.envelopes import HEADER, INDEX, KEY, NONCE, PersonCipher, TenantCipher
from tenants.keys.errors import CannotDecrypt, KeysUnavailable, PersonShredded
from tenants.keys.holding import blind_index, cipher, create_tenant_key, forget_keys
from tenants.keys.persons import open_sealed, person_ciphers, seal_many_for_persons

__all__ = [
    "CURRENT",
    "HEADER",
    "INDEX",
    "KEY",
    "NONCE",
    "CannotDecrypt",
    "FileKeyEncryptionKey",
    "KeyEncryptionKey",
    "KeysUnavailable",
    "PersonCipher",
    "PersonShredded",
    "TenantCipher",
    "blind_index",
    "cipher",
    "create_tenant_key",
    "forget_keys",
    "key_encryption_key",
    "open_sealed",
    "person_ciphers",
    "seal_many_for_persons",
]
