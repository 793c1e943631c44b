"""Celery: where tasks run and when. The rows are the queue; a message lost here costs one interval."""

from __future__ import annotations

import os

from celery import Celery
from celery.schedules import crontab

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "cdd.settings")

from django.conf import settings

from cdd.broker import broker_address, use_sturdy_transport
from cdd.checks import refuse_insecure_production

refuse_insecure_production()
use_sturdy_transport()
app = Celery("keizoku", task_cls="tenants.messages:TenantTask")
app.conf.update(
    broker_url=broker_address(settings.REDIS_URL),
    result_backend=None,
    task_ignore_result=True,
    task_serializer="json",
    accept_content=["json"],
    timezone="Asia/Tokyo",
    enable_utc=True,
    # A failure is recorded in our tables, not in the broker; tasks are idempotent claims.
    task_acks_late=True,
    task_acks_on_failure=True,
    task_acks_on_timeout=True,
    task_reject_on_worker_lost=True,
    worker_prefetch_multiplier=1,
    task_soft_time_limit=240,
    task_time_limit=300,
    worker_max_tasks_per_child=500,
    worker_max_memory_per_child=600_000,
    worker_soft_shutdown_timeout=30,
    worker_hijack_root_logger=False,
    broker_connection_retry_on_startup=True,
    broker_transport_options={
        "visibility_timeout": 900,
        "socket_keepalive": True,
        "health_check_interval": 25,
    },
    task_default_queue="default",
    task_routes={
        "channels.tasks.print_letters": {"queue": "letters"},
        "channels.tasks.*": {"queue": "delivery"},
        "ekyc.tasks.*": {"queue": "delivery"},
        "customers.tasks.*": {"queue": "bulk"},
        "risk.tasks.*": {"queue": "bulk"},
        "campaigns.tasks.*": {"queue": "bulk"},
        "companies.tasks.*": {"queue": "bulk"},
        "retention.tasks.*": {"queue": "bulk"},
        "integrations.tasks.*": {"queue": "bulk"},
    },
    beat_schedule={
        "imports": {
            "task": "customers.tasks.run_waiting_imports",
            "schedule": 3.0,
            "options": {"expires": 9},
        },
        "match-candidates": {
            "task": "customers.tasks.find_match_candidates",
            "schedule": crontab(minute="15", hour="2"),
        },
        "lapsing-flags": {
            "task": "customers.tasks.lapse_flags_that_end",
            "schedule": crontab(minute="2", hour="0"),
        },
        "ended-stays": {
            "task": "customers.tasks.note_stays_that_ended",
            "schedule": crontab(minute="3", hour="0"),
        },
        "exports": {"task": "customers.tasks.make_exports", "schedule": 3.0, "options": {"expires": 9}},
        "old-exports": {"task": "customers.tasks.destroy_exports", "schedule": 600.0, "options": {"expires": 600}},
        "ratings": {"task": "risk.tasks.rate_waiting", "schedule": 3.0, "options": {"expires": 9}},
        "campaigns": {"task": "campaigns.tasks.run_campaigns", "schedule": 3.0, "options": {"expires": 9}},
        "silent": {
            "task": "campaigns.tasks.contact_silent_customers",
            "schedule": 600.0,
            "options": {"expires": 1200},
        },
        "overdue": {
            "task": "campaigns.tasks.close_overdue_reviews",
            "schedule": crontab(minute="5", hour="0"),
        },
        "sums": {"task": "campaigns.tasks.check_sums", "schedule": 600.0, "options": {"expires": 600}},
        "dispatch": {"task": "channels.tasks.dispatch_due", "schedule": 2.0, "options": {"expires": 6}},
        "inbox": {"task": "channels.tasks.process_inbox", "schedule": 2.0, "options": {"expires": 6}},
        "sweep": {"task": "channels.tasks.sweep", "schedule": 10.0, "options": {"expires": 30}},
        "backlogs": {"task": "channels.tasks.check_backlogs", "schedule": 60.0, "options": {"expires": 60}},
        "ekyc-inbox": {"task": "ekyc.tasks.process_inbox", "schedule": 2.0, "options": {"expires": 6}},
        "ekyc-sweep": {"task": "ekyc.tasks.sweep", "schedule": 60.0, "options": {"expires": 120}},
        "uploads": {"task": "uploads.tasks.examine_waiting", "schedule": 2.0, "options": {"expires": 6}},
        "copies": {"task": "outreach.tasks.make_copies", "schedule": 2.0, "options": {"expires": 6}},
        "old-copies": {"task": "outreach.tasks.destroy_copies", "schedule": 600.0, "options": {"expires": 600}},
        "registry": {"task": "companies.tasks.take_differences", "schedule": crontab(minute="20", hour="6")},
        "find-due-for-purge": {"task": "retention.tasks.find_due", "schedule": crontab(minute="30", hour="1")},
        "purge": {"task": "retention.tasks.execute_approved", "schedule": 60.0, "options": {"expires": 120}},
        "return-files": {
            "task": "integrations.tasks.make_return_files",
            "schedule": 3.0,
            "options": {"expires": 9},
        },
        "pick-ups": {"task": "integrations.tasks.pick_up_books", "schedule": 3.0, "options": {"expires": 9}},
        "picked-files": {"task": "integrations.tasks.decide_pick_ups", "schedule": 3.0, "options": {"expires": 9}},
        "old-files": {"task": "integrations.tasks.destroy_old_files", "schedule": 600.0, "options": {"expires": 600}},
        "rewrap-keys": {"task": "tenants.tasks.rewrap_person_keys", "schedule": crontab(minute="45", hour="3")},
        "invitations": {"task": "tenants.tasks.deliver_invitations", "schedule": 15.0},
        "own-domains": {"task": "tenants.tasks.look_at_own_domains", "schedule": 600.0, "options": {"expires": 600}},
        "check-tenancy": {"task": "tenants.tasks.check_tenancy", "schedule": crontab(minute="15", hour="3")},
    },
)
app.autodiscover_tasks(
    [
        "tenants",
        "retention",
        "uploads",
        "customers",
        "risk",
        "outreach",
        "campaigns",
        "channels",
        "ekyc",
        "companies",
        "integrations",
    ]
)
