"""The legal steps of training runs (DESIGN §4)."""

from journal.moving import lifecycle

TRAINING_RUN = lifecycle(
    "training_run",
    {
        "": "queued",
        "queued": "training cancelled failed",
        "training": "queued evaluated failed cancelled",
        "evaluated": "challenger rejected",
        "challenger": "champion rejected",
        "champion": "retired",
        "retired": "champion",
        "rejected": "",
        "failed": "",
        "cancelled": "",
    },
)
