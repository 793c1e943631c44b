"""Asks identity providers over the network, only through the guard for addresses that tenants typed in."""

from __future__ import annotations

from typing import Any

import httpx
import requests

from tenants.outgoing import guarded_client

LARGEST_ANSWER = 512 * 1024


class Answer:
    """What a provider said; what is wrong with it is raised as the error that django-allauth turns into a refusal."""

    def __init__(self, answer: httpx.Response) -> None:
        self._answer = answer
        self.status_code = answer.status_code
        self.headers = answer.headers
        self.text = answer.text
        self.content = answer.content

    def raise_for_status(self) -> None:
        """Raises requests.RequestException when the status is none of 2xx."""
        if not self._answer.is_success:
            raise requests.RequestException(f"The provider answered {self.status_code}.")

    def json(self) -> Any:
        """Raises requests.RequestException when it is no JSON."""
        try:
            return self._answer.json()
        except ValueError as error:
            raise requests.RequestException("The provider's answer is no JSON.") from error


class ProviderSession:
    """What django-allauth expects of a `requests` session, and no more."""

    def __init__(self) -> None:
        self._client = guarded_client(max_body=LARGEST_ANSWER)

    def __enter__(self) -> ProviderSession:
        return self

    def __exit__(self, *error: object) -> None:
        self._client.close()

    def get(self, url: str, **given: Any) -> Answer:
        """As ``request``."""
        return self.request("GET", url, **given)

    def request(self, method: str, url: str, **given: Any) -> Answer:
        """The answer, whatever its status.

        Raises:
            requests.RequestException: none came, one too large, or the address is none we speak to.
        """
        auth = given.pop("auth", None)
        if auth is not None:
            given["auth"] = (auth.username, auth.password)
        try:
            return Answer(self._client.request(method, url, **given))
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            raise requests.RequestException(type(error).__name__) from error
