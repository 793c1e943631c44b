"""Taking a file into the customer book through the pages of staff."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import transaction
from django.test import Client
from django.urls import reverse

from audit.services import Actor
from customers.models import CustomerImport
from customers.services import run_import
from tests.conftest import NOW


def id_in(address: str) -> UUID:
    return UUID(address.rstrip("/").rsplit("/", 1)[1])


def upload(client: Client, content: bytes, name: str = "book.csv") -> CustomerImport:
    """Send a file through the page; the import it became."""
    response = client.post(reverse("import-new"), {"file": SimpleUploadedFile(name, content)})
    assert response.status_code == 302, response.content.decode()
    with transaction.atomic():
        found: CustomerImport = CustomerImport.objects.get(pk=id_in(response.headers["Location"]))
    return found


def work(item: CustomerImport) -> None:
    """What waits is done in the background."""
    run_import(import_id=item.pk, actor=Actor.system("tests"), now=NOW)


def confirm(client: Client, item: CustomerImport, **said: str) -> Any:
    """Send the columns as the page has them, some of them changed."""
    columns = {f"column-{at}": key or "" for at, key in enumerate(item.columns)}
    return client.post(reverse("import-columns", args=[item.pk]), {**columns, **said})


def take(client: Client, content: bytes) -> CustomerImport:
    """Send a file through all its steps."""
    item = upload(client, content)
    if item.status == CustomerImport.Status.DRAFT:
        assert confirm(client, item).status_code == 302
    work(item)
    client.post(reverse("import-commit", args=[item.pk]))
    work(item)
    return item
