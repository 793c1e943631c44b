"""The inbox page: every customer's phone, mailbox and letters, with links that open the bank's real form."""

from urllib.parse import quote, urlencode

from aiohttp import web

from sandbox.bounces import return_mail
from sandbox.ekyc_pages import HOLDER_COOKIE
from sandbox.inbox_devices import badge, letter_box, line_phone, mailbox, sms_phone
from sandbox.inbox_words import Words
from sandbox.markup import Html, el, join, page, safe_address
from sandbox.people import Person, fold
from sandbox.print_shop import LABELS, find_job, return_piece, send_event
from sandbox.store import Message
from sandbox.world import WORLD, World

LISTED = 60
LANGUAGE_COOKIE = "sandbox_language"
SHEETS = ("tokens.css", "base.css", "inbox.css")


def _words(request: web.Request) -> Words:
    return Words(request.cookies.get(LANGUAGE_COOKIE, "ja"))


def _found(world: World, query: str) -> list[str]:
    """Owners to list: those with messages first (newest first), then everybody else; filtered by the search words."""
    with_messages = world.store.owners()
    known = set(with_messages)
    everyone = [*with_messages, *(person.key for person in world.people.all() if person.key not in known)]
    if not query:
        return everyone
    wanted = fold(query)
    return [owner for owner in everyone if wanted in _searchable(world, owner)]


def _searchable(world: World, owner: str) -> str:
    person = world.people.get(owner)
    if person is None:
        return fold(owner)
    columns = ("顧客番号", "氏名", "カナ", "電話番号", "メール", "LINE識別子")
    facts = " ".join(person.get(column) for column in columns)
    return fold(f"{facts} {person.bank} {world.accounts.name_of(person.bank)}") + person.get("電話番号").replace(
        "-", ""
    )


def _name(world: World, owner: str) -> str:
    person = world.people.get(owner)
    return person.name if person else owner.removeprefix("to:")


def _entry(world: World, words: Words, owner: str, current: str, query: str) -> Html:
    person = world.people.get(owner)
    messages = world.store.owned_by(owner)
    kind = words("outside")
    if person:
        kind = words("company") if person.is_company else words("person")
    bank = person.bank if person else (messages[-1].bank if messages else "")
    answered = next((message.answered for message in reversed(messages) if message.answered), "")
    last = (
        words.outcome(answered)[0]
        if answered
        else (words.state(messages[-1].state)[0] if messages else words("not_yet"))
    )
    address = "/?" + urlencode({"person": owner, **({"q": query} if query else {})})
    return el(
        "li",
        el(
            "a",
            el("b", _name(world, owner)),
            el("span", str(len(messages)), class_="badge badge--count badge--plain"),
            el("small", f"{world.accounts.name_of(bank)}・{kind}"),
            el("small", last),
            href=address,
            aria_current="page" if owner == current else None,
        ),
    )


def _list(world: World, words: Words, found: list[str], current: str, query: str) -> Html:
    search = el(
        "form",
        el("label", words("search"), for_="q", class_="field__label"),
        el("input", class_="input", id="q", name="q", type="search", value=query, autocomplete="off",
           placeholder=words("search_help")),
        el("button", words("find"), class_="button"),
        class_="search", role="search", method="get", action="/",
    )  # fmt: skip
    shown = found[:LISTED]
    if current and current not in shown and current in found:
        shown = [current, *shown[:-1]]
    entries = el("ul", *(_entry(world, words, owner, current, query) for owner in shown), class_="people")
    left = len(found) - len(shown)
    note = el("p", words("more", n=f"{left:,}"), class_="muted") if left > 0 else None
    if not found:
        note = el("p", words("nobody"), class_="muted")
    return el("nav", search, entries, note, class_="list", aria_label=words("people"))


def _top(words: Words, back: str) -> Html:
    switch = el(
        "form",
        el("input", type="hidden", name="back", value=back),
        el(
            "button",
            words("language"),
            class_="button",
            name="language",
            value="ja" if words.language == "en" else "en",
        ),
        method="post",
        action="/language",
        class_="clock",
    )
    return el("header", el("h1", words("title"), el("span", words("tagline"))), switch, class_="top")


def _who(world: World, words: Words, owner: str, person: Person | None) -> Html:
    facts: list[str] = []
    if person:
        facts = [world.accounts.name_of(person.bank), words("company") if person.is_company else words("person")]
        facts += [value for value in (person.get("電話番号"), person.get("メール")) if value]
        persona = world.scenario.persona(person.key, person.row)
        facts.append(words("persona", p=words.persona(persona)))
    else:
        facts = [words("outside")]
    name = _name(world, owner) + (words("honorific") if person else "")
    return el("div", el("h2", name), el("p", "・".join(facts)), class_="who")


def _ladder(words: Words, messages: list[Message]) -> Html:
    steps = []
    for message in messages[-12:]:
        text, kind = words.outcome(message.answered) if message.answered else words.state(message.state)
        when = el("time", words.day(message.at), " ", words.clock(message.at), datetime=message.at.isoformat())
        now = "now" if message is messages[-1] else None
        steps.append(el("li", when, el("b", words.channel(message.channel)), badge(text, kind), class_=now))
    return el("ol", *steps, class_="ladder")


