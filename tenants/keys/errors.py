"""Why a sealed value does not open, or a key cannot be used."""


class CannotDecrypt(Exception):
    """A sealed value was altered, moved, cut, or its key is gone. Never shown as a value."""


class UnknownKeyVersion(CannotDecrypt):
    """Made with a version of the tenant's key that this process does not hold, yet or at all."""


class PersonShredded(CannotDecrypt):
    """The person's key was destroyed on purpose: nothing that it sealed can be read again, nor new data sealed."""


class KeysUnavailable(CannotDecrypt):
    """The key service or the keys' database does not answer. Nothing is wrong with the value: try again later."""
