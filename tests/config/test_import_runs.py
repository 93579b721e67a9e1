"""What a worker does with an uploaded log: once, in whole orders, and whatever kills it."""

from datetime import UTC, datetime, timedelta
from itertools import count
from uuid import uuid4

import pytest
from django.core.management import CommandError, call_command

from config import tasks
from config.importing import runs, wording, working
from config.importing.carrying import only_one
from config.models import ImportRun
from journal import dispatch, leasing
from journal.models import Transition
from journal.moving import IllegalStep
from orders import importing
from orders.importing import writing
from orders.importing.reasons import BLAMED
from orders.importing.sorting import FAULTS
from orders.models import Configuration, Customer, Order, OrderLine, Product, Return

pytestmark = pytest.mark.django_db

NOW = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
HEADER = "Rechnungsnummer;Artikelnummer;Bezeichnung;Menge;Datum;Einzelpreis (EUR);Kundennummer\n"
# five orders of two lines each, a return and a line without a quantity
LOG = (
    HEADER
    + "".join(
        f"R{n};LA01;Lampe Anna;{n};{10 + n}.12.2011 13:00;40,00;K{n}\n"
        f"R{n};LA02;Lampe Bert;1;{10 + n}.12.2011 13:00;12,50;K{n}\n"
        for n in range(1, 6)
    )
    + "S9;LA01;Lampe Anna;-1;20.12.2011 13:00;40,00;K3\n"
    + "R8;LA02;Lampe Bert;null;21.12.2011 13:00;12,50;K2\n"
)


@pytest.fixture(autouse=True)
def data_folder(settings, tmp_path):
    settings.DATA_DIR = tmp_path / "data"
    settings.DATA_DIR.mkdir()
    return settings.DATA_DIR


@pytest.fixture
def two_lines_a_transaction(monkeypatch):
    monkeypatch.setattr(writing, "LINES_A_TRANSACTION", 2)


def uploaded(log=LOG, name="werkstatt.csv", **said):
    said = {"ticket": uuid4(), "mapping": None, "by": "staff:alice", "now": NOW, **said}
    return runs.receive(runs.Upload(name, [log.encode()]), **said)


def clock(step=2):
    """Two seconds pass between any two looks at it."""
    seconds = count(0, step)
    return lambda: NOW + timedelta(seconds=next(seconds))


def checked(log=LOG, **said):
    run = uploaded(log, **said)
    working.check(run.pk, clock=clock())
    return fresh(run)


def started(run, open_since=None):
    runs.start(run, open_since=open_since, by="staff:alice", now=NOW)
    return run


def carried(run):
    working.carry(run.pk, clock=clock())
    return fresh(run)


def fresh(run):
    return ImportRun.objects.get(pk=run.pk)


def in_the_shop():
    """Everything of the log that is here, without the keys that a database gives."""
    lines = OrderLine.objects.order_by("external_ref").values_list(
        "external_ref",
        "order__external_ref",
        "order__customer__external_ref",
        "configuration__product__sku",
        "quantity",
        "unit_price",
        "status",
        "order__placed_at",
    )
    returns = Return.objects.order_by("external_ref").values_list(
        "external_ref", "line__external_ref", "quantity", "at"
    )
    return list(lines), list(returns)


def forget():
    for model in (Return, OrderLine, Order, Customer, Configuration, Product):
        model.objects.all().delete()


def test_a_check_counts_and_lists_and_writes_nothing():
    run = checked()
    assert run.status == "checked"
    assert run.origin == "guessed"
    assert run.mapping["columns"]["price"] == "Einzelpreis (EUR)"
    found = {name: run.counts[name] for name in ("lines", "orders", "sales", "returns")}
    assert found == {"lines": 12, "orders": 5, "sales": 10, "returns": 1}
    assert run.counts["refused"] == {"bad_quantity": 1}
    [line] = runs.lists_of(run).rows("refused")
    assert (line["line"], line["reason"], line["column"]) == ("13", "bad_quantity", "Menge")
    assert not Order.objects.exists()


