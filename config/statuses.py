"""How a state looks: its words, its tone, its icon. One table for every lifecycle."""

from typing import NamedTuple

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

TONE_ICONS = {
    "queued": "clock",
    "running": "play",
    "done": "check",
    "blocked": "pause",
    "bad": "alert",
    "quiet": "dot",
}


class Look(NamedTuple):
    label: str | Promise
    tone: str
    icon: str = ""


STATUSES: dict[str, Look] = {
    # quotes
    "draft": Look(_("Draft"), "quiet", "edit"),
    "analysing": Look(_("Being checked"), "running", "search"),
    "priced": Look(_("Priced"), "queued", "tag"),
    "sent": Look(_("Sent"), "queued", "mail"),
    "accepted": Look(_("Accepted"), "done"),
    "declined": Look(_("Declined"), "quiet", "x"),
    "expired": Look(_("Expired"), "quiet", "clock"),
    "withdrawn": Look(_("Withdrawn"), "quiet", "return"),
    "needs_changes": Look(_("Needs changes"), "blocked", "edit"),
    # orders and their lines
    "placed": Look(_("Placed"), "queued"),
    "confirmed": Look(_("Confirmed"), "queued", "check"),
    "on_hold": Look(_("On hold"), "blocked"),
    "closed": Look(_("Closed"), "done"),
    "cancelled": Look(_("Cancelled"), "quiet", "ban"),
    "pending": Look(_("Waiting"), "queued"),
    "promised": Look(_("Promised"), "queued", "calendar"),
    "planned": Look(_("Planned"), "queued", "calendar"),
    "in_production": Look(_("In production"), "running"),
    "produced": Look(_("Produced"), "done"),
    "shipped": Look(_("Shipped"), "running", "truck"),
    "part_shipped": Look(_("Part-shipped"), "running", "truck"),
    "delivered": Look(_("Delivered"), "done"),
    "returned": Look(_("Returned"), "blocked", "return"),
    # work orders and jobs
    "firmed": Look(_("Fixed"), "queued", "lock"),
    "released": Look(_("Released"), "queued"),
    "in_progress": Look(_("In progress"), "running"),
    "completed": Look(_("Completed"), "done"),
    "waiting": Look(_("Waiting"), "queued"),
    "ready": Look(_("Ready"), "queued", "check"),
    "dispatched": Look(_("Given out"), "queued", "arrow-right"),
    "setup": Look(_("Setting up"), "running", "wrench"),
    "running": Look(_("Running"), "running"),
    "inspecting": Look(_("In inspection"), "running", "search"),
    "paused": Look(_("Paused"), "blocked"),
    "done": Look(_("Done"), "done"),
    "failed": Look(_("Failed"), "bad"),
    "unknown": Look(_("Link lost"), "bad", "help"),
    # machines
    "offline": Look(_("Offline"), "quiet", "ban"),
    "idle": Look(_("Free"), "done"),
    "blocked": Look(_("Blocked"), "blocked"),
    "down": Look(_("Down"), "bad"),
    "maintenance": Look(_("Maintenance"), "blocked", "wrench"),
    # training runs and other long work
    "queued": Look(_("Queued"), "queued"),
    "succeeded": Look(_("Succeeded"), "done"),
    "live": Look(_("Live"), "done", "bolt"),
    "rejected": Look(_("Not used"), "quiet", "x"),
    "superseded": Look(_("Replaced"), "quiet", "refresh"),
    # imports
    "uploaded": Look(_("Uploaded"), "queued", "upload"),
    "checking": Look(_("Checking"), "running", "search"),
    "checked": Look(_("Checked"), "queued", "check"),
    # material, quality, labels derived from facts
    "open": Look(_("Open"), "blocked", "dot"),
    "expected": Look(_("Expected"), "queued"),
    "received": Look(_("Received"), "queued", "box"),
    "quarantined": Look(_("Quarantined"), "blocked", "lock"),
    "available": Look(_("Available"), "done"),
    "late": Look(_("Late"), "bad"),
    "at_risk": Look(_("At risk"), "blocked", "alert"),
    "on_time": Look(_("On time"), "done"),
}


def look(status: str, label: str = "", tone: str = "") -> tuple[str, str, str]:
    """Words, tone and icon of `status`; an unknown status is quiet and shows its own name."""
    known = STATUSES.get(status, Look(status.replace("_", " "), "quiet"))
    shown = tone or known.tone
    icon = known.icon if known.icon and shown == known.tone else TONE_ICONS.get(shown, "dot")
    return str(label or known.label), shown, icon
