"""The portal's import: Alice brings a log, sees what would come of it, corrects it, imports it."""

import io
import re
from datetime import timedelta
from pathlib import Path
from uuid import uuid4

import openpyxl
import pytest
from django.contrib.auth import get_user_model
from django.contrib.auth.models import Group
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from config import roles, tasks
from config.importing import runs
from config.models import ImportRun
from config.views import import_forms
from orders.models import Order, OrderLine, Product
from tests.spreadsheets import csv_rows

pytestmark = pytest.mark.django_db

GERMAN = (
    "Rechnungsnummer;Artikelnummer;Bezeichnung;Menge;Datum;Einzelpreis (EUR);Kundennummer;Filiale\n"
    "R1;LA01;Lampe Anna;2;31.12.2011 10:00;1.234,50;K1;77\n"
    "R1;LA02;Lampe Bert;1;31.12.2011 10:00;12,50;K1;77\n"
    "S2;LA01;Lampe Anna;-1;05.01.2012 10:00;1.234,50;K1;77\n"
    '=1+1;LA02;"=HYPERLINK(""http://x"")";null;06.01.2012 10:00;12,50;K2;78\n'
    "R4;PORTO;Versand;1;07.01.2012 10:00;4,90;K2;78\n"
)


@pytest.fixture(autouse=True)
def data_folder(settings, tmp_path):
    settings.DATA_DIR = tmp_path / "data"
    settings.DATA_DIR.mkdir()
    return settings.DATA_DIR


def signed_in(role, client=None):
    roles.ensure()
    user = get_user_model().objects.create_user(f"{role}-alice", is_staff=True)
    user.groups.add(Group.objects.get(name=role))
    client = client or Client()
    client.force_login(user)
    return client


@pytest.fixture
def alice(client):
    return signed_in("planner", client)


def url(name, *args):
    return reverse(f"imports:{name}", args=args)


def upload(client, content=GERMAN, name="werkstatt.csv", ticket=None, **more):
    content = content if isinstance(content, bytes) else content.encode()
    body = {"ticket": str(ticket or uuid4()), "file": SimpleUploadedFile(name, content), **more}
    return client.post(url("new"), body)


def checked(client, *args, **more):
    answer = upload(client, *args, **more)
    assert answer.status_code == 302, answer.content.decode()
    run = ImportRun.objects.latest("pk")
    assert answer["Location"] == url("run", run.pk)
    tasks.check_import(run_id=run.pk)
    run.refresh_from_db()
    return run


def imported(client, run, **said):
    client.post(url("start", run.pk), said)
    tasks.carry_import(run_id=run.pk)
    run.refresh_from_db()
    return run


def page(client, run):
    answer = client.get(url("run", run.pk))
    assert answer.status_code == 200
    return answer.content.decode()


def fields(text):
    """The present values of the form about the columns, as a browser would send them."""
    form = text.split('/mapping/"')[1].split("</form>")[0]
    found = dict(re.findall(r'<input[^>]*name="([^"]+)"[^>]*value="([^"]*)"', form))
    found |= dict.fromkeys(re.findall(r'<input[^>]*name="((?!csrf)[^"]+)"(?![^>]*value)', form), "")
    for name, options in re.findall(r'<select[^>]*name="([^"]+)"[^>]*>(.*?)</select>', form, re.S):
        found[name] = next(iter(re.findall(r'value="([^"]*)"\s+selected', options)), "")
    area = r'<textarea[^>]*name="([^"]+)"[^>]*>\s*(.*?)</textarea>'
    return found | dict(re.findall(area, form, re.S))


def test_alice_corrects_a_guess_imports_and_takes_the_report_away(alice):
    run = checked(alice)
    text = page(alice, run)
    assert "CSV in UTF-8, separated by semicolons" in text
    assert "This is a guess." in text
    assert "Artikelnummer: LA01 · LA02 · PORTO" in text  # three cells of the file
    said = fields(text)
    assert said["column_item"] == "Artikelnummer"
    assert said["column_price"] == "Einzelpreis (EUR)"
    assert said["column_country"] == ""
    assert said["cancellation_prefix"] == "S"
    assert (said["currency"], said["time_zone"]) == ("EUR", "Europe/Berlin")
    assert not Product.objects.exists()

    corrected = {**said, "column_country": "Filiale", "set_apart": "postage: PORTO"}
    assert alice.post(url("mapping", run.pk), corrected).status_code == 302
    tasks.check_import(run_id=run.pk)
    run.refresh_from_db()
    text = page(alice, run)
    assert run.origin == "adjusted"
    assert run.counts["apart"] == {"postage": 1}
    assert fields(text)["set_apart"] == "postage: PORTO"
    assert "The quantity is no whole number. Correct it." in text
    assert not Product.objects.exists()

    imported(alice, run)
    text = page(alice, run)
    assert run.status == "done"
    assert "Added to the shop" in text
    assert {line.unit_price for line in OrderLine.objects.all()} == {
        OrderLine._meta.get_field("unit_price").to_python(price) for price in ("1234.50", "12.50")
    }
    assert Order.objects.get().customer.country == "77"
    report = dict(csv_rows(alice.get(url("report", run.pk))))
    assert report["Orders added"] == "1"
    assert report["Lines added"] == "2"
    assert report["Returns added"] == "1"
    assert report["Set apart: postage"] == "1"
    assert report["Not taken: The quantity is no whole number. Correct it."] == "1"


