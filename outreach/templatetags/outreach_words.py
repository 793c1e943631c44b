"""What a task is called, and what calls and visits have brought about one review."""

from __future__ import annotations

from uuid import UUID

from django import template
from django.http import HttpRequest

from customers.models import Customer
from outreach.claims.models import Claim
from outreach.claims.selectors import open_kinds
from outreach.models import CallRequest, OutreachTask
from outreach.papers.selectors import open_papers
from outreach.presenting import code_of
from outreach.selectors import open_response, tasks_about
from tenants.people import names_of
from tenants.permissions import Permission, may

register = template.Library()


@register.filter
def told_of(customer: Customer) -> list[Claim.Kind]:
    """What was told of a customer's circumstances and nobody has looked into yet."""
    return open_kinds(customer.pk)


@register.filter
def calls_asked_for(task: OutreachTask) -> list[CallRequest]:
    """When the customer asked to be called, the latest wish first."""
    return list(CallRequest.objects.filter(task=task).order_by("-told_at"))


@register.filter
def task_name(task: OutreachTask, request: HttpRequest) -> str:
    """The customer's number; for people outside the institution, who may not know it, a code of the task's own."""
    return task.customer.number if may(request, Permission.VIEW_CUSTOMERS) else code_of(task)


@register.inclusion_tag("staff/outreach/asked.html")
def asked_in_person(
    request: HttpRequest, reference: UUID, response_id: UUID, *, may_see: bool, is_open: bool
) -> dict[str, object]:
    """The calls and visits about one review with what came of each, and the way to ask the customer something."""
    tasks = tasks_about(reference)
    tries = [one for task in tasks for one in task.tries.all()]
    people = names_of([*(task.assignee for task in tasks), *(one.tried_by for one in tries)])
    return {
        "request": request,
        "tasks": tasks,
        "people": people,
        "may_see": may_see,
        "response_id": response_id if is_open and may(request, Permission.WORK_OUTREACH) else None,
    }


@register.inclusion_tag("staff/papers/of_customer.html", takes_context=True)
def on_paper(context: dict[str, object], customer: Customer) -> dict[str, object]:
    """The sheet of a customer that is being dealt with, and the way to print one for what they are being asked."""
    papers = list(open_papers().filter(customer=customer).order_by("-registered_at"))
    response = open_response(customer.pk) if not papers else None
    return {
        "request": context["request"],
        "papers": papers,
        "response_id": response,
        "csrf_token": context["csrf_token"],
    }
