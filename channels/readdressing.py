"""Notices that waited while their institution's own domain was lost: their addresses lead to the service instead."""

from __future__ import annotations

import json
from collections.abc import Sequence
from urllib.parse import urlsplit

from channels.models import DeliveryAttempt
from channels.settling import PUSH
from tenants.domains.addresses import moved_to_service
from tenants.domains.selectors import hosts_left
from tenants.keys import CannotDecrypt, KeysUnavailable, PersonShredded
from tenants.models import tenant_in_scope


def lead_to_where_we_are(attempts: Sequence[DeliveryAttempt]) -> None:
    """Rewrite what is about to leave and names a host that is not served any more: whoever has it now is a stranger.

    A LINE push that was tried before stays as it was, because LINE compares it by its retry key. One query where no
    host was ever left; needs a transaction.
    """
    left = hosts_left()
    if not left:
        return
    tenant, changed = tenant_in_scope(), []
    for attempt in attempts:
        try:
            words = dict(attempt.snapshot)
        except (KeysUnavailable, PersonShredded, CannotDecrypt):
            continue  # whoever hands it over meets the same, and settles it
        host = urlsplit(str(words.get("link", ""))).hostname
        if host in left and (attempt.tries <= 1 or attempt.method != PUSH):
            attempt.snapshot = json.loads(moved_to_service(json.dumps(words, ensure_ascii=False), host, tenant))
            changed.append(attempt)
    if changed:
        DeliveryAttempt.objects.bulk_update(changed, ["snapshot"])
