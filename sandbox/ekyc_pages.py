"""The vendor's hosted page, where the customer holds a card to the phone or gives up."""

from urllib.parse import unquote

from aiohttp import web

from sandbox.ekyc import EKYC, FINAL, METHODS, Verification, cancel, submit
from sandbox.markup import Html, el, join, page
from sandbox.people import Person
from sandbox.scenario import chance
from sandbox.world import WORLD

SHEETS = ("tokens.css", "base.css", "ekyc.css")
HOLDER_COOKIE = "sandbox_holder"
FIELDS = (("name", "氏名"), ("birth_on", "生年月日"), ("address", "住所"))
STEPS = {
    "jpki_signature": (
        "マイナンバーカードを用意します",
        "署名用の暗証番号を入力します",
        "カードをスマートフォンにかざします",
    ),
    "wallet_mdoc": ("スマートフォンのウォレットを開きます", "渡す項目を確かめます", "顔または指紋で同意します"),
    "image_selfie": ("本人確認書類の表と裏を撮影します", "書類の厚みを撮影します", "顔を撮影します"),
}
DEFAULT_STEPS = ("本人確認書類のICチップを読み取ります", "顔を撮影します", "内容を確かめて提出します")


def card_of(person: Person | None) -> dict[str, str]:
    """What the chip of this person's card says."""
    if person is None:
        return {}
    if not person.is_company:
        return {"name": person.name, "birth_on": person.born_iso, "address": person.get("住所")}
    year = 1950 + int(40 * chance("born", person.key))
    return {"name": person.get("代表者"), "birth_on": f"{year}-04-15", "address": person.get("住所")}


def _form(verification: Verification, card: dict[str, str]) -> Html:
    rows = [
        el(
            "div",
            el("label", label, for_=name, class_="field__label"),
            el(
                "input",
                id=name,
                name=name,
                value=card.get(name, ""),
                class_="input",
                maxlength="200",
                autocomplete="off",
            ),
            class_="field",
        )
        for name, label in FIELDS
    ]
    return el(
        "form",
        el(
            "fieldset",
            el("legend", "カードから読み取る内容（模擬のため画面に表示しています）", class_="field__label"),
            *rows,
            class_="card",
        ),
        el(
            "div",
            el(
                "button",
                "撮影して提出する",
                name="action",
                value="submit",
                class_="button button--primary button--large",
            ),
            el("button", "やめる", name="action", value="cancel", class_="button button--large"),
            class_="button-group",
        ),
        method="post",
        action=f"/ekyc/v/{verification.id}",
    )


def _shell(title: str, main: Html, leads_to: str = "") -> web.Response:
    head = el(
        "header", el("p", el("b", "ミカワ本人確認サービス"), "（模擬）", class_="vendor__name"), class_="vendor__head"
    )
    foot = el("footer", el("p", "この画面はデモ用です。カメラもICチップも使いません。"), class_="vendor__foot")
    body = el("div", head, el("main", main, class_="vendor__main", data_page="vendor"), foot, class_="vendor")
    return page(f"{title}｜ミカワ本人確認サービス", body, sheets=SHEETS, leads_to=leads_to)


def _end(verification: Verification) -> web.Response:
    texts = {
        "approved": "本人確認は終わっています。",
        "rejected": "本人確認は終わっています。結果は金融機関にお知らせしました。",
        "submitted": "提出を受け付けました。確認しています。",
        "canceled": "この本人確認は取りやめになりました。",
        "expired": "この本人確認の期限が切れました。",
    }
    back = el("a", "金融機関の画面に戻る", href=verification.return_url, class_="button button--primary button--large")
    return _shell("本人確認", join(el("h1", texts[verification.state]), el("p", back)))


async def view(request: web.Request) -> web.Response:
    verification = request.app[EKYC].by_id.get(request.match_info["id"])
    if verification is None:
        response = _shell(
            "見つかりません",
            join(el("h1", "この本人確認は見つかりません"), el("p", "お手もとの画面からもう一度お進みください。")),
        )
        response.set_status(404)
        return response
    verification.expire_if_due()
    if verification.state in FINAL | {"submitted"}:
        return _end(verification)
    world = request.app[WORLD]
    holder = world.people.get(unquote(request.cookies.get(HOLDER_COOKIE, "")))
    label = METHODS[verification.method][0]
    steps = STEPS.get(verification.method, DEFAULT_STEPS)
    bank = world.accounts.name_of(verification.bank)
    main = join(
        el("p", f"{bank}からのご依頼", class_="muted"),
        el("h1", "ご本人の確認をお願いします"),
        el("p", "確認の方法：", el("b", label)),
        el("ol", *(el("li", step) for step in steps), class_="steps"),
        el("p", "所要時間は約2分です。提出した内容は、確認が終わると金融機関だけに渡されます。"),
        _form(verification, card_of(holder)),
    )
    return _shell("本人確認", main, verification.return_url)


async def act(request: web.Request) -> web.Response:
    verification = request.app[EKYC].by_id.get(request.match_info["id"])
    if verification is None:
        return await view(request)
    verification.expire_if_due()
    if verification.state in FINAL | {"submitted"}:
        return _end(verification)
    form = await request.post()
    if form.get("action") == "submit":
        card = {name: str(form.get(name, "")).strip()[:200] for name, _ in FIELDS}
        submit(request.app[WORLD], verification, card)
    else:
        cancel(request.app[WORLD], verification)
    raise web.HTTPSeeOther(verification.return_url)


def add_routes(app: web.Application) -> None:
    app.router.add_get("/ekyc/v/{id}", view)
    app.router.add_post("/ekyc/v/{id}", act)