def test_the_list_of_refused_lines_holds_no_formula(alice):
    run = checked(alice)
    header, line = csv_rows(alice.get(url("refused", run.pk)))
    assert header[:4] == ["Line", "Reason", "Order number", "Item code"]
    told = dict(zip(header, line, strict=True))
    assert told["Line"] == "5"
    assert told["Reason"] == "The quantity is no whole number. Correct it."
    assert told["Order number"] == "'=1+1"
    assert told["Description"] == '\'=HYPERLINK("http://x")'
    assert all(not cell.startswith(("=", "+", "@")) for cell in line)


def test_the_list_is_in_the_readers_language(alice):
    run = checked(alice)
    get_user_model().objects.update(language="zh-hans")
    answer = alice.get(url("refused", run.pk))
    assert 'filename="import-' in answer["Content-Disposition"]
    assert csv_rows(answer)[1][0] == "5"


def test_a_damaged_file_is_told_and_nothing_is_imported(alice):
    run = checked(alice, GERMAN[:-12])
    text = page(alice, run)
    assert run.status == "failed"
    assert "is cut short: line 6" in text
    assert "Nothing of this file was imported." in text
    assert not Product.objects.exists()
    alice.post(url("start", run.pk))
    run.refresh_from_db()
    assert run.status == "failed"


def test_bytes_in_no_known_encoding_are_asked_for_and_then_read(alice):
    text = "Order;SKU;Qty;Date;Price\nA1;настольная лампа;2;2011-12-31;1.50\n"
    run = checked(alice, text.encode("cp1251"))
    assert run.status == "failed"
    assert 'name="encoding"' in page(alice, run)
    alice.post(url("reading", run.pk), {"encoding": "iso8859-1"})
    tasks.check_import(run_id=run.pk)
    run.refresh_from_db()
    assert (run.status, run.counts["orders"]) == ("checked", 1)


def test_a_sheet_of_a_workbook_can_be_chosen(alice):
    run = checked(alice, workbook(), name="buch.xlsx")
    assert run.reading["sheet"] == "Alt"
    alice.post(url("reading", run.pk), {"sheet": "Neu"})
    tasks.check_import(run_id=run.pk)
    run.refresh_from_db()
    assert run.reading["sheet"] == "Neu"
    assert imported(alice, run).counts["added"]["orders"] == 1
    assert Order.objects.get().external_ref.endswith("N1")


def workbook():
    book, paper = openpyxl.Workbook(), io.BytesIO()
    book.active.title = "Alt"
    for sheet, order in ((book.active, "A1"), (book.create_sheet("Neu"), "N1")):
        sheet.append(["Order no", "SKU", "Qty", "Date", "Unit price"])
        sheet.append([order, "LA01", 2, "2011-12-31", 12.5])
    book.save(paper)
    return paper.getvalue()


def test_the_same_file_again_was_all_here(alice):
    imported(alice, checked(alice))
    run = checked(alice)
    assert "every order of this file is here already" in page(alice, run)
    imported(alice, run)
    assert "Nothing is new: everything was here already." in page(alice, run)
    assert Order.objects.count() == 2


def test_pressing_twice_uploads_once_and_imports_once(alice):
    ticket = uuid4()
    first, second = upload(alice, ticket=ticket), upload(alice, ticket=ticket)
    assert first["Location"] == second["Location"]
    run = ImportRun.objects.get()
    tasks.check_import(run_id=run.pk)
    for _press in range(2):
        assert alice.post(url("start", run.pk))["Location"] == url("run", run.pk)
    run.refresh_from_db()
    assert run.status == "queued"


def test_progress_survives_a_reload_and_ends_with_a_new_page(alice):
    run = checked(alice)
    alice.post(url("start", run.pk))
    ImportRun.objects.update(status="running", step="writing", lines_done=800, lines_total=2000)
    for text in (page(alice, run), alice.get(url("progress", run.pk)).content.decode()):
        assert 'max="2000"' in text
        assert 'value="800"' in text
        assert "Writing whole orders" in text
        assert f'action="{url("cancel", run.pk)}"' in text
    assert "Load it again" in page(alice, run)
    ImportRun.objects.update(status="done")
    assert alice.get(url("progress", run.pk))["HX-Refresh"] == "true"


