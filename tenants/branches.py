"""The branches of an institution: noted from the codes of its customer file, named and added by administrators."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from django.db import IntegrityError, transaction

from audit.services import Actor, record, record_ids
from tenants.models import Branch
from tenants.scoping import required_tenant_id


class BranchTaken(Exception):
    """There is a branch of that code."""


def note_branches(*, codes: Iterable[str], actor: Actor, now: datetime) -> None:
    """Enter the branches that are not known yet, without a name; one query where all are, three otherwise."""
    with transaction.atomic():
        wanted = {code for code in codes if code}
        missing = wanted.difference(Branch.objects.filter(code__in=wanted).values_list("code", flat=True))
        if not missing:
            return
        made = [Branch(code=code) for code in sorted(missing)]
        # An administrator may enter the same code at this moment.
        Branch.objects.bulk_create(made, ignore_conflicts=True)
        ids = list(Branch.objects.filter(pk__in=[branch.pk for branch in made]).values_list("pk", flat=True))
        record_ids("branch.found", model=Branch, tenant_id=required_tenant_id(), ids=ids, actor=actor, at=now)


def add_branch(*, code: str, name: str, actor: Actor, now: datetime) -> Branch:
    """A branch that the customer file does not name yet.

    Raises:
        BranchTaken.
    """
    try:
        with transaction.atomic():
            branch: Branch = Branch.objects.create(code=code, name=name)
            record("branch.added", target=branch, actor=actor, at=now, code=code)
    except IntegrityError as error:
        raise BranchTaken from error
    return branch


def rename_branch(*, branch: Branch, name: str, actor: Actor, now: datetime) -> None:
    """Call a branch by another name; its code stays, because customers are found by it."""
    with transaction.atomic():
        branch.name = name
        branch.save(update_fields=["name"])
        record("branch.renamed", target=branch, actor=actor, at=now, code=branch.code)
