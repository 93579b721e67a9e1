"""Set-up by tables in a browser: taken out, brought in, looked at, applied, taken back."""

import csv
import io
from datetime import timedelta

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse
from django.utils import timezone

from config import uploaded
from orders.models import ProductFamily
from production.models import Material
from tests import factories

pytestmark = pytest.mark.django_db

MATERIALS = "material,name,unit,cost\noak,Oak board,m2,62\nfelt,Felt,m2,14\n"


@pytest.fixture(autouse=True)
def folder(settings, tmp_path):
    settings.DATA_DIR = tmp_path
    return tmp_path


def bring(client, content, name="materials.csv"):
    """Upload a table; returns the address of the page that says what it would do."""
    file = SimpleUploadedFile(name, content.encode())
    answer = client.post(reverse("setup-upload"), {"tables": [file]})
    assert answer.status_code == 302
    return answer.url


def applied(client, address):
    digest = client.get(address).context["plan"].digest
    return client.post(f"{address}apply/", {"digest": digest}, follow=True)


def test_only_planners_and_administrators_set_the_shop_up(client, signed_in):
    assert client.get(reverse("setup")).status_code == 302
    assert signed_in("operator").get(reverse("setup")).status_code == 403
    assert signed_in("quality").get(reverse("setup")).status_code == 403
    assert signed_in("planner").get(reverse("setup")).status_code == 200


def test_the_set_up_stands_in_the_navigation_of_who_may(signed_in):
    page = signed_in("admin").get(reverse("dashboard")).content.decode()
    assert f'href="{reverse("setup")}"' in page


def test_a_table_is_looked_at_before_it_is_written_and_can_be_taken_back(signed_in):
    client = signed_in("planner")
    address = bring(client, MATERIALS)
    shown = client.get(address).content.decode()
    assert "Nothing is written yet" in shown
    assert "Oak board" in shown
    assert not Material.objects.exists()
    page = applied(client, address).content.decode()
    assert "2 rows were written." in page
    assert set(Material.objects.values_list("code", flat=True)) == {"oak", "felt"}
    last = client.get(reverse("setup")).context["last"]
    assert (last.by, last.rows, last.sheets) == ("staff:planner", 2, ("materials",))
    done = client.post(reverse("setup-undo"), {"batch": last.batch}, follow=True).content.decode()
    assert "everything is as it was" in done
    assert not Material.objects.exists()


def test_bad_rows_are_named_and_there_is_no_button_to_apply(signed_in):
    client = signed_in("planner")
    address = bring(client, MATERIALS + "pine,Pine,m2,cheap\n")
    page = client.get(address)
    shown = page.content.decode()
    assert "“cheap” is no number" in shown
    assert [(one.line, one.column) for one in page.context["problems"]] == [(4, "cost")]
    assert "apply/" not in shown
    client.post(f"{address}apply/", {"digest": page.context["plan"].digest})
    assert not Material.objects.exists()


def test_what_was_looked_at_is_what_is_written_or_nothing(signed_in):
    client = signed_in("planner")
    address = bring(client, MATERIALS)
    digest = client.get(address).context["plan"].digest
    Material.objects.create(code="oak", name="Old oak", unit="m2")
    page = client.post(f"{address}apply/", {"digest": digest}, follow=True).content.decode()
    assert "The shop changed meanwhile" in page
    assert list(Material.objects.values_list("name", flat=True)) == ["Old oak"]


def test_a_planner_may_look_at_the_catalogue_and_not_change_it(signed_in):
    factories.family("lamps")
    client = signed_in("planner")
    assert client.get(reverse("setup-download", args=["families", "csv"])).status_code == 200
    address = bring(client, "family,name\nlamps,Stolen\n", "families.csv")
    page = client.get(address)
    assert "You may not change all of these tables" in page.content.decode()
    sent = client.post(f"{address}apply/", {"digest": page.context["plan"].digest})
    assert sent.status_code == 403
    assert ProductFamily.objects.get().name == "Lamps"


