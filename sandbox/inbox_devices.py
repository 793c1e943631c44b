"""What one customer holds in hand: a phone with LINE, a phone with SMS, a mailbox, a letter box."""

from collections.abc import Callable

from sandbox.content import ADDRESS
from sandbox.inbox_words import Words
from sandbox.markup import Html, el, join, lines, safe_address
from sandbox.print_shop import LABELS
from sandbox.store import Block, Message

SEAL = Html(
    '<svg class="seal" viewBox="0 0 20 20" aria-hidden="true"><path d="M10 1 3 3.6V9c0 4.8 2.9 8.2 7 10 '
    '4.1-1.8 7-5.2 7-10V3.6Z"/><path d="m6.5 10 2.5 2.5 4.5-5"/></svg>'
)


def badge(text: str, kind: str) -> Html:
    return el("span", text, class_=f"badge badge--{kind}")


def address_of(message: Message, url: str) -> str | None:
    """Where a link leads: the answer link goes through the inbox, which remembers who holds the phone."""
    return f"/open/{message.number}" if url == message.link else safe_address(url)


def linked(message: Message, text: str) -> Html:
    """The text with its web addresses as links."""
    parts: list[Html] = []
    end = 0
    for found in ADDRESS.finditer(text):
        url = found[0].rstrip(".,)")
        parts.append(lines(text[end : found.start()]))
        parts.append(el("a", url, href=address_of(message, url), target="_blank", rel="noopener"))
        end = found.start() + len(url)
    return join(*parts, lines_keeping_end(text[end:]))


def lines_keeping_end(text: str) -> Html:
    return Html(lines(text) + ("<br>" if text.endswith("\n") else ""))


def _clock(words: Words, message: Message) -> Html:
    return el("time", words.clock(message.at), datetime=message.at.isoformat())


def _phone(bar: Html, chat: Html, foot: str) -> Html:
    status = el("div", el("span", "10:05"), el("span", "86%"), class_="status", aria_hidden="true")
    screen = el("div", status, bar, chat, el("p", foot, class_="typing"), class_="screen")
    return el("div", screen, class_="phone")


def _days(words: Words, messages: list[Message], bubble: Callable[[Words, Message], Html]) -> Html:
    parts: list[Html] = []
    last = ""
    for message in messages:
        day = words.day(message.at)
        if day != last:
            parts.append(el("span", day, class_="day"))
            last = day
        parts.append(bubble(words, message))
    return join(*parts)


def _card_part(message: Message, block: Block) -> Html:
    if block.kind == "row":
        return el("dl", el("dt", block.text), el("dd", block.value))
    return el("p", linked(message, block.text))


def line_bubble(words: Words, message: Message) -> Html:
    """Plain text as a bubble; a flex or template message as a card with its buttons."""
    blocks = message.blocks
    if all(block.kind == "text" for block in blocks):
        bubbles = join(*(el("p", linked(message, block.text), class_="bubble") for block in blocks))
        return el("div", el("div", bubbles, class_="bubbles"), _clock(words, message), class_="msg")
    title = next((block.text for block in blocks if block.kind == "title"), "")
    shown = [b for b in blocks if b.kind in {"text", "row"} and b.text != title]
    buttons = [
        el("a", b.text, href=address_of(message, b.value), class_="flex__button", target="_blank", rel="noopener")
        for b in blocks
        if b.kind == "button"
    ]
    card = el(
        "div",
        el("p", title, class_="flex__head"),
        el("div", *(_card_part(message, block) for block in shown), class_="flex__body"),
        *buttons,
        class_="flex",
    )
    return el("div", card, _clock(words, message), class_="msg msg--card")


def sms_bubble(words: Words, message: Message) -> Html:
    bubble = el("p", linked(message, message.blocks[0].text), class_="bubble")
    return el("div", bubble, _clock(words, message), class_="msg")


def line_phone(words: Words, name: str, messages: list[Message]) -> Html:
    arrived = [message for message in messages if message.arrived]
    avatar = el("span", name[:1], class_="avatar", aria_hidden="true")
    bar = el("div", avatar, el("div", el("b", name, SEAL), el("small", words("verified"))), class_="bar")
    inside = _days(words, arrived, line_bubble) if arrived else el("span", words("not_yet"), class_="day")
    chat = el("div", inside, class_="chat chat--line", tabindex="0", role="log", aria_label="LINE")
    return _device("d-line", "LINE", _phone(bar, chat, words("no_reply")), fates(words, messages))


def sms_phone(words: Words, messages: list[Message]) -> Html:
    arrived = [message for message in messages if message.arrived]
    sender = messages[-1].sender or "SMS"
    bar = el("div", el("div", el("b", sender), el("small", words("unknown_sender"))), class_="bar")
    inside = _days(words, arrived, sms_bubble) if arrived else el("span", words("not_yet"), class_="day")
    chat = el("div", inside, class_="chat chat--sms", tabindex="0", role="log", aria_label="SMS")
    total = sum(int(message.details.get("segments", "1")) for message in messages)
    foot = words("segments", m=len(messages), s=total)
    return _device("d-sms", "SMS", _phone(bar, chat, foot), fates(words, messages))


