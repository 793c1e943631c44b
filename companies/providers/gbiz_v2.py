"""gBizINFO's REST interface, version 2: what ministries know of one company, as JSON."""

from __future__ import annotations

from datetime import date
from typing import Any

import httpx

from companies.protocols import CompanyProfile, RegistryRefused, RegistryUnavailable, RegistryUnreadable
from companies.reading import is_corporate_number

_LONGEST = 4_000
_MOST_YEN = 10**15


class GbizV2:
    """One token, which goes in a header and stands in no address and no error."""

    def __init__(self, *, http: httpx.Client, url: str, token: str) -> None:
        self._http = http
        self._url = url.rstrip("/")
        self._token = token

    def by_number(self, number: str) -> CompanyProfile | None:
        """What is known of a company, None if nothing is.

        Raises:
            ValueError: the number has a wrong check digit.
        """
        if not is_corporate_number(number):
            raise ValueError("Ask for a corporate number.")
        headers = {"X-hojinInfo-api-token": self._token, "Accept": "application/json"}
        try:
            answer = self._http.get(f"{self._url}/v2/hojin/{number}", headers=headers)
        except httpx.HTTPError:
            raise RegistryUnavailable("network") from None
        if answer.status_code == httpx.codes.NOT_FOUND:
            return None
        _check(answer)
        return _profile(answer, number)


def _check(answer: httpx.Response) -> None:
    """Raises what an answer other than 200 means."""
    status = answer.status_code
    if status in (httpx.codes.UNAUTHORIZED, httpx.codes.FORBIDDEN):
        raise RegistryRefused("token")
    if status == httpx.codes.TOO_MANY_REQUESTS or answer.is_server_error:
        raise RegistryUnavailable(f"http_{status}")
    if status != httpx.codes.OK:
        raise RegistryRefused(f"http_{status}")


def _profile(answer: httpx.Response, number: str) -> CompanyProfile | None:
    try:
        companies = answer.json()["hojin-infos"]
        if companies is None or companies == []:
            return None
        (company,) = companies
        if company["corporate_number"] != number:
            raise RegistryUnreadable("other_company")
        return CompanyProfile(
            number=number,
            name=_text(company, "name"),
            postal_code=_text(company, "postal_code"),
            address=_text(company, "location"),
            representative=_text(company, "representative_name"),
            capital=_count(company, "capital_stock", _MOST_YEN),
            employees=_count(company, "employee_number", 10**7),
            established_on=_day(company, "date_of_establishment"),
            business=_text(company, "business_summary"),
            status=_text(company, "status"),
            closed_on=_day(company, "close_date"),
            updated_on=_day(company, "update_date"),
        )
    except (ValueError, KeyError, TypeError, AttributeError):
        raise RegistryUnreadable("answer") from None


def _text(company: dict[str, Any], key: str) -> str:
    value = company.get(key)
    if value is None:
        return ""
    if not isinstance(value, str) or len(value) > _LONGEST or "\0" in value:
        raise ValueError(key)
    return value.strip()


def _count(company: dict[str, Any], key: str, most: int) -> int | None:
    value = company.get(key)
    if value is None or value == "":
        return None
    count = int(value)
    if isinstance(value, bool | float) or not 0 <= count <= most:
        raise ValueError(key)
    return count


def _day(company: dict[str, Any], key: str) -> date | None:
    """A day, also where a time follows it."""
    text = _text(company, key)
    return date.fromisoformat(text[:10]) if text else None
