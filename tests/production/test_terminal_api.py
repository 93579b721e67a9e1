"""Bob at his terminal: what the REST API lets him do, once, in order, at his own cell."""

import io
import json
from datetime import timedelta

import pytest
from django.core.management import call_command
from django.utils import timezone
from drf_spectacular.generators import SchemaGenerator
from drf_spectacular.validation import validate_schema

from journal.models import Transition
from production import terminals
from production.models import DowntimeEvent, Job, Machine, Operator, WorkOrder
from production.models import Terminal as TerminalRow
from tests.production import floor

pytestmark = [pytest.mark.django_db, pytest.mark.urls("tests.production.floor_urls")]


@pytest.fixture
def shop():
    return floor.build()


@pytest.fixture
def bob(shop):
    return floor.Terminal(shop.token)


def claimed(bob):
    return bob.claim().json()


def running(bob):
    return bob.step("start", claimed(bob)).json()


class TestADayAtTheTerminal:
    def test_bob_claims_starts_reports_and_finishes_and_the_next_step_becomes_ready(
        self, shop, bob
    ):
        order = shop.work_order(quantity=5)
        job = claimed(bob)
        assert (job["status"], job["sku"], job["machine"]) == ("dispatched", "LAMP", "print-1")
        job = bob.step("start", job).json()
        job = bob.step("report", job, good=3).json()
        assert (job["good"], job["remaining"]) == (3, 2)
        job = bob.step("finish", job, good=2).json()
        assert (job["status"], job["good"], job["remaining"]) == ("done", 5, 0)
        assert order.jobs.get(sequence=20).status == "ready"
        order.refresh_from_db()
        assert order.status == "in_progress"

    def test_the_last_step_completes_the_work_order_with_its_good_pieces(self, shop, bob):
        order = shop.work_order(quantity=2)
        bob.step("finish", running(bob), good=2)
        bench = floor.Terminal(terminals.make_token("bench", shop.assembly, now=floor.MONDAY))
        bench.step("finish", running(bench), good=2)
        order.refresh_from_db()
        assert (order.status, order.good) == ("completed", 2)

    def test_a_pause_frees_the_machine_and_a_resume_takes_it_again(self, shop, bob):
        shop.work_order()
        job = bob.step("pause", running(bob), reason="lunch").json()
        shop.printer.refresh_from_db()
        assert (job["status"], shop.printer.status) == ("paused", "idle")
        job = bob.step("resume", job).json()
        shop.printer.refresh_from_db()
        assert (job["status"], shop.printer.status) == ("running", "running")

    def test_a_failure_stops_the_machine_until_it_is_acknowledged(self, shop, bob):
        order = shop.work_order(quantity=5)
        job = bob.step("report", running(bob), good=2).json()
        assert bob.step("fail", job, reason="nozzle blocked").json()["status"] == "failed"
        shop.printer.refresh_from_db()
        assert shop.printer.status == "down"
        assert DowntimeEvent.objects.get().reason == "nozzle blocked"
        assert bob.claim(machine=shop.printer.pk).status_code == 404  # no machine to work on
        assert bob.acknowledge(shop.printer).json()["status"] == "idle"
        remake = claimed(bob)
        assert (remake["quantity"], remake["attempt"]) == (3, 2)
        assert order.jobs.get(pk=remake["id"]).parent_id == job["id"]

    def test_a_machine_without_a_failure_has_nothing_to_acknowledge(self, shop, bob):
        answer = bob.acknowledge(shop.printer)
        assert (answer.status_code, answer.json()["type"]) == (
            409,
            "/problems/nothing-to-acknowledge",
        )

    def test_a_recalled_job_is_in_the_queue_again(self, shop, bob):
        shop.work_order()
        job = bob.step("recall", claimed(bob)).json()
        assert (job["status"], job["machine"], job["operator"]) == ("ready", None, None)
        assert [item["job"]["id"] for item in bob.queue().json()["ready"]] == [job["id"]]

    def test_every_step_leaves_a_row_that_names_bob(self, shop, bob):
        shop.work_order()
        job = running(bob)
        rows = Transition.objects.filter(kind="job", object_id=job["id"]).order_by("pk")
        assert list(rows.values_list("to_status", "by")) == [
            ("dispatched", "terminal:print-t1/B042"),
            ("running", "terminal:print-t1/B042"),
        ]

    def test_a_set_up_comes_first_where_the_machine_holds_another(self, shop, bob):
        order = shop.work_order()
        order.jobs.filter(sequence=10).update(needs_setup=True, setup_family="PLA red")
        job = claimed(bob)
        assert bob.step("start", job).json()["type"] == "/problems/setup-first"
        job = bob.step("start", bob.step("setup", job).json()).json()
        shop.printer.refresh_from_db()
        assert (job["status"], shop.printer.setup_family) == ("running", "PLA red")