def mailbox(words: Words, messages: list[Message], chosen: Message | None, here: str) -> Html:
    arrived = [message for message in messages if message.arrived]
    current = chosen if chosen in arrived else (arrived[-1] if arrived else None)
    rows = [
        el(
            "a",
            el("b", message.details.get("from_name") or message.sender),
            el("time", words.day(message.at), datetime=message.at.isoformat()),
            el("span", message.subject),
            href=f"{here}&mail={message.number}#d-mail",
            aria_current="true" if message is current else None,
        )
        for message in reversed(arrived)
    ]
    body = _mail_body(words, current) if current else el("p", words("not_yet"), class_="mail__none")
    mail = el("div", el("div", *rows, class_="mail__list"), body, class_="mail")
    return _device("d-mail", words("mail"), mail, fates(words, messages), wide=True)


def _mail_body(words: Words, message: Message) -> Html:
    head = el(
        "div",
        el("h4", message.subject),
        el("p", f"{words('from')} {message.sender}"),
        el("p", f"{words('to')} {message.recipient}"),
        class_="mail__head",
    )
    paragraphs = [part for part in message.blocks[0].text.replace("\r\n", "\n").split("\n\n") if part.strip()]
    paper = el("div", *(el("p", linked(message, part)) for part in paragraphs), class_="paper")
    return join(head, el("div", paper, class_="mail__body"))


def letter_box(words: Words, messages: list[Message]) -> Html:
    letters = [_envelope(words, message) for message in reversed(messages)]
    body = el("div", *letters, class_="post")
    return _device("d-post", words("post"), body, fates(words, messages), post=True)


def _envelope(words: Words, message: Message) -> Html:
    postal, _, name = message.recipient.partition(" ")
    text, kind = words.state(message.state)
    stamp = words.reason(message.reason) if message.state == "returned" else ""
    envelope = el(
        "div",
        el("span", words("postage"), class_="envelope__stamp"),
        el("p", postal, class_="envelope__code"),
        el("p", name + words("honorific"), class_="envelope__name"),
        el("p", message.sender, class_="envelope__from"),
        el("b", stamp, class_="envelope__label") if stamp else None,
        class_="envelope",
    )
    letter = f"/letters/{message.number}.pdf#page={message.details.get('page', '1')}"
    actions = [el("a", words("open_letter"), href=letter, class_="button", target="_blank", rel="noopener")]
    if message.link and message.state != "returned":
        scan = {"href": f"/open/{message.number}", "target": "_blank", "rel": "noopener"}
        actions.append(el("a", words("scan"), class_="button button--primary", **scan))
    caption = el("p", words.day(message.at), " ", words.clock(message.at), " ", badge(text, kind))
    code = message.blocks[1].value if len(message.blocks) > 1 else ""
    note = el("p", f"No. {code}", class_="mono muted") if code else None
    return el("figure", envelope, el("figcaption", caption, note, el("p", *actions, class_="button-group")))


def _device(name: str, title: str, *body: Html, wide: bool = False, post: bool = False) -> Html:
    kind = "device" + (" device--wide" if wide else "") + (" device--post" if post else "")
    return el("section", el("h3", title, id=name), *body, class_=kind, aria_labelledby=name)


def fates(words: Words, messages: list[Message]) -> Html:
    """What the provider told the sender, message by message, and buttons that change a letter's or mail's fate."""
    rows = [el("li", _steps(words, message), _buttons(words, message)) for message in reversed(messages)]
    return el("div", el("p", words("history")), el("ul", *rows, class_="fates"), class_="fate")


def _steps(words: Words, message: Message) -> Html:
    last = words.state(message.state)
    steps = " → ".join(f"{words.state(state)[0]} {words.clock(at)}" for at, state in message.history)
    reason = el("span", words.reason(message.reason), class_="danger-text") if message.reason else None
    outcome = badge(*words.outcome(message.answered)) if message.answered else None
    opened = badge(words("read"), "info") if message.read and not message.answered else None
    return el("p", badge(*last), " ", opened, outcome, " ", words.channel(message.channel), ": ", steps, " ", reason)


def _buttons(words: Words, message: Message) -> Html | None:
    if message.channel == "post" and message.state == "posted":
        at = 1 if words.language == "en" else 0
        english = {
            "unknown_address": "Unknown address",
            "moved": "Moved",
            "refused": "Refused",
            "unclaimed": "Unclaimed",
        }
        choices = [(f"returned:{code}", english[code] if at else label) for code, label in LABELS.items()]
    elif message.channel == "email" and message.state == "delivered":
        choices = [("bounce:5.1.1", words("bounce_it"))]
    else:
        return None
    buttons = (el("button", label, name="fate", value=code, class_="button") for code, label in choices)
    return el("form", *buttons, method="post", action=f"/message/{message.number}/fate")
