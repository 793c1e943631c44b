"""Letting a customer know, without a word of it, that there is an answer to read."""

from __future__ import annotations

from datetime import datetime, timedelta
from enum import StrEnum
from uuid import UUID

from django.urls import reverse

from audit.services import Actor
from channels.models import Notice
from channels.protocols import Channel
from channels.selectors import usable_channels
from channels.services import NoticeRequest, queue_notices
from customers.models import ContactPoint
from outreach.inquiries.models import Inquiry, InquiryMessage
from outreach.models import OutreachKind, OutreachTask
from outreach.services import TaskRequest, queue_tasks
from questionnaires.links import issue_links
from questionnaires.models import Response
from retention.expiring import day_in_japan
from tenants.domains.addresses import base_of
from tenants.models import tenant_in_scope

# How long the link to the answer opens the door.
OPEN_FOR = timedelta(days=60)
_BY = (Channel.LINE, Channel.SMS, Channel.EMAIL)


class Told(StrEnum):
    """How the customer learns of an answer."""

    MESSAGE = "message"
    CALL = "call"
    NOT_AT_ALL = "not at all"
    ALREADY = "already"


def tell_of_answer(inquiry: Inquiry, *, actor: Actor, now: datetime) -> Told:
    """Queue a message with a link to the identity check; a call, where no message can reach the customer."""
    response = Response.objects.filter(reference=inquiry.reference).exclude(status=Response.Status.CANCELLED).first()
    found = _channel(inquiry.customer_id) if response else None
    if response is None or found is None:
        return _have_called(inquiry, actor, now)
    channel, point_id = found
    tokens = issue_links(responses=[response], channel=channel, expires_at=now + OPEN_FOR, now=now, is_to_read=True)
    queue_notices(
        requests=[
            NoticeRequest(
                customer_id=inquiry.customer_id,
                reference=inquiry.pk,
                purpose=Notice.Purpose.REPLY,
                channel=channel,
                contact_point_id=point_id,
                url=base_of(tenant_in_scope()) + reverse("portal:help-answer", args=[tokens[response.pk]]),
                deadline_on=day_in_japan(now + OPEN_FOR),
                language=inquiry.language,
                sequence=InquiryMessage.objects.filter(inquiry=inquiry, written_by__isnull=False).count(),
            )
        ],
        actor=actor,
        now=now,
    )
    return Told.MESSAGE


def _channel(customer_id: UUID) -> tuple[Channel, UUID] | None:
    """The linked LINE account, else a short message, else e-mail; a letter is too slow, a number at LINE too public."""
    usable = usable_channels([customer_id])[customer_id]
    points = ContactPoint.objects.in_bulk([pk for pk in usable.values() if pk])
    for channel in _BY:
        point = points.get(usable.get(channel))
        if point and (channel != Channel.LINE or point.channel == ContactPoint.Channel.LINE):
            return channel, point.pk
    return None


def _have_called(inquiry: Inquiry, actor: Actor, now: datetime) -> Told:
    kind = OutreachKind.TELEPHONE
    open_states = (OutreachTask.Status.OPEN, OutreachTask.Status.ASSIGNED)
    if OutreachTask.objects.filter(customer=inquiry.customer, kind=kind, status__in=open_states).exists():
        return Told.CALL
    requests = [TaskRequest(inquiry.customer, inquiry.reference)]
    made = queue_tasks(requests=requests, kind=kind, actor=actor, now=now, origin=OutreachTask.Origin.ASKED)
    return Told.CALL if made else Told.NOT_AT_ALL