def test_a_download_is_the_template_of_an_upload(signed_in):
    client = signed_in("admin")
    answer = client.get(reverse("setup-download", args=["products", "csv"]))
    header = next(csv.reader(io.StringIO(answer.content.decode("utf-8-sig"))))
    assert header[:2] == ["product", "name"]
    assert client.get(reverse("setup-download", args=["all", "xlsx"])).content[:2] == b"PK"
    assert client.get(reverse("setup-download", args=["secrets", "csv"])).status_code == 404
    assert client.get(reverse("setup-download", args=["all", "csv"])).status_code == 404


def test_a_file_that_is_no_table_says_so_and_loses_nothing(signed_in):
    client = signed_in("planner")
    answer = client.get(bring(client, "just a letter to Bob\n", "letter.csv"))
    assert answer.status_code == 422
    assert "letter.csv is no table" in answer.content.decode()
    empty = client.post(reverse("setup-upload"), {})
    assert empty.status_code == 422


def test_files_are_forgotten_after_a_day_and_found_by_nobody_else(signed_in, folder):
    client = signed_in("planner")
    address = bring(client, MATERIALS)
    for token in ("..", ".", "x" * 24):
        with pytest.raises(uploaded.Forgotten):
            uploaded.find(token)
    uploaded.forget_old(timezone.now() + timedelta(days=2))
    gone = client.get(address, follow=True).content.decode()
    assert "not kept any more" in gone


@pytest.mark.parametrize("name", ["../materials.csv", "/etc/materials.csv", "materials.csv"])
def test_a_name_of_a_file_leads_nowhere(folder, name):
    token = uploaded.keep([SimpleUploadedFile(name, b"x")], timezone.now())
    assert [path.name for path in uploaded.find(token).iterdir()] == ["materials.csv"]


@pytest.mark.parametrize(
    ("name", "kept"),
    [
        ("Bought parts.csv", "Bought parts.csv"),
        ("../Bill of materials (2).csv", "Bill of materials 2.csv"),
        ("a\\b\x00\n.csv", "ab.csv"),
        ("零" * 200 + ".csv", "零" * 60 + ".csv"),
        ("..", ""),
    ],
)
def test_a_file_keeps_the_words_of_its_name_and_no_path(name, kept):
    file = SimpleUploadedFile("x", b"")
    vars(file)["_name"] = name  # what a request that is made by hand may say
    assert uploaded.kept_name(file) == kept


def test_a_file_is_known_by_the_name_that_its_table_has_on_the_page(signed_in):
    client = signed_in("planner")
    either = "product,line,step\n"  # the keys of two tables
    said = client.get(bring(client, either, "Bills of materials.csv")).context["unreadable"]
    assert "a column “step”, which the sheet boms does not know" in said


def test_files_that_cannot_be_read_any_more_are_not_called_gone(signed_in, folder):
    client = signed_in("planner")
    address = bring(client, MATERIALS)
    digest = client.get(address).context["plan"].digest
    [kept] = (folder / "setup").glob("*/materials.csv")
    kept.write_bytes(b"just a letter to Bob\n")
    page = client.post(f"{address}apply/", {"digest": digest}, follow=True)
    told = page.content.decode()
    assert "materials.csv is no table" in told
    assert "not kept any more" not in told
    assert not Material.objects.exists()


def test_a_file_that_is_no_table_says_so_in_the_language_of_its_reader(signed_in):
    client = signed_in("planner")
    address = bring(client, "just a letter to Bob\n", "letter.csv")
    page = client.get(address, headers={"accept-language": "zh-hans"})
    told = page.context["unreadable"]
    assert "letter.csv" in told
    assert "表" in told


@pytest.mark.parametrize(
    ("names", "said"),
    [
        (["materials.csv", "materials.csv"], "Two files are called “materials.csv”."),
        (["materials.csv", "boms.ods"], "“boms.ods” is neither CSV nor Excel"),
        (["§§.csv"], "“§§.csv” is no name for a table."),
        (["§§"], "“§§” is neither CSV nor Excel"),
    ],
    ids=["twice", "other-kind", "no-letters", "nothing-left"],
)
def test_a_file_that_would_be_lost_on_the_way_is_named_and_none_is_taken(
    signed_in, folder, names, said
):
    files = [SimpleUploadedFile(name, MATERIALS.encode()) for name in names]
    answer = signed_in("planner").post(reverse("setup-upload"), {"tables": files})
    assert answer.status_code == 422
    assert said in answer.content.decode()
    assert not (folder / "setup").exists()