class TestOnce:
    def test_two_reports_with_one_key_count_once(self, shop, bob):
        shop.work_order(quantity=5)
        job = running(bob)
        first = bob.step("report", job, key="r1", good=2)
        again = bob.step("report", job, key="r1", good=2)
        assert (first.status_code, again.status_code) == (200, 200)
        assert first.json() == again.json()
        assert Job.objects.get(pk=job["id"]).good == 2

    def test_a_key_that_comes_with_another_body_is_refused(self, shop, bob):
        shop.work_order(quantity=5)
        job = running(bob)
        bob.step("report", job, key="r1", good=2)
        other = bob.step("report", job, key="r1", good=3)
        assert (other.status_code, other.json()["type"]) == (422, "/problems/key-reused")
        assert Job.objects.get(pk=job["id"]).good == 2

    def test_a_claim_that_is_repeated_gets_the_same_job(self, shop, bob):
        shop.work_order()
        shop.work_order()
        assert bob.claim(key="c1").json() == bob.claim(key="c1").json()
        assert Job.objects.filter(status="dispatched").count() == 1

    def test_a_refused_write_may_be_repeated_with_its_key(self, shop, bob):
        assert bob.claim(key="c1").status_code == 404
        shop.work_order()
        assert bob.claim(key="c1").status_code == 200

    def test_a_write_without_a_key_is_refused(self, shop, bob):
        shop.work_order()
        bob.headers["Idempotency-Key"] = ""
        answer = bob.client.post(
            "/api/v1/terminal/jobs/claim",
            {"operator": "B042"},
            content_type="application/json",
            headers=bob.headers,
        )
        assert answer.status_code == 400
        assert Job.objects.filter(status="dispatched").count() == 0


class TestRefusals:
    def test_a_finish_out_of_order_is_refused_with_the_current_state(self, shop, bob):
        shop.work_order()
        job = claimed(bob)
        answer = bob.step("finish", job, good=5)
        assert answer.status_code == 409
        assert answer["Content-Type"] == "application/problem+json"
        problem = answer.json()
        assert problem["type"] == "/problems/out-of-order"
        assert (problem["job"]["status"], problem["job"]["good"]) == ("dispatched", 0)

    def test_a_stale_finish_is_refused_with_the_current_state(self, shop, bob):
        shop.work_order(quantity=5)
        seen = running(bob)
        now = bob.step("report", seen, good=5).json()
        answer = bob.step("finish", seen)
        assert (answer.status_code, answer.json()["type"]) == (409, "/problems/stale-job")
        assert answer.json()["job"]["version"] == now["version"] == seen["version"] + 1

    def test_good_and_scrap_above_what_remains_is_refused(self, shop, bob):
        shop.work_order(quantity=5)
        job = bob.step("report", running(bob), good=3).json()
        answer = bob.step("report", job, good=2, scrap=1)
        assert (answer.status_code, answer.json()["type"]) == (409, "/problems/too-many-pieces")
        assert answer.json()["job"]["good"] == 3

    def test_a_finish_with_pieces_missing_changes_nothing(self, shop, bob):
        shop.work_order(quantity=5)
        job = running(bob)
        answer = bob.step("finish", job, good=4)
        assert (answer.status_code, answer.json()["type"]) == (409, "/problems/pieces-missing")
        assert answer.json()["job"]["good"] == 0
        assert answer.json()["job"]["version"] == job["version"]

    def test_a_second_job_cannot_run_on_a_busy_machine(self, shop, bob):
        shop.work_order()
        shop.work_order()
        running(bob)
        answer = bob.step("start", claimed(bob))
        assert (answer.status_code, answer.json()["type"]) == (409, "/problems/machine-busy")

    def test_negative_pieces_are_refused(self, shop, bob):
        shop.work_order()
        answer = bob.step("report", running(bob), good=-1)
        assert (answer.status_code, answer.json()["type"]) == (400, "/problems/invalid")