def test_a_checked_file_is_imported_once_however_often_it_is_started():
    run = started(checked())
    with pytest.raises(IllegalStep):
        runs.start(fresh(run), open_since=None, by="staff:alice", now=NOW)
    done = carried(run)
    carried(run)
    assert done.status == "done"
    expected = {"products": 2, "customers": 5, "orders": 5, "lines": 10, "returns": 1}
    assert {name: done.counts["added"][name] for name in expected} == expected
    assert done.counts["routings"] == 2
    assert Transition.objects.filter(kind="import_run", to_status="running").count() == 1


def test_orders_since_a_day_are_still_to_be_made():
    done = carried(started(checked(), open_since=NOW.date().replace(2011, 12, 14)))
    assert done.counts["open_lines"] == 4  # the orders of 14 and 15 December
    assert OrderLine.objects.filter(status="promised").count() == 4


def test_the_same_file_again_says_that_everything_was_here():
    carried(started(checked()))
    again = checked()
    assert again.counts["known_orders"] == again.counts["orders"] == 5
    done = carried(started(again))
    assert not any(done.counts["added"].values())
    assert OrderLine.objects.count() == 10


def test_the_same_form_sent_twice_is_one_run():
    ticket = uuid4()
    assert uploaded(ticket=ticket).pk == uploaded(ticket=ticket).pk
    assert ImportRun.objects.count() == 1


def test_the_same_form_sent_twice_at_the_same_moment_is_one_run(data_folder):
    ticket = uuid4()

    def comes_again_meanwhile():
        yield LOG.encode()
        uploaded(ticket=ticket)

    twin = runs.Upload("werkstatt.csv", comes_again_meanwhile())
    run = runs.receive(twin, ticket=ticket, mapping=None, by="staff:alice", now=NOW)
    assert run == ImportRun.objects.get()
    assert runs.file_of(run).read_text() == LOG
    assert list((data_folder / "imports" / "incoming").iterdir()) == []


def test_a_damaged_file_fails_with_its_line_and_leaves_nothing():
    run = checked(LOG[:-20])
    assert run.status == "failed"
    assert run.notes[0]["code"] == "unreadable"
    assert run.notes[0]["facts"]["said"]["facts"]["line"] == 13
    assert "is cut short: line 13" in wording.said(run.notes[0])
    assert not Product.objects.exists()


def test_columns_that_nobody_can_guess_are_asked_for():
    run = checked(LOG.replace("Artikelnummer", "X"))
    [note] = run.notes
    assert note["code"] == "columns_missing"
    assert note["facts"] == {"columns": ["item"]}
    assert run.counts == {}
    columns = {**run.mapping["columns"], "item": "X"}
    with pytest.raises(runs.Unanswered):
        started(run)
    runs.check_again(run, by="staff:alice", now=NOW, mapping={**run.mapping, "columns": columns})
    working.check(run.pk, clock=clock())
    assert fresh(run).counts["orders"] == 5
    assert fresh(run).origin == "adjusted"


def test_dates_that_mean_two_days_are_asked_for():
    log = LOG
    for day in range(11, 22):
        log = log.replace(f"{day}.12.2011", f"0{day % 9 + 1}.04.2011")
    [note] = checked(log).notes
    assert note["code"] == "undecided_date_format"
    assert "03.04.2011 13:00 in line 2" in wording.said(note)


def test_stopping_keeps_whole_orders(two_lines_a_transaction):
    run = started(checked())
    seconds = count(0, 2)

    def stops_when_two_orders_are_here():
        row = fresh(run)
        if Order.objects.count() >= 2 and row.status == "running":
            runs.cancel(row, by="staff:bob", now=NOW)
        return NOW + timedelta(seconds=next(seconds))

    working.carry(run.pk, clock=stops_when_two_orders_are_here)
    stopped = fresh(run)
    assert stopped.status == "cancelled"
    assert Order.objects.count() == 2
    assert all(order.lines.count() == 2 for order in Order.objects.all())
    assert stopped.counts["added"]["orders"] == 2
    assert stopped.counts["added"]["lines"] == 4
    assert stopped.counts["lines"] == 12  # what the check found stays


