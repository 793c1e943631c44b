"""Codes of plans and progress in words."""

from __future__ import annotations

from django import template

from campaigns import wording

register = template.Library()
register.filter("channel_name", wording.channel)
register.filter("tier_name", wording.tier)
register.filter("attempt_status", wording.attempt_status)
register.filter("method_name", wording.method)
register.filter("duration_words", wording.duration)