class TestWhoMayWhat:
    def test_a_job_of_another_cell_is_not_found(self, shop, bob):
        order = shop.work_order()
        other = order.jobs.get(sequence=20)
        job = {"id": other.pk, "version": other.version}
        assert bob.step("start", job).status_code == 404
        assert bob.claim(job=other.pk).status_code == 404
        assert bob.acknowledge(shop.bench).status_code == 404
        assert bob.claim(machine=shop.bench.pk).status_code == 404

    def test_a_revoked_token_is_refused(self, shop, bob):
        assert bob.queue().status_code == 200
        assert terminals.revoke("print-t1")
        assert bob.queue().status_code == 401

    def test_no_token_and_a_wrong_token_are_refused(self, shop):
        assert floor.Terminal("guess").queue().status_code == 401
        stranger = floor.Terminal("")
        stranger.headers = {}
        answer = stranger.queue()
        assert (answer.status_code, answer["WWW-Authenticate"]) == (401, "Token")

    def test_a_renewed_token_ends_the_older_one(self, shop, bob):
        fresh = terminals.make_token("print-t1", shop.printing, now=floor.MONDAY)
        assert bob.queue().status_code == 401
        assert floor.Terminal(fresh).queue().status_code == 200

    def test_only_a_digest_of_the_token_is_kept(self, shop):
        kept = TerminalRow.objects.values().get(name="print-t1")
        assert shop.token not in map(str, kept.values())
        assert len(kept["token_digest"]) == 64

    @pytest.mark.parametrize(
        ("badge", "changes"),
        [("B999", {}), ("B042", {"active": False}), ("B042", {"skills": ["assembly"]})],
    )
    def test_an_unknown_idle_or_unskilled_badge_is_refused(self, shop, badge, changes):
        shop.work_order()
        Operator.objects.filter(badge="B042").update(**changes)
        answer = floor.Terminal(shop.token, badge).claim()
        assert (answer.status_code, answer.json()["type"]) == (403, "/problems/badge-refused")

    def test_a_terminal_is_noted_as_seen_at_most_once_a_minute(self, shop):
        for seconds in (0, 30, 59):
            at = floor.MONDAY + timedelta(seconds=seconds)
            assert terminals.recognise(shop.token, now=at).name == "print-t1"
            assert TerminalRow.objects.get().last_seen_at == floor.MONDAY
        terminals.recognise(shop.token, now=floor.MONDAY + timedelta(seconds=60))
        assert TerminalRow.objects.get().last_seen_at == floor.MONDAY + timedelta(seconds=60)


class TestQueue:
    def test_it_shows_what_is_at_work_what_is_ready_and_what_comes(self, shop, bob):
        first, second = shop.work_order(), shop.work_order()
        job = running(bob)
        bench = floor.Terminal(terminals.make_token("bench", shop.assembly, now=floor.MONDAY))
        here, there = bob.queue().json(), bench.queue().json()
        assert [item["job"]["id"] for item in here["at_work"]] == [job["id"]]
        assert [item["job"]["work_order"] for item in here["ready"]] == [second.number]
        assert [item["job"]["work_order"] for item in there["coming"]] == [
            first.number,
            second.number,
        ]
        assert [machine["code"] for machine in here["machines"]] == ["print-1"]

    def test_it_takes_as_many_queries_for_many_jobs_as_for_one(
        self, shop, bob, django_assert_num_queries
    ):
        TerminalRow.objects.update(last_seen_at=timezone.now())
        for _ in range(8):
            shop.work_order()
        with django_assert_num_queries(5):  # terminal, at work, ready, coming, machines
            assert len(bob.queue().json()["ready"]) == 8


class TestTokensByCommand:
    def test_each_line_is_a_token_that_works(self, shop):
        out = io.StringIO()
        call_command("terminal_tokens", "--count", "3", stdout=out)
        lines = [json.loads(line) for line in out.getvalue().splitlines()]
        assert {line["work_center"] for line in lines} == {"print", "assembly"}
        for line in lines:
            queue = floor.Terminal(line["token"], line["operator"]).queue().json()
            assert queue["work_center"] == line["work_center"]

    def test_a_token_can_be_ended(self, shop, bob):
        call_command("terminal_tokens", "--revoke", "print-t1", stderr=io.StringIO())
        assert bob.queue().status_code == 401


def test_the_schema_of_the_api_is_complete_and_free_of_warnings(capsys):
    schema = SchemaGenerator(urlconf="tests.production.floor_urls").get_schema(public=True)
    validate_schema(schema)
    assert capsys.readouterr().err == ""
    writes = [path["post"] for path in schema["paths"].values() if "post" in path]
    assert len(writes) == 10
    for write in writes:
        assert {"200", "400", "401", "403", "404", "409", "422"} <= set(write["responses"])
        assert write["requestBody"]["content"]["application/json"]["examples"]
        assert any(one["name"] == "Idempotency-Key" for one in write["parameters"])


def test_a_work_order_on_hold_is_not_started(shop, bob):
    order = shop.work_order()
    job = claimed(bob)
    WorkOrder.objects.filter(pk=order.pk).update(status="on_hold")
    answer = bob.step("start", job)
    assert (answer.status_code, answer.json()["type"]) == (409, "/problems/work-order-held")
    assert Machine.objects.get(pk=shop.printer.pk).status == "idle"