def test_a_stopped_import_goes_on_from_what_is_written(two_lines_a_transaction):
    test_stopping_keeps_whole_orders(None)
    run = ImportRun.objects.get()
    runs.check_again(run, by="staff:alice", now=NOW)
    working.check(run.pk, clock=clock())
    assert fresh(run).counts["known_orders"] == 2
    done = carried(started(fresh(run)))
    assert done.status == "done"
    assert done.counts["added"]["orders"] == 5  # of both parts


class Killed(BaseException):
    """What ends a process ends it here: nothing of ours catches it."""


def killed_after_two_orders(run):
    def dies():
        if Order.objects.count() >= 2:
            raise Killed
        return NOW

    with pytest.raises(Killed):
        working.carry(run.pk, clock=dies)


def test_a_killed_import_is_taken_up_and_comes_to_the_same(
    two_lines_a_transaction, monkeypatch, django_capture_on_commit_callbacks
):
    carried(started(checked()))
    undisturbed = in_the_shop()
    forget()
    assert in_the_shop() == ([], [])

    monkeypatch.setattr(leasing, "BEAT_EVERY", timedelta(0))  # dies between two transactions
    run = started(checked())
    killed_after_two_orders(run)
    assert fresh(run).status == "running"
    assert Order.objects.count() == 2

    dispatch.drain(NOW)
    handed = []
    monkeypatch.setattr(tasks.carry_import, "apply_async", lambda **sent: handed.append(sent))
    for seconds in (0, 1):  # it may still live, then it may not
        assert handed == []
        with django_capture_on_commit_callbacks(execute=True):
            assert runs.sweep(NOW + leasing.LEASE + timedelta(seconds=seconds)) == []
            dispatch.drain(NOW + timedelta(minutes=1))
    assert handed == [{"kwargs": {"run_id": run.pk}, "queue": "training"}]
    done = carried(run)
    assert (done.status, done.attempts) == ("done", 2)
    assert in_the_shop() == undisturbed
    assert done.counts["added"]["orders"] == 5


def test_whose_worker_dies_three_times_fails_and_says_so():
    run = started(checked())
    for attempt in range(1, 4):
        at = NOW + timedelta(hours=attempt)
        working._claimed(run.pk, "queued", "running", at)
        assert fresh(run).attempts == attempt
        runs.sweep(at + timedelta(minutes=5))
    assert fresh(run).status == "failed"
    assert fresh(run).notes[0]["code"] == "worker_died"


def test_a_worker_that_was_given_up_cannot_finish_what_another_has():
    run = started(checked())
    late = working._claimed(run.pk, "queued", "running", NOW)
    runs.sweep(NOW + timedelta(minutes=5))
    working._claimed(run.pk, "queued", "running", NOW + timedelta(minutes=6))
    assert late
    working._work(late, clock(), working._carry, "done")
    working._work(late, clock(), lambda run, heart: {}, "done")  # at its very end already
    assert (fresh(run).status, fresh(run).attempts) == ("running", 2)
    assert not Order.objects.exists()


def test_a_check_whose_message_was_lost_is_handed_out_again():
    run = uploaded()
    assert runs.sweep(NOW + timedelta(minutes=1)) == []
    assert runs.sweep(NOW + timedelta(minutes=3)) == [run]
    assert runs.sweep(NOW + timedelta(minutes=4)) == []


def test_of_two_at_once_one_waits_and_both_come_in():
    first, second = checked(), checked(LOG.replace("\nR", "\nQ"), name="second.csv")
    started(first)
    started(second)
    with only_one():
        working.carry(second.pk, clock=clock())
    assert fresh(second).status == "queued"
    assert fresh(second).lease_until < NOW + timedelta(minutes=1)  # it asks again soon
    assert carried(first).status == carried(second).status == "done"
    assert Order.objects.count() == 10