def _devices(world: World, words: Words, messages: list[Message], mail: Message | None, here: str) -> Html:
    of = {name: [m for m in messages if m.channel in kinds] for name, kinds in
          (("line", ("line", "pnp")), ("sms", ("sms",)), ("mail", ("email",)), ("post", ("post",)))}  # fmt: skip
    bank = world.accounts.name_of(messages[-1].bank)
    shown = [
        line_phone(words, bank, of["line"]) if of["line"] else None,
        sms_phone(words, of["sms"]) if of["sms"] else None,
        mailbox(words, of["mail"], mail, here) if of["mail"] else None,
        letter_box(words, of["post"]) if of["post"] else None,
    ]
    return el("div", *shown, class_="devices")


def _main(world: World, words: Words, owner: str, mail: Message | None) -> Html:
    if not owner:
        empty = el("div", el("h2", words("welcome")), el("p", words("empty_help")), class_="empty")
        return el("main", empty, class_="main", id="main", tabindex="-1")
    messages = world.store.owned_by(owner)
    person = world.people.get(owner)
    if not messages:
        body = el("div", el("h3", words("empty")), el("p", words("empty_help")), class_="empty")
    else:
        here = f"/?person={quote(owner, safe='')}"
        body = join(_ladder(words, messages), _devices(world, words, messages, mail, here))
    return el("main", _who(world, words, owner, person), body, class_="main", id="main", tabindex="-1")


def _version(world: World, owner: str) -> str:
    """Changes whenever something the page shows changes."""
    parts = [f"{m.number}{m.state}{m.read}{m.answered}" for m in world.store.owned_by(owner)]
    return f"{len(world.store)}-{hash(tuple(parts)) & 0xFFFFFFFF:x}"


async def home(request: web.Request) -> web.Response:
    world, words = request.app[WORLD], _words(request)
    query = request.query.get("q", "").strip()[:100]
    found = _found(world, query)
    owner = request.query.get("person", "")
    if not owner or not (world.store.count_of(owner) or world.people.get(owner)):
        owner = found[0] if found else ""
    number = request.query.get("mail", "")
    mail = world.store.get(int(number)) if number.isdecimal() and len(number) < 12 else None
    body = join(
        el("a", words("skip"), href="#main", class_="skip-link"),
        _top(words, request.path_qs),
        _list(world, words, found, owner, query),
        _main(world, words, owner, mail),
        el("div", hidden=True, id="version", data_owner=owner, data_version=_version(world, owner)),
    )
    name = _name(world, owner) + words("honorific") if owner else ""
    title = f"{name}｜{words('title')}" if name else words("title")
    return page(title, body, lang=words.language, sheets=SHEETS, script="inbox.js")


async def no_icon(request: web.Request) -> web.Response:
    return web.Response(status=204)


async def version(request: web.Request) -> web.Response:
    """What the page polls to know whether to load itself again."""
    return web.json_response({"version": _version(request.app[WORLD], request.query.get("person", ""))})


def _message(request: web.Request) -> Message:
    text = request.match_info["number"]
    message = request.app[WORLD].store.get(int(text)) if len(text) < 12 else None
    if message is None:
        raise web.HTTPNotFound(text="No such message")
    return message


async def open_link(request: web.Request) -> web.Response:
    """Opens the bank's page as the message's owner; the eKYC page will know whose card is held to it."""
    message = _message(request)
    target = safe_address(message.link)
    if target is None:
        raise web.HTTPNotFound(text="This message has no link")
    message.read = True
    response = web.HTTPSeeOther(target)
    response.set_cookie(HOLDER_COOKIE, quote(message.owner), httponly=True, samesite="Lax", max_age=86_400)
    raise response


async def letter(request: web.Request) -> web.FileResponse:
    message = _message(request)
    root = request.app[WORLD].data
    path = (root / message.details.get("pdf", "missing")).resolve()
    if not path.is_relative_to(root / "letters") or not path.is_file():
        raise web.HTTPNotFound(text="No such letter")
    return web.FileResponse(path, headers={"Content-Type": "application/pdf", "X-Content-Type-Options": "nosniff"})


async def change_fate(request: web.Request) -> web.Response:
    """The presenter decides that a letter comes back, or a mail bounces."""
    message, world = _message(request), request.app[WORLD]
    fate = str((await request.post()).get("fate", ""))
    kind, _, reason = fate.partition(":")
    job = find_job(request.app, message)
    if kind == "returned" and reason in LABELS and message.state == "posted" and job:
        return_piece(message, reason)
        send_event(world, job, "returned_mail", [message.provider_id])
    elif fate == "bounce:5.1.1" and message.channel == "email" and message.state == "delivered":
        return_mail(world, message, fate=fate, options={}, message_id=message.provider_id)
    raise web.HTTPSeeOther(f"/?person={quote(message.owner, safe='')}")


async def choose_language(request: web.Request) -> web.Response:
    form = await request.post()
    back = str(form.get("back", "/"))
    response = web.HTTPSeeOther(back if back.startswith("/") and not back.startswith(("//", "/\\")) else "/")
    language = "en" if form.get("language") == "en" else "ja"
    response.set_cookie(LANGUAGE_COOKIE, language, httponly=True, samesite="Lax", max_age=31_536_000)
    raise response


def add_routes(app: web.Application) -> None:
    app.router.add_get("/", home)
    app.router.add_get("/version", version)
    app.router.add_get("/favicon.ico", no_icon)
    app.router.add_get("/open/{number:[0-9]+}", open_link)
    app.router.add_get("/letters/{number:[0-9]+}.pdf", letter)
    app.router.add_post("/message/{number:[0-9]+}/fate", change_fate)
    app.router.add_post("/language", choose_language)
