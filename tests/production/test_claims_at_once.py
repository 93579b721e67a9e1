"""Fifty terminals claim at the same moment: each job goes to one of them.

The same harness with a claim that reads first and writes later gives one job to many, so it can
see doubles.
"""

from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest
from django.db import connections
from django.db.models import F

from journal.models import IdempotencyKey, Transition
from production import queues, terminals
from production.models import Job
from tests.production import floor

TERMINALS = 50
JOBS = 60

pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.urls("tests.production.floor_urls"),
]


@pytest.fixture
def shop(file_database):
    shop = floor.build()
    for _ in range(JOBS):
        shop.work_order()
    return shop


def at_once(claim):
    """What fifty threads get that call `claim(number)` at the same moment, own connections each."""
    gate = Barrier(TERMINALS)

    def enter(number):
        try:
            gate.wait(timeout=60)
            return claim(number)
        finally:
            connections.close_all()

    with ThreadPoolExecutor(TERMINALS) as threads:
        return list(threads.map(enter, range(TERMINALS)))


def doubles(job_ids):
    return {job_id for job_id, times in Counter(job_ids).items() if times > 1}


def test_fifty_terminals_claiming_at_once_get_the_first_fifty_jobs(shop):
    in_order = Job.objects.filter(sequence=10).order_by("work_order__due")
    first = set(in_order.values_list("pk", flat=True)[:TERMINALS])
    tokens = [
        terminals.make_token(f"t{number}", shop.printing, now=floor.MONDAY)
        for number in range(TERMINALS)
    ]
    answers = at_once(lambda number: floor.Terminal(tokens[number]).claim())
    assert Counter(answer.status_code for answer in answers) == {200: TERMINALS}
    taken = [answer.json()["id"] for answer in answers]
    assert doubles(taken) == set()
    assert set(taken) == first
    assert set(taken) == set(Job.objects.filter(status="dispatched").values_list("pk", flat=True))
    rows = Transition.objects.filter(kind="job", to_status="dispatched")
    assert Counter(rows.values_list("object_id", flat=True)) == Counter(taken)
    assert IdempotencyKey.objects.filter(status_code=200).count() == TERMINALS


def test_a_claim_that_reads_and_then_writes_gives_one_job_to_many(shop):
    everybody_has_read = Barrier(TERMINALS)

    def naive(number):
        job = Job.objects.filter(status="ready").order_by("work_order__due")[0]
        everybody_has_read.wait(timeout=60)
        Job.objects.filter(pk=job.pk).update(status="dispatched")
        return job.pk

    assert doubles(at_once(naive))


@pytest.mark.postgres
def test_a_naive_claim_inside_the_api_gives_one_job_to_many(shop, monkeypatch):
    """On SQLite the write lock of the whole request would hide it."""
    everybody_has_read = Barrier(TERMINALS)

    def naive(candidates, claimant, now):
        job = candidates[0]
        everybody_has_read.wait(timeout=60)
        Job.objects.filter(pk=job.pk).update(status="dispatched", version=F("version") + 1)
        return job.pk

    monkeypatch.setattr(queues, "_take", naive)
    token = terminals.make_token("t", shop.printing, now=floor.MONDAY)
    answers = at_once(lambda number: floor.Terminal(token).claim(key=f"claim-{number}"))
    assert doubles(answer.json()["id"] for answer in answers)
