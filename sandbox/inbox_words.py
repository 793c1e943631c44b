"""The inbox page's words in Japanese and English, and how it writes times."""

from datetime import datetime, timedelta, timezone

JST = timezone(timedelta(hours=9), "JST")
DAYS = "月火水木金土日"
CHANNELS = {
    "line": ("LINE", "LINE"),
    "pnp": ("LINE通知メッセージ", "LINE notification"),
    "sms": ("SMS", "SMS"),
    "email": ("メール", "E-mail"),
    "post": ("手紙", "Letter"),
}
STATES = {
    "accepted": ("受け付けた", "Accepted", "info"),
    "queued": ("送信待ち", "Queued", "plain"),
    "sent": ("送信した", "Sent", "info"),
    "delivered": ("届いた", "Delivered", "success"),
    "undelivered": ("届かなかった", "Undelivered", "danger"),
    "failed": ("送れなかった", "Failed", "danger"),
    "blocked": ("ブロックされている", "Blocked", "warning"),
    "bounced": ("宛先から戻った", "Bounced", "danger"),
    "printed": ("印刷した", "Printed", "info"),
    "posted": ("投函した", "Posted", "success"),
    "returned": ("返戻", "Returned", "danger"),
    "rejected": ("印刷できない", "Rejected", "danger"),
}
REASONS = {
    "unknown_address": ("あて所に尋ねあたりません", "Not known at this address"),
    "moved": ("転居先不明", "Moved, address unknown"),
    "refused": ("受取拒絶", "Refused"),
    "unclaimed": ("保管期間経過", "Unclaimed"),
    "Unreachable destination handset": ("電源が入っていないか圏外です（30003）", "Handset unreachable (30003)"),
    "Message blocked": ("受信を拒否されました（30004）", "Blocked by recipient or carrier (30004)"),
    "Unknown destination handset": ("使われていない番号です（30005）", "Unknown handset (30005)"),
    "Landline or unreachable carrier": ("固定電話か届かない事業者です（30006）", "Landline or carrier (30006)"),
    "Message filtered": ("迷惑SMSとして止められました（30007）", "Filtered by the carrier (30007)"),
    "the customer blocked the account; LINE tells nobody": (
        "お客さまがブロックしています（送信元には知らされません）",
        "The customer blocked the account; the sender is not told",
    ),
    "no device took it; no delivery event will come": (
        "端末に届かず、完了通知は来ません",
        "No device took it; no delivery event will come",
    ),
}
OUTCOMES = {
    "done": ("回答済み", "Answered", "success"),
    "ignored": ("反応なし", "No response", "plain"),
    "gave_up": ("本人確認であきらめた", "Gave up at identity", "warning"),
    "cannot_prove": ("本人確認に要る登録がない", "Nothing on file to prove with", "warning"),
    "stopped": ("途中でやめた", "Stopped half way", "warning"),
    "ended": ("受付終了の画面", "Link had ended", "plain"),
    "error": ("回答できなかった", "Could not answer", "danger"),
}
PERSONAS = {
    "unchanged": ("変わりなし", "nothing changed"),
    "moved": ("引っ越した", "moved house"),
    "changed_job": ("仕事が変わった", "changed job"),
    "sends_abroad": ("海外へ送金する", "sends money abroad"),
    "silent": ("返事をしない", "never answers"),
    "wrong_identity": ("生年月日をまちがえる", "fails the identity check"),
    "late_half": ("途中でやめる", "stops half way"),
}
WORDS = {
    "title": ("デモ受信箱", "Demo inbox"),
    "tagline": ("ここに届くものは、実際には送られません", "Nothing here was really sent"),
    "skip": ("本文へ移る", "Skip to content"),
    "people": ("お客さま", "Customers"),
    "search": ("お客さまを探す", "Find a customer"),
    "search_help": ("氏名・電話・メール", "Name, phone, mail"),
    "find": ("探す", "Find"),
    "more": ("ほか {n} 人。名前で探してください。", "{n} more. Search by name."),
    "nobody": ("当てはまるお客さまはいません。", "No customer matches."),
    "person": ("個人", "Person"),
    "company": ("法人", "Company"),
    "outside": ("名簿にない宛先", "Not in the book"),
    "honorific": (" さま", ""),
    "persona": ("この人は「{p}」役", "Plays: {p}"),
    "empty": ("まだ何も届いていません", "Nothing has arrived yet"),
    "empty_help": ("金融機関がお知らせを送ると、ここに届きます。", "Notices appear here when a bank sends them."),
    "welcome": ("お知らせを待っています", "Waiting for notices"),
    "not_yet": ("まだ届いていません", "Nothing yet"),
    "verified": ("認証済みアカウント", "Verified account"),
    "unknown_sender": ("連絡先に登録がありません", "Not in contacts"),
    "no_reply": ("この画面から返事はできません", "You cannot reply here"),
    "segments": ("{m}通・合計{s}通分の文字数", "{m} messages, {s} segments"),
    "from": ("差出人", "From"),
    "to": ("宛先", "To"),
    "post": ("郵便", "Post"),
    "mail": ("メール", "E-mail"),
    "open_letter": ("手紙を開く（PDF）", "Open the letter (PDF)"),
    "scan": ("QRコードを読み取る", "Scan the QR code"),
    "postage": ("料金後納郵便", "Postage paid"),
    "return_it": ("戻ったことにする", "Send it back"),
    "bounce_it": ("宛先なしで戻す", "Bounce it"),
    "read": ("開いた", "Opened"),
    "history": ("送信側に見えること", "What the sender sees"),
    "language": ("English", "日本語"),
    "summary": ("全体の件数（JSON）", "Totals (JSON)"),
}


class Words:
    """The words of one language: 0 Japanese, 1 English."""

    def __init__(self, language: str) -> None:
        self.language = "en" if language == "en" else "ja"
        self._at = 1 if self.language == "en" else 0

    def __call__(self, name: str, **values: object) -> str:
        return WORDS[name][self._at].format(**values)

    def channel(self, name: str) -> str:
        return CHANNELS[name][self._at]

    def state(self, name: str) -> tuple[str, str]:
        """The word and the badge's colour."""
        words = STATES.get(name, (name, name, "plain"))
        return words[self._at], words[2]

    def outcome(self, name: str) -> tuple[str, str]:
        words = OUTCOMES.get(name, (name, name, "plain"))
        return words[self._at], words[2]

    def reason(self, text: str) -> str:
        return REASONS[text][self._at] if text in REASONS else text

    def persona(self, name: str) -> str:
        return PERSONAS[name][self._at]

    def day(self, at: datetime) -> str:
        local = at.astimezone(JST)
        if self._at:
            return f"{local:%a} {local.day} {local:%b}"
        return f"{local.month}月{local.day}日（{DAYS[local.weekday()]}）"

    def clock(self, at: datetime) -> str:
        local = at.astimezone(JST)
        return f"{local.hour}:{local:%M}"
