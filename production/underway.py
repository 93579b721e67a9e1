"""How far begun work is, beyond the pieces that were reported."""

from collections.abc import Collection, Sequence
from datetime import datetime, timedelta
from typing import Protocol

from django.db.models import Max

from journal.models import Transition
from production.calendars import minute_of, open_windows
from production.models import Job, JobReport, Machine
from production.scheduling.worktime import OpenTime


class Begun(Protocol):
    """What is asked of a job that a machine may be at."""

    @property
    def pk(self) -> int: ...
    @property
    def status(self) -> str: ...
    @property
    def machine_id(self) -> int | None: ...


FORGOTTEN = timedelta(days=14)  # what has run longer was rather forgotten


def minutes_worked(
    jobs: Collection[Begun], machines: Sequence[Machine], now: datetime
) -> dict[int, int]:
    """Open minutes that running jobs were worked on since they began to run or last reported.

    A machine that is stopped works on nothing. `work_center.plant` of the machines comes loaded.
    """
    running = {job.pk: job for job in jobs if job.status == Job.Status.RUNNING}
    since = {pk: at for pk, at in _since(running).items() if now - FORGOTTEN <= at < now}
    if not since:
        return {}
    first = min(since.values()).replace(second=0, microsecond=0)
    busy = {running[pk].machine_id for pk in since}
    used = [machine for machine in machines if machine.pk in busy]
    windows = open_windows(used, first, (now - first).days + 2, now)
    hours = {machine_id: OpenTime(spans) for machine_id, spans in windows.items()}
    return {
        pk: hours[machine_id].worked(minute_of(now, first))
        - hours[machine_id].worked(minute_of(at, first))
        for pk, at in since.items()
        if (machine_id := running[pk].machine_id) in hours
    }


def _since(job_ids: Collection[int]) -> dict[int, datetime]:
    steps = Transition.objects.filter(kind="job", object_id__in=job_ids, to_status="running")
    since = dict(steps.values_list("object_id").annotate(Max("at")))
    reports = JobReport.objects.filter(job__in=job_ids)
    for job_id, at in reports.values_list("job").annotate(Max("at")):
        since[job_id] = max(at, since.get(job_id, at))
    return since
