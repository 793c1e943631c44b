"""Rules about the code itself: the cheapest way to keep an architecture."""

from __future__ import annotations

import ast
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.apps import apps
from django.db import models

from audit.transitions import Stateful
from cdd.celery import app as celery_app
from tests.conftest import ROOT

OURS = [
    "audit", "tenants", "retention", "uploads", "customers", "risk", "questionnaires", "channels", "ekyc", "companies",
    "reviews", "outreach", "campaigns",
    "integrations", "reporting", "portal", "cdd", "sandbox",
]  # fmt: skip


def modules(*folders: str) -> Iterator[Path]:
    for folder in folders or OURS:
        for path in sorted((ROOT / folder).rglob("*.py")):
            if "migrations" not in path.parts:
                yield path


def name_of(path: Path) -> str:
    return str(path.relative_to(ROOT))


def stateful_models() -> list[type[models.Model]]:
    return [model for model in apps.get_models() if issubclass(model, Stateful)]


@pytest.mark.parametrize("model", stateful_models(), ids=lambda model: model.__name__)
def test_every_status_is_declared_and_can_be_reached(model: type[Stateful]) -> None:
    meta: Any = model._meta
    status = meta.get_field("status")
    declared = {str(value) for value, _ in status.choices}
    transitions = {str(was): {str(to) for to in tos} for was, tos in model.TRANSITIONS.items()}
    assert set(transitions) <= declared
    reached, ahead = set(), [str(status.default)]
    while ahead:
        here = ahead.pop()
        if here not in reached:
            reached.add(here)
            ahead += transitions.get(here, set())
    assert reached == declared


def test_every_scheduled_task_exists_and_every_task_has_a_queue() -> None:
    celery_app.loader.import_default_modules()
    ours = {name for name in celery_app.tasks if not name.startswith("celery.")}
    scheduled = {entry["task"] for entry in celery_app.conf.beat_schedule.values()}
    assert scheduled <= ours
    consumed = {"default", "delivery", "letters", "bulk"}
    for name in ours:
        queue = celery_app.amqp.router.route({}, name)["queue"]
        assert queue.name in consumed, name


def test_every_room_says_what_it_is_for() -> None:
    silent = [name_of(path) for path in modules() if not ast.get_docstring(ast.parse(path.read_text()))]
    assert silent == []


def test_no_file_has_grown_past_its_topic() -> None:
    long = {name_of(path): lines for path in modules() if (lines := len(path.read_text().splitlines())) > 400}
    assert long == {}


def test_there_are_no_drawers() -> None:
    drawers = re.compile(r"(^|/)(utils?|helpers?|common|core|misc|manager|stuff)(\.py|/)")
    assert [name_of(path) for path in modules() if drawers.search(name_of(path))] == []


MAY_MOVE_STATUSES = {
    ROOT / "audit" / "transitions.py",
    ROOT / "cdd" / "benchmarks" / "audit.py",  # measures what the same change costs without its act
}


def test_a_status_is_never_assigned() -> None:
    """Rule 2: only `audit.transitions` moves a status."""
    guilty = [
        f"{name_of(path)}:{line}"
        for path in modules()
        if not path.is_relative_to(ROOT / "sandbox") and path not in MAY_MOVE_STATUSES
        for line in status_writes(ast.parse(path.read_text()))
    ]
    assert guilty == []


def status_writes(tree: ast.AST) -> Iterator[int]:
    """Lines that assign ``.status`` or pass ``status=`` to an ``update()``."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Assign):
            yield from (node.lineno for t in node.targets if isinstance(t, ast.Attribute) and t.attr == "status")
        elif isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == "update":
            yield from (node.lineno for keyword in node.keywords if keyword.arg == "status")


def test_status_writes_are_seen() -> None:
    """Positive control."""
    assert list(status_writes(ast.parse("case.status = 1\nrows.update(status=1)\nrows.filter(status=1)"))) == [1, 2]


def test_the_clock_is_read_only_at_the_edge() -> None:
    """Rule 10: services and rules are told the time."""
    edges = {"views.py", "pages.py", "tasks.py", "webhooks.py", "apps.py", "health.py", "signing.py"}
    # django-allauth and Django's sessions call these from inside a request, and hand them no time.
    names = ("adapters", "forms", "factor_forms", "middleware", "provider_adapter", "receivers")
    hooks = {"tenants/sessions.py"} | {f"tenants/sign_in/{name}.py" for name in names}
    reading = re.compile(r"timezone\.now\(\)|datetime\.now\(|date\.today\(|localdate\(\)")
    guilty = [
        name_of(path)
        for path in modules(*[folder for folder in OURS if folder not in {"sandbox", "cdd"}])
        if path.name not in edges
        and name_of(path) not in hooks
        and "commands" not in path.parts
        and "views" not in path.parts
        and reading.search(path.read_text())
    ]
    assert guilty == []


def test_nothing_hangs_on_saving() -> None:
    """No business rule behind post_save: facts are signals of ours, in the past tense."""
    guilty = [name_of(path) for path in modules() if re.search(r"post_save|pre_save\.connect", path.read_text())]
    assert guilty == []


def test_tasks_are_short() -> None:
    """Rule 8: a task or a view calls one service; logic in tasks cannot be tested alone."""
    for path in modules():
        if path.name != "tasks.py":
            continue
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.FunctionDef):
                assert len(node.body) <= 8, f"{name_of(path)}:{node.name}"


def test_templates_carry_no_inline_script_or_style() -> None:
    """A strict Content-Security-Policy would block it."""
    inline = re.compile(r"<script(?![^>]*\bsrc=)[^>]*>|\sstyle=|\son[a-z]+=\"|<style", re.IGNORECASE)
    guilty = [
        name_of(path)
        for path in sorted((ROOT / "templates").rglob("*.html"))
        if "notices" not in path.parts and inline.search(path.read_text())
    ]
    assert guilty == []


def test_django_channels_is_not_installed() -> None:
    """Its import name is our app's (docs/adr/0001)."""
    assert '\nname = "channels"' not in (ROOT / "uv.lock").read_text()


def test_migrations_say_everything_the_models_say(db_clean: None) -> None:
    from django.core.management import call_command

    call_command("makemigrations", "--check", "--dry-run", verbosity=0)


def test_the_project_speaks_of_itself_alone() -> None:
    """No path of somebody's machine and no secret in what is committed."""
    listed = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=False)
    if listed.returncode:
        return
    paths = re.compile("|".join([r"(?<!\w)/wo" + "rk/", r"(?<!\w)/ro" + "ot/", r"BEGIN (RSA |EC )?PRIVATE KEY"]))
    guilty = []
    for name in listed.stdout.splitlines():
        path = ROOT / name
        is_text = path.suffix in {".py", ".md", ".toml", ".yml", ".html", ".css", ".sh", ""} and path.is_file()
        if is_text and paths.search(path.read_text(errors="ignore")):
            guilty.append(name)
    assert guilty == []
