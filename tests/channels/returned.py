"""Returned mail as it is written in the wild: by the rules, in carriers' own words, by robots, and by accident."""

from __future__ import annotations


def plain(
    words: str, *, charset: str = "utf-8", subject: str = "Returned mail", sender: str = "MAILER-DAEMON@mx.example",
    declared: str = "", headers: str = "",
) -> bytes:  # fmt: skip
    """Words in an encoding, under the name of it or another."""
    head = (
        f"From: {sender}\r\nSubject: {subject}\r\n{headers}MIME-Version: 1.0\r\n"
        f"Content-Type: text/plain; charset={declared or charset}\r\nContent-Transfer-Encoding: 8bit\r\n\r\n"
    )
    return head.encode() + words.encode(charset)


def report(status: str, *, action: str = "failed", diagnostic: str = "") -> bytes:
    """A delivery report by RFC 3464, with our own mail enclosed."""
    said = f"Diagnostic-Code: smtp; {diagnostic}\r\n" if diagnostic else ""
    return (
        "From: MAILER-DAEMON@mx.example\r\nSubject: Undelivered Mail\r\nMIME-Version: 1.0\r\n"
        "Content-Type: multipart/report; report-type=delivery-status; boundary=b\r\n\r\n"
        "--b\r\nContent-Type: text/plain\r\n\r\nYour mail.\r\n--b\r\nContent-Type: message/delivery-status\r\n\r\n"
        "Reporting-MTA: dns; mx.example\r\n\r\n"
        f"Final-Recipient: rfc822; x@y.example\r\nAction: {action}\r\nStatus: {status}\r\n{said}\r\n"
        "--b\r\nContent-Type: message/rfc822\r\n\r\nSubject: ours\r\n\r\n550 5.1.1 not a status, but our words\r\n"
        "--b--\r\n"
    ).encode()


def complaint(path: str, *, kind: str = "abuse") -> bytes:
    """A feedback report (RFC 5965) about a mail whose return path was ``path``."""
    return (
        "From: fbl@mx.example\r\nSubject: FW: notice\r\nMIME-Version: 1.0\r\n"
        "Content-Type: multipart/report; report-type=feedback-report; boundary=b\r\n\r\n"
        "--b\r\nContent-Type: text/plain\r\n\r\nA report.\r\n--b\r\nContent-Type: message/feedback-report\r\n\r\n"
        f"Feedback-Type: {kind}\r\nVersion: 1\r\n\r\n"
        f"--b\r\nContent-Type: message/rfc822\r\n\r\nReturn-Path: <{path}>\r\nSubject: ours\r\n\r\nours\r\n--b--\r\n"
    ).encode()