def test_stopping_is_told_and_the_file_can_go_on(alice):
    run = checked(alice)
    alice.post(url("start", run.pk))
    answer = alice.post(url("cancel", run.pk), follow=True)
    assert "Whole orders that were written are kept." in answer.content.decode()
    assert "Check again" in answer.content.decode()
    assert "over before it could be stopped" in (
        alice.post(url("cancel", run.pk), follow=True).content.decode()
    )
    alice.post(url("again", run.pk))
    tasks.check_import(run_id=run.pk)
    run.refresh_from_db()
    assert imported(alice, run).status == "done"


@pytest.mark.parametrize(
    ("wrong", "told"),
    [
        ({"column_item": ""}, "Choose the column of the file."),
        ({"currency": "euro"}, "at most 3 characters"),
        ({"currency": "12"}, "A currency has three letters."),
        ({"time_zone": "Mars"}, "not one of the available choices"),
        ({"lead_days": "soon"}, "Enter a whole number."),
        ({"set_apart": "PORTO"}, "“PORTO” needs a kind, a colon and item codes."),
    ],
)
def test_a_wrong_entry_is_answered_with_the_form_and_changes_nothing(alice, wrong, told):
    run = checked(alice)
    answer = alice.post(url("mapping", run.pk), {**fields(page(alice, run)), **wrong})
    assert answer.status_code == 422
    assert told in answer.content.decode()
    run.refresh_from_db()
    assert (run.status, run.origin) == ("checked", "guessed")


def test_a_mapping_of_ones_own_is_taken_or_refused_with_its_entry(alice):
    good = (Path(import_forms.__file__).parents[1] / "mappings" / "online_retail.toml").read_bytes()
    for bad, told in (
        (good.replace(b'currency = "GBP"', b""), "lacks the entry"),
        (b"name = ", "is not valid TOML"),
        ("name = 'Ä'".encode("latin-1"), "is no UTF-8 text"),
    ):
        answer = upload(alice, mapping=SimpleUploadedFile("m.toml", bad))
        assert answer.status_code == 422
        assert told in answer.content.decode()
    assert not ImportRun.objects.exists()
    run = checked(alice, mapping=SimpleUploadedFile("m.toml", good))
    assert run.status == "failed"  # it fits another file
    assert "lacks the column Invoice" in page(alice, run)


def test_a_file_that_is_too_large_is_refused_with_what_to_do(alice, monkeypatch, data_folder):
    monkeypatch.setattr(import_forms, "MOST_BYTES", 100)
    answer = upload(alice)
    assert answer.status_code == 422
    text = answer.content.decode()
    assert "larger than 300 MB. Pack it as .gz" in text
    assert "Choose a file." not in text
    assert not ImportRun.objects.exists()
    assert not (data_folder / "imports").exists()


@pytest.mark.parametrize("left_out", ["file", "ticket"])
def test_an_upload_without_its_parts_is_answered_with_the_form(alice, left_out):
    body = {"ticket": str(uuid4()), "file": SimpleUploadedFile("a.csv", GERMAN.encode())}
    del body[left_out]
    assert alice.post(url("new"), body).status_code == 422


def test_an_upload_from_another_site_is_refused():
    client = signed_in("planner", Client(enforce_csrf_checks=True))
    assert upload(client).status_code == 403
    assert not ImportRun.objects.exists()


def test_a_name_cannot_leave_its_folder(alice, data_folder):
    run = checked(alice, name="../../../etc/" + "ü" * 200 + ".csv")
    assert runs.file_of(run).resolve().is_relative_to(data_folder / "imports" / str(run.pk))
    assert run.status == "checked"


@pytest.mark.parametrize("name", ["list", "new", "run", "progress", "report", "refused"])
def test_strangers_are_sent_to_sign_in_and_operators_away(alice, name):
    run = checked(alice)
    args = [] if name in ("list", "new") else [run.pk]
    assert Client().get(url(name, *args)).status_code == 302
    assert signed_in("operator").get(url(name, *args)).status_code == 403
    assert signed_in("admin").get(url(name, *args)).status_code == 200


@pytest.mark.parametrize("name", ["mapping", "reading", "again", "start", "cancel"])
def test_a_get_never_changes_anything(alice, name):
    run = checked(alice)
    assert alice.get(url(name, run.pk)).status_code == 405
    assert signed_in("operator").post(url(name, run.pk)).status_code == 403


def test_the_list_shows_each_import(alice):
    assert "Nothing was imported yet" in alice.get(url("list")).content.decode()
    run = checked(alice)
    text = alice.get(url("list")).content.decode()
    assert "werkstatt.csv" in text
    assert url("run", run.pk) in text


def test_a_file_that_is_gone_says_so(alice):
    run = checked(alice)
    runs.forget_uploads(timezone.now() + timedelta(days=31))
    text = page(alice, run)
    assert "The file was deleted after its time" in text
    assert url("start", run.pk) not in text
    answer = alice.post(url("start", run.pk), follow=True)
    assert "Upload it again." in answer.content.decode()
