"""Making two customers one: a person proposes it, another lets it happen, and it can be taken back."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from django.db import transaction
from django.db.models import Q
from django.utils.translation import gettext as _

from audit.services import Actor, record
from audit.transitions import transition, transition_many
from customers.matching.models import MatchCandidate
from customers.matching.services import JUDGEMENTS
from customers.merging.beside import Beside, attribute_label, beside_each_other
from customers.merging.carrying import are_untouched, carry_parties, end_carried
from customers.merging.comparing import taken_by
from customers.merging.models import CustomerMerge
from customers.merging.obstacles import obstacles_of
from customers.merging.selectors import proposed_of
from customers.models import AttributeChange, ContactPoint, Customer
from customers.pointers import survivors_of
from customers.recording import PlannedChange, plan_changes, stored_change, write_changes
from customers.searching import index_names
from customers.signals import customer_merged
from retention.selectors import held_subjects
from retention.services import lock_holds
from tenants.four_eyes import Standing
from tenants.permissions import Permission
from tenants.steps import Refused, Steps

Status = CustomerMerge.Status


class MergeRefused(Refused):
    """It cannot be done; its text is a sentence or several for the person who tried."""


_STEPS = Steps(MergeRefused)


def reasons_against(survivor: Customer, merged: Customer, *, now: datetime) -> list[str]:
    """Why the two cannot be made one now, in sentences."""
    if survivor.kind != merged.kind:
        return [_("A person and a company are never one.")]
    found = [_not_active(one) for one in (survivor, merged) if one.status != Customer.Status.ACTIVE]
    if found:
        return found
    if beside_each_other(survivor, merged).is_erased:
        return [_("The personal data of one of them were destroyed.")]
    return obstacles_of(merged, now=now)


def propose_merge(
    *, survivor: Customer, merged: Customer, taken: Sequence[str], reason: str, actor: Actor, now: datetime
) -> CustomerMerge:
    """Ask a second person to let ``survivor`` go on in the place of both, with what is ``taken`` of the other.

    ``taken`` names leaders of `Beside.rows`.

    Raises:
        MergeRefused: the actor may not, something stands in the way, or one of them waits to be merged already.
    """
    with transaction.atomic():
        standing = _STEPS.standing(actor, Permission.DECIDE_CASE, now=now)
        both = _locked(survivor.pk, merged.pk)
        survivor, merged = both[survivor.pk], both[merged.pk]
        _refuse(reasons_against(survivor, merged, now=now))
        if proposed_of(survivor.pk, merged.pk):
            raise MergeRefused(_("For one of them a merge has been proposed already. It has to be decided first."))
        beside = beside_each_other(survivor, merged)
        leaders = {row.leader for row in beside.rows}
        if not leaders.issuperset(taken):
            raise MergeRefused(_("The two have changed meanwhile. Look at them again."))
        merge = CustomerMerge(
            survivor=survivor,
            merged=merged,
            taken=sorted(taken),
            seen=beside.seen(),
            proposed_by=standing.user_id,
            proposed_person=standing.person,
            proposed_at=now,
        )
        merge.reason = reason.strip()[:200]
        merge.save()
        record("customermerge.proposed", target=merge, actor=actor, at=now)
    return merge


def approve_merge(*, merge: CustomerMerge, actor: Actor, now: datetime) -> None:
    """Merge the two.

    Raises:
        MergeRefused: the actor may not or proposed it, it was decided meanwhile, something stands in the way by now,
            or something about the two has changed since it was proposed.
    """
    with transaction.atomic():
        standing = _STEPS.standing(actor, Permission.APPROVE_CASE, now=now)
        if standing.did((merge.proposed_by, merge.proposed_person)):
            raise MergeRefused(_("You proposed this yourself. Somebody else has to approve it."))
        both = _locked(merge.survivor_id, merge.merged_id)
        merge.refresh_from_db()
        survivor, merged = both[merge.survivor_id], both[merge.merged_id]
        _refuse(reasons_against(survivor, merged, now=now))
        beside = beside_each_other(survivor, merged)
        if beside.seen() != bytes(merge.seen):
            raise MergeRefused(_("Something about the two has changed since. Reject this, and propose it anew."))
        _perform(merge, beside, standing, actor=actor, now=now)


def _perform(merge: CustomerMerge, beside: Beside, standing: Standing, *, actor: Actor, now: datetime) -> None:
    survivor, merged = beside.survivor, beside.merged
    points = ContactPoint.objects.filter(customer__in=(survivor, merged), is_current=True)
    contact_ids = list(points.values_list("pk", flat=True))
    wanted = taken_by(beside.rows, merge.taken, beside.known[1]) | beside.accounts
    planned = plan_changes({survivor.pk: stored_change(wanted)})
    altered = planned[0].altered()
    source = AttributeChange.Source.MERGE
    write_changes(planned, source=source, reference=merge.pk, actor=actor, now=now)
    parties = carry_parties(survivor=survivor, merged=merged, actor=actor, now=now)
    _STEPS.move(
        merge,
        Status.APPROVED,
        actor=actor,
        now=now,
        before={key: was for key, (was, _became) in altered.items()},
        after={key: became for key, (_was, became) in altered.items()},
        parties=parties,
        approved_by=standing.user_id,
        approved_person=standing.person,
        approved_at=now,
    )
    transition(merged, Customer.Status.MERGED, actor=actor, at=now, merged_into=survivor)
    index_names(list(Customer.objects.filter(pk=survivor.pk)))  # as written, not as read
    _settle_candidates(survivor.pk, merged.pk, standing, actor=actor, now=now)
    customer_merged.send(Customer, survivor_id=survivor.pk, contact_ids=contact_ids, actor=actor, now=now)


def _settle_candidates(survivor: UUID, merged: UUID, standing: Standing, *, actor: Actor, now: datetime) -> None:
    """The pair is answered; other pairs with the merged customer speak of nobody any more."""
    pair = _pair(survivor, merged)
    if pair and pair.status in JUDGEMENTS:
        raise MergeRefused(_("Somebody has judged meanwhile that the two are not the same. Reject this."))
    if pair and pair.status == MatchCandidate.Status.OPEN:
        transition(pair, MatchCandidate.Status.MERGED, actor=actor, at=now, decided_by=standing.user_id, decided_at=now)
    rows = MatchCandidate.objects.filter(Q(first=merged) | Q(second=merged))
    was, to = MatchCandidate.Status.OPEN, MatchCandidate.Status.GONE
    open_ids = list(rows.filter(status=was).values_list("pk", flat=True))
    transition_many(MatchCandidate, open_ids, was=was, to=to, actor=actor, at=now)


def make_findable(*, limit: int = 200) -> int:
    """Have customers found by the names of those who became part of them before that was; returns of how many merges.

    So many a transaction, until none is left; each survivor's names are written anew once.
    """
    done = 0
    while True:
        with transaction.atomic():
            waiting = CustomerMerge.objects.filter(is_findable=False).order_by("pk").select_for_update()
            rows = list(waiting.only("pk", "survivor_id", "status")[:limit])
            stand = [row.survivor_id for row in rows if row.status == Status.APPROVED]
            found = Customer.objects.filter(pk__in=set(survivors_of(stand).values()), status=Customer.Status.ACTIVE)
            index_names(list(found.order_by("pk").select_for_update(of=("self",))))
            CustomerMerge.objects.filter(pk__in=[row.pk for row in rows]).update(is_findable=True)
        done += len(rows)
        if len(rows) < limit:
            return done


def reject_merge(*, merge: CustomerMerge, actor: Actor, now: datetime) -> None:
    """Leave the two as they are; whoever proposed it takes it back so.

    Raises:
        MergeRefused: the actor may not, or it was decided meanwhile.
    """
    with transaction.atomic():
        standing = _STEPS.standing(actor, Permission.APPROVE_CASE, Permission.DECIDE_CASE, now=now)
        _STEPS.move(merge, Status.REJECTED, actor=actor, now=now, rejected_by=standing.user_id, rejected_at=now)


def reverse_merge(*, merge: CustomerMerge, reason: str, actor: Actor, now: datetime) -> None:
    """Make them two again, each as before.

    Raises:
        MergeRefused: the actor may not, it was taken back already, or something was built on it since.
    """
    with transaction.atomic():
        standing = _STEPS.standing(actor, Permission.APPROVE_CASE, now=now)
        both = _locked(merge.survivor_id, merge.merged_id)
        merge.refresh_from_db()
        survivor, merged = both[merge.survivor_id], both[merge.merged_id]
        if merge.status != Status.APPROVED:
            raise MergeRefused(_("Somebody else has dealt with this already. Reload the page."))
        lock_holds()
        planned = plan_changes({survivor.pk: stored_change(merge.before or {})})
        _refuse(_reasons_to_stay(merge, survivor, planned[0]))
        source = AttributeChange.Source.UNMERGE
        write_changes(planned, source=source, reference=merge.pk, actor=actor, now=now)
        end_carried(survivor=survivor, ids=merge.parties, actor=actor, now=now)
        transition(merged, Customer.Status.ACTIVE, actor=actor, at=now, merged_into=None, is_rating_due=True)
        index_names(list(Customer.objects.filter(pk=survivor.pk)))
        _STEPS.move(
            merge,
            Status.REVERSED,
            actor=actor,
            now=now,
            reversed_by=standing.user_id,
            reversed_at=now,
            reversed_for=reason.strip()[:200],
        )
        pair = _pair(survivor.pk, merged.pk)
        if pair and pair.status == MatchCandidate.Status.MERGED:
            transition(pair, MatchCandidate.Status.OPEN, actor=actor, at=now, decided_by=None, decided_at=None)


def reasons_to_stay(merge: CustomerMerge) -> list[str]:
    """Why a merge cannot be taken back now, in sentences."""
    survivor = merge.survivor
    planned = plan_changes({survivor.pk: stored_change(merge.before or {})}, is_locked=False)
    return _reasons_to_stay(merge, survivor, planned[0])


def _reasons_to_stay(merge: CustomerMerge, survivor: Customer, planned: PlannedChange) -> list[str]:
    if survivor.status != Customer.Status.ACTIVE:
        return [_not_active(survivor)]
    found = []
    if moved := [key for key, value in (merge.after or {}).items() if planned.current(key) != value]:
        names = _(", ").join(map(attribute_label, moved))
        found.append(_("Changed since it was merged: %(facts)s. Put that right by hand first.") % {"facts": names})
    if not are_untouched(survivor, merge.parties):
        found.append(_("Related parties that were taken over have been changed since."))
    if held_subjects([survivor.pk]):
        found.append(_("A legal hold is placed on customer %(number)s.") % {"number": survivor.number})
    if proposed_of(survivor.pk, survivor.pk):
        found.append(_("Another merge with this customer is proposed. It has to be decided first."))
    return found


def _not_active(customer: Customer) -> str:
    if customer.status == Customer.Status.MERGED:
        words = _("Customer %(number)s has become part of another. Begin with that one.")
    else:
        words = _("The contract with customer %(number)s has ended.")
    return words % {"number": customer.number}


def _locked(*ids: UUID) -> dict[UUID, Customer]:
    """Both customers, as everybody locks them: in the order of their ids."""
    rows = Customer.objects.filter(pk__in=ids).order_by("pk").select_for_update(of=("self",))
    found = {one.pk: one for one in rows}
    if len(found) != len(ids):
        raise MergeRefused(_("One of them is no longer in the customer book."))
    return found


def _pair(one: UUID, other: UUID) -> MatchCandidate | None:
    pair = Q(first=one, second=other) | Q(first=other, second=one)
    found: MatchCandidate | None = MatchCandidate.objects.filter(pair).first()
    return found


def _refuse(reasons: Sequence[str]) -> None:
    if reasons:
        raise MergeRefused(" ".join(reasons))
