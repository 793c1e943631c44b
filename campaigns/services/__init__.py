"""Writes of campaigns, by topic: drafting, approving, sending, receiving, calling the silent, closing."""

from campaigns.services.approving import (
    approve_campaign,
    pause_campaign,
    reject_campaign,
    resume_campaign,
    submit_campaign,
)
from campaigns.services.closing import close_campaign, close_overdue
from campaigns.services.drafting import plan_campaign
from campaigns.services.receiving import complete_review, receive_answer, receive_verification
from campaigns.services.refusals import CampaignNotReady, CampaignRefused, NotEntitled, OwnWork, PlanChanged
from campaigns.services.resending import approve_resend, propose_resend, reject_resend
from campaigns.services.sending import escalate, escalate_stuck, notify_planned, withdraw_strays
from campaigns.services.silence import contact_silent
from campaigns.services.withholding import heed_flag, heed_refusal

__all__ = [
    "CampaignNotReady",
    "CampaignRefused",
    "NotEntitled",
    "OwnWork",
    "PlanChanged",
    "approve_campaign",
    "approve_resend",
    "close_campaign",
    "close_overdue",
    "complete_review",
    "contact_silent",
    "escalate",
    "escalate_stuck",
    "heed_flag",
    "heed_refusal",
    "notify_planned",
    "pause_campaign",
    "plan_campaign",
    "propose_resend",
    "receive_answer",
    "receive_verification",
    "reject_campaign",
    "reject_resend",
    "resume_campaign",
    "submit_campaign",
    "withdraw_strays",
]
