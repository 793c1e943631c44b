"""Giving and taking grants on campaigns, branches and queues; guardian's checker for single objects."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any
from uuid import UUID

from django.apps import apps
from django.contrib.auth.models import Permission
from django.contrib.contenttypes.models import ContentType
from django.db import transaction
from django.db.models import QuerySet
from django.db.models.functions import Now
from guardian.core import ObjectPermissionChecker
from guardian.utils import get_user_obj_perms_model

from audit.services import Actor, record
from tenants.models import Grant, Membership, Role

# The others see everything already.
GRANTEES = (Role.BRANCH_STAFF, Role.CONTRACTOR)


class NotGrantable(Exception):
    """There is no such thing to give, or nobody to give it to."""


def grant_kinds() -> dict[str, type[Grant]]:
    """The kinds of grant by name (``campaigngrant``), from every room."""
    return {model._meta.model_name or "": model for model in apps.get_models() if issubclass(model, Grant)}


def give_grant(
    *, kind: type[Grant], member: Membership, target_id: UUID, until: datetime, actor: Actor, now: datetime
) -> Grant:
    """Let a member see one thing until a moment; a grant that is there already gets the new end.

    Raises:
        NotGrantable: the role needs no grants, the end has passed, or the tenant has no such thing.
    """
    target = _thing(kind).objects.filter(pk=target_id).first()
    if target is None or member.role not in GRANTEES or until <= now:
        raise NotGrantable
    with transaction.atomic():
        grant: Grant
        rows: Any = kind.objects
        grant, _ = rows.update_or_create(
            user_id=member.user_id,
            content_object=target,
            defaults={
                "permission": _permission(kind),
                "valid_until": until,
                "granted_by": int(actor.id),
                "granted_at": now,
            },
        )
        about = {"thing": str(target_id), "until": until.isoformat()}
        record(f"{kind._meta.model_name}.given", target=member, actor=actor, at=now, **about)
    return grant


def take_grant(*, grant: Grant, member: Membership, actor: Actor, now: datetime) -> None:
    """End a grant at once."""
    with transaction.atomic():
        thing = str(grant.content_object_id)  # type: ignore[attr-defined]  # guardian has no types  # every kind has one
        grant.delete()
        record(f"{grant._meta.model_name}.taken", target=member, actor=actor, at=now, thing=thing)


def grants_of(member: Membership) -> list[Grant]:
    """What the member has been given, of every kind, the run-out included; one query a kind."""
    found: list[Grant] = []
    for kind in grant_kinds().values():
        rows: Any = kind.objects.filter(user_id=member.user_id)
        found += rows.select_related("content_object")
    return found


def offers_for(member: Membership) -> dict[str, list[Any]]:
    """What the member could be given, by kind of grant; two queries a kind."""
    checker = GrantChecker(member.user)
    offers = {}
    for name, kind in grant_kinds().items():
        things = list(kind.offered())
        checker.prefetch_perms(things)
        offers[name] = [thing for thing in things if not checker.has_perm(_codename(kind), thing)]
    return offers


class GrantChecker(ObjectPermissionChecker):
    """Guardian's checker for accounts without groups; a grant that has run out counts for nothing.

    Its own queries name no tenant: row-level security on our tables answers for that.
    """

    def get_group_perms(self, obj: Any) -> QuerySet[Any]:
        """None: roles stand in the place of groups."""
        return Permission.objects.none().values_list("codename", flat=True)

    def get_user_filters(self, obj: Any) -> dict[str, Any]:
        """The account's grants on the object that hold at this moment."""
        field: Any = get_user_obj_perms_model(obj).permission.field  # type: ignore[attr-defined]  # guardian has no types
        filters: dict[str, Any] = super().get_user_filters(obj)
        return {**filters, f"{field.related_query_name()}__valid_until__gt": Now()}

    def prefetch_perms(self, objects: Iterable[Any]) -> bool:
        """Know the answer for many objects of one kind, in one query."""
        things = list(objects)
        self._obj_perms_cache |= {self.get_local_cache_key(thing): [] for thing in things}
        if things and self.user is not None:
            kind: Any = get_user_obj_perms_model(things[0])
            rows = kind.in_force().filter(user=self.user, content_object__in=things).select_related("permission")
            by_id = {thing.pk: self.get_local_cache_key(thing) for thing in things}
            for grant in rows:
                self._obj_perms_cache[by_id[grant.content_object_id]].append(grant.permission.codename)
        return True


def _thing(kind: Any) -> Any:
    return kind._meta.get_field("content_object").related_model


def _codename(kind: type[Grant]) -> str:
    return f"view_{_thing(kind)._meta.model_name}"


def _permission(kind: type[Grant]) -> Permission:
    about = ContentType.objects.get_for_model(_thing(kind))
    return Permission.objects.get(content_type=about, codename=_codename(kind))
