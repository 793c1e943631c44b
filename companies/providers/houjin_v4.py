"""The National Tax Agency's corporate number web API, version 4: answers as CSV in UTF-8, 2,000 entries a part."""

from __future__ import annotations

import csv
import io
import re
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import date

import httpx

from companies.protocols import DAYS, Entry, Found, RegistryRefused, RegistryUnavailable, RegistryUnreadable
from companies.reading import BadEntry, is_corporate_number, read_entry

NUMBERS = 10
_CSV_UTF8 = "02"
_CODE = re.compile(r"\d{3}(?=,)")


class HoujinV4:
    """One application at the agency. ``pace`` seconds lie between two questions: it asks not to be overloaded.

    The application's id stands in every address that is asked, so no address and no error of the client leaves here.
    """

    def __init__(
        self,
        *,
        http: httpx.Client,
        url: str,
        application_id: str,
        pace: float = 1.0,
        wait: Callable[[float], None] = time.sleep,
    ) -> None:
        self._http = http
        self._url = url.rstrip("/")
        self._application_id = application_id
        self._pace = pace
        self._wait = wait
        self._has_asked = False

    def by_numbers(self, numbers: Sequence[str], *, with_history: bool = False) -> list[Entry]:
        """Up to ten; the agency's order is not relied upon.

        Raises:
            ValueError: none, more than ten, or one with a wrong check digit.
        """
        if not 1 <= len(numbers) <= NUMBERS or not all(map(is_corporate_number, numbers)):
            raise ValueError("Ask for one to ten corporate numbers.")
        wanted = list(dict.fromkeys(numbers))
        found = self._ask("num", {"number": ",".join(wanted), "history": "1" if with_history else "0"})
        if found.size != 1 or len(found.entries) != found.count:
            raise RegistryUnreadable("count")
        if not {entry.number for entry in found.entries} <= set(wanted):
            raise RegistryUnreadable("other_company")
        place = {number: n for n, number in enumerate(wanted)}
        return sorted(found.entries, key=lambda entry: (place[entry.number], entry.is_latest, entry.updated_on))

    def by_name(self, name: str, *, anywhere: bool = True, is_former: bool = False, has_closed: bool = True) -> Found:
        """The first 2,000; whoever gets more had better say more of the name."""
        parameters = {
            "name": full_width(name.strip()),
            "mode": "2" if anywhere else "1",
            "target": "1",
            "change": "1" if is_former else "0",
            "close": "1" if has_closed else "0",
        }
        return self._ask("name", parameters)

    def differences(self, first: date, last: date) -> Iterator[Found]:
        """Part by part; the last one says whether all have come.

        Raises:
            ValueError: the days are in the wrong order, or too many.
        """
        if not 0 <= (last - first).days < DAYS:
            raise ValueError(f"Ask for one to {DAYS} days.")
        days = {"from": first.isoformat(), "to": last.isoformat()}
        part = size = 1
        taken, head = 0, None
        while part <= size:
            found = self._ask("diff", days, part=part)
            if head is not None and (found.count, found.size, found.updated_on) != head:
                # The agency has put in new entries meanwhile: parts of two answers do not make one.
                raise RegistryUnavailable("changed_meanwhile")
            head, size, taken = (found.count, found.size, found.updated_on), found.size, taken + len(found.entries)
            yield found
            part += 1
        if head is not None and taken != head[0]:
            raise RegistryUnreadable("count")

    def _ask(self, question: str, parameters: Mapping[str, str], *, part: int = 1) -> Found:
        if self._has_asked:
            self._wait(self._pace)
        self._has_asked = True
        query = {"id": self._application_id, "type": _CSV_UTF8, "divide": str(part), **parameters}
        if question == "num":
            del query["divide"]
        try:
            answer = self._http.get(f"{self._url}/{question}", params=query)
        except httpx.HTTPError:
            raise RegistryUnavailable("network") from None
        _check(answer)
        found = _found(answer.content)
        if found.part != part or found.part > found.size:
            raise RegistryUnreadable("part")
        return found


def full_width(text: str) -> str:
    """As the agency wants names: every printable ASCII character in its full width."""
    return "".join(chr(ord(c) + 0xFEE0) if "!" <= c <= "~" else ("　" if c == " " else c) for c in text)


def _check(answer: httpx.Response) -> None:
    """Raises what an answer other than 200 means."""
    status = answer.status_code
    if status == httpx.codes.OK:
        return
    if status == httpx.codes.BAD_REQUEST:
        code = _CODE.match(answer.text)
        raise RegistryRefused(code[0] if code else "http_400")
    if status in (httpx.codes.FORBIDDEN, httpx.codes.NOT_FOUND):
        raise RegistryRefused("application_id")
    if status == httpx.codes.TOO_MANY_REQUESTS or answer.is_server_error:
        raise RegistryUnavailable(f"http_{status}")
    raise RegistryRefused(f"http_{status}")


def _found(content: bytes) -> Found:
    """The head (day of the last update, count, part, number of parts) and the entries below it."""
    try:
        head, *lines = csv.reader(io.StringIO(content.decode("utf-8-sig"), newline=""), strict=True)
        updated, count, part, size = head
        return Found(
            entries=tuple(read_entry(line) for line in lines),
            count=int(count),
            part=int(part),
            size=int(size),
            updated_on=date.fromisoformat(updated),
        )
    except BadEntry as error:
        raise RegistryUnreadable(error.code) from None
    except (ValueError, csv.Error):
        raise RegistryUnreadable("answer") from None
