"""The legal steps of an import in the portal."""

from journal.moving import lifecycle

IMPORT_RUN = lifecycle(
    "import_run",
    {
        "": "uploaded",
        "uploaded": "checking cancelled failed",
        "checking": "uploaded checked cancelled failed",
        # with another mapping it is checked anew
        "checked": "uploaded queued cancelled",
        "queued": "running cancelled failed",
        "running": "queued done cancelled failed",
        "done": "",
        # what is here stays; the rest may follow once the cause is mended
        "failed": "uploaded",
        "cancelled": "uploaded",
    },
)
