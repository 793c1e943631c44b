"""Whose work a task is: a signed header on the message, checked before the task runs as that tenant and actor.

Whoever can write to the broker must not be able to choose a tenant. A message put out inside a tenant's scope carries
the tenant and the actor, signed together with its own id, its task and a digest of its arguments; the worker enters
that scope or refuses. A message put out outside any scope runs in none, as the system.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Any

import structlog
from celery import current_task
from celery.contrib.django.task import DjangoTask
from celery.exceptions import Ignore
from celery.signals import before_task_publish
from django.core import signing
from kombu.utils.json import dumps

from audit.acting import acting, current_actor
from audit.actors import Actor
from tenants.scoping import current_tenant_id, tenant_context

HEADER = "keizoku-tenant"
_SALT = "tenants.messages"

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Whose:
    """The scope that a task runs in."""

    tenant_id: int
    actor: Actor


class _Refused(Exception):
    """The message does not show that its sender may have this done; the text is a code for the log."""


# What the task of this id was found to be: a chain's next step is put out after the task's own scope has closed.
_verified: ContextVar[tuple[str, Whose] | None] = ContextVar("verified", default=None)


@before_task_publish.connect
def sign_message(sender: str, headers: dict[str, Any], body: Any, **_: Any) -> None:
    """Put the scope that is open, or that the running task had, on the message; take off any other."""
    headers.pop(HEADER, None)
    if isinstance(headers.get("headers"), dict):  # a retry hands down what its own message carried
        headers["headers"].pop(HEADER, None)
    whose = _whose_work()
    if whose is not None:
        claim = [headers["id"], sender, _digest(*body[:2]), whose.tenant_id, whose.actor.kind, whose.actor.id]
        headers[HEADER] = signing.dumps(claim, salt=_SALT)


def _whose_work() -> Whose | None:
    tenant_id, actor = current_tenant_id(), current_actor()
    if tenant_id is not None:
        return Whose(tenant_id, actor or Actor.system("tasks"))
    verified = _verified.get()
    running = current_task.request.id if current_task else None
    return verified[1] if verified and running and verified[0] == running else None


def _digest(args: Any, kwargs: Any) -> str:
    text = dumps([list(args), kwargs], sort_keys=True)
    return hashlib.sha256(text.encode() if isinstance(text, str) else text).hexdigest()


class TenantTask(DjangoTask[..., Any]):
    """The base of all tasks."""

    abstract = True
    of_tenant = False

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """Run in the scope the message proves; a function called directly runs where it is called."""
        request = self.request
        if request.called_directly or (request.delivery_info or {}).get("is_eager"):
            return self.run(*args, **kwargs)
        try:
            whose = self._whose()
        except _Refused as refused:
            log.error("task.refused", task=self.name, task_id=request.id, code=str(refused))
            raise Ignore from None
        with _entered(whose, str(request.id), Actor.system(self.name.partition(".")[0])):
            return self.run(*args, **kwargs)

    def _whose(self) -> Whose | None:
        from tenants.models import Tenant

        request = self.request
        header = getattr(request, HEADER, None)
        if header is None:
            if self.of_tenant:
                raise _Refused("absent")
            return None
        try:
            claim = signing.loads(str(header), salt=_SALT)
            message, task, digest, tenant_id, kind, actor_id = claim
        except (signing.BadSignature, ValueError, TypeError):
            raise _Refused("forged") from None
        if (message, task) != (request.id, self.name):
            raise _Refused("of_another_message")
        if digest != _digest(request.args, request.kwargs):
            raise _Refused("altered")
        if not Tenant.objects.filter(pk=tenant_id, status=Tenant.Status.ACTIVE).exists():
            raise _Refused("tenant_not_active")
        return Whose(tenant_id, Actor(kind, actor_id))


class TaskOfTenant(TenantTask):
    """Base of the tasks that run only for a message that names its tenant."""

    abstract = True
    of_tenant = True


@contextmanager
def _entered(whose: Whose | None, task_id: str, system: Actor) -> Iterator[None]:
    _verified.set((task_id, whose) if whose else None)
    with structlog.contextvars.bound_contextvars(task_id=task_id):
        if whose is None:
            with acting(system, request_id=task_id):
                yield
        else:
            with tenant_context(whose.tenant_id), acting(whose.actor, request_id=task_id):
                yield
