"""What the audit trail says of the customer file: looks at its past, and pairs of customers who look alike."""

from __future__ import annotations

from collections.abc import Mapping

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from integrations.pickups.models import AgainReason
from reporting.wording import Wording

# What stands in the trail as a code.
CODES: dict[str, Promise | str] = dict(AgainReason.choices)

FILE: Mapping[str, Wording] = {
    "returnlayout.proposed": Wording(
        _("%(actor)s proposed version %(version)s of the layout of return files."), "edit"
    ),
    "returnlayout.approved": Wording(_("%(actor)s approved a layout of return files."), "check", "warning"),
    "returnlayout.rejected": Wording(_("%(actor)s rejected a layout of return files."), "undo"),
    "returnbatch.ordered": Wording(_("%(actor)s ordered return file %(number)s."), "upload"),
    "returnbatch.prepared": Wording(_("A return file was made and waits for its release."), "check", "info"),
    "returnbatch.released": Wording(_("%(actor)s released a return file for the core system."), "send", "success"),
    "returnbatch.taken": Wording(_("%(actor)s downloaded return file %(number)s."), "download", "warning"),
    "returnbatch.acknowledged": Wording(
        _("%(actor)s recorded that the core system took a return file in."), "check", "success"
    ),
    "returnbatch.refused": Wording(
        _("%(actor)s recorded that the core system refused a return file."), "alert", "danger"
    ),
    "returnbatch.discarded": Wording(_("A return file was thrown away before it left."), "undo"),
    "returnbatch.file_destroyed": Wording(_("The time of return file %(number)s was over; it was destroyed."), "x"),
    "pickupsource.saved": Wording(_("%(actor)s set up where customer files are fetched from."), "edit", "warning"),
    "pickupsource.key_renewed": Wording(
        _("%(actor)s had a new key made for fetching customer files."), "key", "warning"
    ),
    "pickupsource.approved": Wording(
        _("%(actor)s approved that fetched files are taken in without a person."), "check", "warning"
    ),
    "pickupsource.active": Wording(_("%(actor)s resumed a scheduled pick-up."), "play"),
    "pickupsource.paused": Wording(_("%(actor)s paused a scheduled pick-up."), "pause", "warning"),
    "pickupsource.ordered": Wording(_("%(actor)s had a pick-up looked at outside its hours."), "clock"),
    "pickupsource.failed": Wording(_("Customer files could not be fetched."), "alert", "danger"),
    "pickupsource.recovered": Wording(_("Customer files can be fetched again."), "check", "success"),
    "pickupsource.missing": Wording(_("A customer file did not come by its hour."), "alert", "danger"),
    "pickedfile.again": Wording(_("%(actor)s had a file fetched again that had been dealt with."), "undo", "warning"),
    "pickedfile.taken": Wording(_("A customer file was fetched and is tried."), "download", "info"),
    "pickedfile.committed": Wording(_("A fetched file is below the limits and is taken in."), "check", "success"),
    "pickedfile.held": Wording(_("A fetched file is held for a person."), "alert", "warning"),
    "pickedfile.known": Wording(_("A fetched file has known content and was not taken again."), "circle"),
    "pickedfile.refused": Wording(_("A fetched file is no customer file and was not taken."), "alert", "danger"),
    "pickedfile.gone": Wording(_("A file vanished before it could be fetched."), "circle"),
    "exportlimit.proposed": Wording(
        _("%(actor)s proposed that one person may export %(rows)s customers without a second one."), "edit"
    ),
    "exportlimit.approved": Wording(
        _("%(actor)s approved another number of customers that one person may export."), "check", "warning"
    ),
    "exportlimit.rejected": Wording(
        _("%(actor)s rejected another number of customers that one person may export."), "undo"
    ),
    "customerexport.ordered": Wording(
        _("%(actor)s ordered an export of %(rows)s customers for matter %(matter)s."), "download", "warning"
    ),
    "customerexport.made": Wording(_("An export of %(rows)s customers was made."), "check", "info"),
    "customerexport.ready": Wording(_("An export can be downloaded by the one who ordered it."), "check", "info"),
    "customerexport.prepared": Wording(_("An export waits for the approval of a second person."), "clock", "info"),
    "customerexport.approved": Wording(_("%(actor)s approved an export of %(rows)s customers."), "check", "warning"),
    "customerexport.rejected": Wording(_("%(actor)s did not approve an export of %(rows)s customers."), "x"),
    "customerexport.taken": Wording(_("%(actor)s downloaded an export of %(rows)s customers."), "download", "warning"),
    "customerexport.discarded": Wording(_("The file of an export was thrown away."), "undo"),
    "customerexport.expired": Wording(_("The time of an export was over; it was destroyed."), "x"),
    "customerexport.failed": Wording(_("An export could not be made."), "alert", "danger"),
    "customer.looked_back": Wording(
        _("%(actor)s looked at what was on file about customer %(target)s on %(on)s."), "eye", "warning"
    ),
    "link.ended": Wording(_("The link of customer %(target)s ended, because a guardian is asked instead."), "lock"),
    "matchcandidate.found": Wording(_("Customer %(target)s was found to be like another."), "users", "info"),
    "matchcandidate.open": Wording(_("Whether customer %(target)s and another are one is to be judged again."), "undo"),
    "matchcandidate.different": Wording(
        _("%(actor)s judged that customer %(target)s and another are not the same."), "check", "success"
    ),
    "matchcandidate.household": Wording(
        _("%(actor)s judged that customer %(target)s and another are one household."), "check", "success"
    ),
    "matchcandidate.gone": Wording(_("Customer %(target)s is no longer like another."), "circle"),
    "matchcandidate.merged": Wording(
        _("Customer %(target)s was merged with the other of the pair."), "check", "success"
    ),
    "customermerge.proposed": Wording(
        _("%(actor)s proposed to merge customer %(target)s into another."), "send", "info"
    ),
    "customermerge.approved": Wording(_("%(actor)s had customer %(target)s merged into another."), "check", "warning"),
    "customermerge.rejected": Wording(_("%(actor)s rejected the merging of customer %(target)s."), "undo"),
    "customermerge.reversed": Wording(_("%(actor)s took the merging of customer %(target)s back."), "undo", "warning"),
    "customer.merged": Wording(_("Customer %(target)s became part of another."), "users", "warning"),
    "ownattribute.proposed": Wording(_("%(actor)s defined the attribute “%(code)s” of customers."), "plus", "info"),
    "ownattribute.changed": Wording(_("%(actor)s changed the attribute “%(code)s” of customers."), "edit"),
    "ownattribute.active": Wording(
        _("%(actor)s put the attribute “%(target)s” of customers in use."), "check", "success"
    ),
    "ownattribute.retired": Wording(_("%(actor)s retired the attribute “%(target)s” of customers."), "x", "warning"),
    "ownattribute.refused": Wording(_("%(actor)s refused the attribute “%(target)s” of customers."), "x", "warning"),
    "ownattribute.keeping_set": Wording(
        _("%(actor)s set how long values of the attribute “%(code)s” of customers are kept."), "clock", "warning"
    ),
    "customer.values_destroyed": Wording(
        _("A rule destroyed values of customer %(target)s whose time of keeping was over."), "x", "warning"
    ),
    "product.added": Wording(_("%(actor)s put product %(code)s on the list of products."), "plus", "info"),
    "product.changed": Wording(_("%(actor)s changed product %(code)s of the list of products."), "edit"),
    "tenant.contact_searched": Wording(
        _("%(actor)s, who sees personal data masked, looked for whose a telephone number or e-mail address is."),
        "search",
        "warning",
    ),
    "customer.stay_ended": Wording(_("The stay of customer %(target)s has ended; the risk is rated anew."), "clock"),
    "endedstay.dealt_with": Wording(
        _("%(actor)s dealt with the ended stay of customer %(target)s."), "check", "success"
    ),
    "endedstay.settled": Wording(_("The ended stay of customer %(target)s was settled by the file."), "check"),
    "policydraft.proposed": Wording(_("%(actor)s proposed another risk policy."), "shield", "info"),
    "policydraft.approved": Wording(_("%(actor)s approved another risk policy."), "check", "success"),
    "policydraft.rejected": Wording(_("%(actor)s rejected another risk policy."), "x", "warning"),
    "customer.related_entered": Wording(_("%(actor)s entered a related party of customer %(target)s."), "user", "info"),
    "customer.related_changed": Wording(_("%(actor)s changed a related party of customer %(target)s."), "edit"),
    "customer.related_ended": Wording(_("%(actor)s ended a related party of customer %(target)s."), "x", "warning"),
    "customerflag.raised": Wording(_("%(actor)s put a flag on customer %(target)s."), "alert", "warning"),
    "customerflag.reason_read": Wording(_("%(actor)s read why customer %(target)s has a flag."), "eye", "warning"),
    "customerflag.lifted": Wording(_("A flag of customer %(target)s was lifted."), "check", "success"),
    "customerflag.lapsed": Wording(_("A flag of customer %(target)s lapsed on its last day."), "clock"),
    "flaglifting.proposed": Wording(_("%(actor)s proposed to lift a flag of customer %(target)s."), "undo", "info"),
    "flaglifting.approved": Wording(_("%(actor)s approved lifting a flag of customer %(target)s."), "check", "success"),
    "flaglifting.rejected": Wording(_("Lifting a flag of customer %(target)s was rejected."), "x"),
    "periodicreview.taken_out": Wording(
        _("Customer %(target)s is not asked any more in this campaign because of a flag."), "x", "warning"
    ),
    "customer.owner_paper_taken": Wording(
        _("%(actor)s took in a paper about the owners of customer %(target)s."), "form", "info"
    ),
    "fixedlayout.saved": Wording(
        _("%(actor)s described a layout of fixed-length files: %(columns)s columns in %(length)s bytes."), "edit"
    ),
    "fixedlayout.removed": Wording(_("%(actor)s removed a layout of fixed-length files."), "x"),
    "customerimport.changes_seen": Wording(
        _("%(actor)s looked at what the customer file %(target)s changes of %(customers)s customers."), "eye", "warning"
    ),
}
