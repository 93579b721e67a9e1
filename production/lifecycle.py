"""The legal steps of work orders, jobs, machines and plans (DESIGN §4)."""

from journal.moving import lifecycle

WORK_ORDER = lifecycle(
    "work_order",
    {
        "": "planned",
        "planned": "firmed on_hold cancelled",
        "firmed": "planned released on_hold cancelled",
        "released": "in_progress on_hold cancelled",
        "in_progress": "completed on_hold cancelled",
        "on_hold": "planned firmed released in_progress cancelled",
        "completed": "closed",
        "closed": "",
        "cancelled": "",
    },
)

JOB = lifecycle(
    "job",
    {
        "": "waiting",
        "waiting": "ready cancelled",
        "ready": "dispatched cancelled",
        "dispatched": "setup running ready unknown cancelled",
        "setup": "running failed",
        "running": "paused inspecting done failed unknown",
        "paused": "running failed unknown",
        "inspecting": "done failed",
        "unknown": "running done failed",
        "done": "",
        "failed": "",
        "cancelled": "",
    },
)

_MACHINE_STATES = "offline idle setup running blocked starved down maintenance unknown"

# A machine reports what it is; from any state it may be found in any other.
MACHINE = lifecycle(
    "machine",
    {"": "idle offline"}
    | {
        state: " ".join(other for other in _MACHINE_STATES.split() if other != state)
        for state in _MACHINE_STATES.split()
    },
)

PLAN = lifecycle(
    "plan",
    {
        "": "draft",
        "draft": "published rejected",
        "published": "superseded",
        "superseded": "",
        "rejected": "",
    },
)