def test_the_terminal_waits_too(data_folder):
    path = data_folder / "log.csv"
    path.write_text(LOG)
    with only_one(), pytest.raises(CommandError, match="Another import is running"):
        call_command("import_orders", path, accept_guess=True, verbosity=0)
    assert not Order.objects.exists()


def test_a_failure_keeps_whole_orders_and_says_how_to_go_on(two_lines_a_transaction, monkeypatch):
    run = started(checked())
    write = writing._write_orders

    def full_disk(part, *rest):
        if Order.objects.count() >= 2:
            raise OSError("No space left on device")
        write(part, *rest)

    monkeypatch.setattr(writing, "_write_orders", full_disk)
    failed = carried(run)
    assert failed.status == "failed"
    [note] = failed.notes
    assert note == {"code": "broke_off", "facts": {"text": "No space left on device"}}
    assert failed.counts["added"]["orders"] == Order.objects.count() == 2


def test_an_uploaded_mapping_is_used_instead_of_a_guess():
    entries = {**checked().mapping, "name": "Ours"}
    entries["shop"] = {**entries["shop"], "order_prefix": "OLD-"}
    run = checked(mapping=entries)
    assert run.origin == "uploaded"
    carried(started(run))
    assert set(Order.objects.values_list("external_ref", flat=True)) == {
        "OLD-R1",
        "OLD-R2",
        "OLD-R3",
        "OLD-R4",
        "OLD-R5",
    }


def test_a_mapping_with_steps_that_nobody_knows_is_refused_before_anything_is_written():
    entries = checked().mapping
    run = checked(mapping={**entries, "family": [{**entries["family"][0], "routing": "forged"}]})
    [note] = run.notes
    assert note["code"] == "bad_mapping"
    assert "forged" in wording.said(note)
    with pytest.raises(runs.Unanswered):
        started(run)


def test_files_go_after_thirty_days_and_reports_stay():
    run = carried(started(checked()))
    waiting = uploaded()
    assert runs.forget_uploads(NOW + timedelta(days=29)) == 0
    assert runs.file_of(run).exists()
    assert runs.forget_uploads(NOW + timedelta(days=31)) == 1
    assert not runs.file_of(run).exists()
    assert runs.file_of(waiting).exists()
    assert len(list(runs.lists_of(run).rows("refused"))) == 1
    assert not fresh(run).kept


def test_a_checked_file_that_was_deleted_cannot_be_imported():
    run = checked()
    runs.forget_uploads(NOW + timedelta(days=31))
    with pytest.raises(runs.UploadGone):
        started(fresh(run))


def test_what_was_cut_off_while_it_came_in_is_cleared(data_folder):
    left = data_folder / "imports" / "incoming" / "half"
    left.mkdir(parents=True)
    runs.forget_uploads(datetime.now(UTC))
    assert left.exists()
    runs.forget_uploads(datetime.now(UTC) + timedelta(days=2))
    assert not left.exists()


def test_every_reason_has_words_for_people():
    # a return whose sale was refused has nothing wrong in any column
    assert {*FAULTS, *BLAMED, "sale_refused"} == set(importing.REASONS)
    assert set(importing.COLUMNS) == set(wording.COLUMNS)


def test_the_terminal_and_the_portal_give_a_reason_in_the_same_words():
    [line] = runs.lists_of(checked()).rows("refused")
    assert line["why"] == wording.reason(line["reason"]) == importing.REASONS["bad_quantity"]


def test_a_check_names_what_the_shop_and_the_rest_of_the_file_contradict():
    first = carried(started(checked()))
    entries = {**first.mapping, "shop": {**first.mapping["shop"], "currency": "USD"}}
    run = checked(mapping=entries)
    assert run.counts["refused"] == {"bad_quantity": 1, "other_currency": 10, "sale_refused": 1}
    told = [wording.not_taken(line) for line in runs.lists_of(run).rows("refused")]
    assert told[0].startswith("Order WERKSTAT-R1 is here in EUR, this line is in USD. ")
    assert told[10].startswith("The return of the sale in line 6. ")
