"""gBizINFO's REST interface, version 2: one company by its number, as JSON, for who brings a token."""

from typing import Any

from aiohttp import web

from sandbox.houjin import REGISTER, trouble
from sandbox.houjin_records import ASSIGNED, Record, is_corporate_number
from sandbox.scenario import chance
from sandbox.world import WORLD, answer_unreliably

# what a bank of the demonstration would have been sent
GIVEN = "sandbox-gbiz"
BUSINESSES = (
    "金属製品の製造及び販売",
    "食料品の卸売",
    "ソフトウェアの開発及び保守",
    "旅館の経営",
    "不動産の賃貸及び管理",
)
REPRESENTATIVES = ("海野　一郎", "浜田　恵子", "代表社員　沖　健二")


def _body(companies: list[dict[str, Any]] | None, message: str = "200 - OK.", **more: Any) -> dict[str, Any]:
    return {"id": "sandbox", "message": message, "hojin-infos": companies, **more}


def company(record: Record, representative: str = "") -> dict[str, Any]:
    """What is said of a company; figures are drawn from its number, and some companies told nobody theirs."""
    number, drawn = record.number, chance("gbiz", record.number)
    told = drawn > 0.2
    found: dict[str, Any] = {
        "corporate_number": number,
        "name": record.name,
        "kana": record.kana or None,
        "postal_code": record.postal_code,
        "location": record.prefecture + record.city + record.street,
        "kind": record.kind,
        "status": "閉鎖" if record.closed_on else "-",
        "close_date": record.closed_on or None,
        "close_cause": record.close_cause or None,
        "update_date": f"{max(record.changed_on, ASSIGNED)}T00:00:00+09:00",
        "number_of_activity": "0",
    }
    if told:
        found |= {
            "representative_name": representative or REPRESENTATIVES[int(drawn * 1000) % len(REPRESENTATIVES)],
            "capital_stock": (1 + int(drawn * 98)) * 1_000_000,
            "employee_number": 1 + int(drawn * 300),
            "date_of_establishment": f"{1950 + int(drawn * 70)}-04-01",
            "business_summary": BUSINESSES[int(drawn * 1000) % len(BUSINESSES)],
        }
    return found


async def answer(request: web.Request) -> web.Response:
    world, number = request.app[WORLD], request.match_info["number"]
    if request.headers.get("X-hojinInfo-api-token") != GIVEN:
        return web.json_response(_body(None, "401 - Unauthorized."), status=401)
    if not is_corporate_number(number):
        wrong = [{"item": "corporate_number", "message": "法人番号の形式が正しくありません。"}]
        return web.json_response(_body(None, "400 - Bad Request.", errors=wrong), status=400)

    async def accept() -> web.Response:
        records = request.app[REGISTER].records(number)
        return web.json_response(_body([company(record) for record in records[-1:]]))

    def refuse(outcome: str) -> web.Response:
        if outcome == "rate_limited":
            return web.json_response(_body(None, "429 - Too Many Requests."), status=429)
        return trouble(outcome)

    return await answer_unreliably(world, provider="gbiz", recipient=number, person=None, accept=accept, trouble=refuse)


def add_routes(app: web.Application) -> None:
    app.router.add_get("/gbiz/v2/hojin/{number}", answer)
