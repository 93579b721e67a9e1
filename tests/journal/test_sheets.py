"""Tables of any kind: read, checked against what there is, written as one, taken back."""

from datetime import UTC, datetime
from decimal import Decimal

import openpyxl
import pytest

from journal.models import Revision
from journal.sheets import (
    REMOVE,
    Column,
    Fault,
    Line,
    Moved,
    NotApplied,
    Sheet,
    Table,
    Workbook,
    apply,
    as_csv,
    as_xlsx,
    check,
    history,
    kinds,
    last_batch,
    read_files,
    undo,
)
from journal.tables import UnreadableFile

NOW = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)


class Kept(Sheet):
    """Rows that live in a dict: what a sheet is, without a database of its own."""

    label = purpose = "Kept"
    view = change = "x.y"

    def __init__(self):
        self.rows = {}
        self.used = set()

    def load(self):
        return {key: dict(row) for key, row in self.rows.items()}

    def write(self, changes):
        self.rows |= {change.key: change.row for change in changes.all}

    def erase(self, removed, changes):
        for change in removed:
            del self.rows[change.key]

    def kept(self, removed, book):
        for change in removed:
            if change.key in self.used:
                yield Fault(change, REMOVE, "It is lent.")


class Shelves(Kept):
    code = "shelves"
    keys = ("shelf",)
    columns = (Column("shelf", kinds.code(10)), Column("room", kinds.text(20), required=True))


class Books(Kept):
    code = "books"
    keys = ("book",)
    after = ("shelves",)
    columns = (
        Column("book", kinds.text(40)),
        Column("shelf", kinds.code(10), required=True, refers="shelves"),
        Column("price", kinds.money(6)),
        Column("weight", kinds.decimal(6, 3)),
        Column("pages", kinds.whole(1, 2000), default=1),
        Column("bought", kinds.day()),
        Column("read_at", kinds.clock()),
        Column("lent", kinds.yes_no(), default=False),
        Column("words", kinds.words(20), default=[]),
        Column("marks", kinds.pairs(), default={}),
    )


@pytest.fixture
def library():
    return Workbook((Shelves(), Books()))


@pytest.fixture
def look(library, tmp_path):
    """Check files that are given by name: their text, or the rows of a workbook."""

    def check_files(**files):
        for name, content in files.items():
            (tmp_path / f"{name}.csv").write_text(content, encoding="utf-8")
        return check(library, read_files([tmp_path], library))

    return check_files


def told(plan):
    return [(one.sheet, one.line, one.column) for one in plan.problems]


def workbook(path, *tabs):
    """An .xlsx with tabs of (title, rows)."""
    book = openpyxl.Workbook()
    book.remove(book.active)
    for title, rows in tabs:
        page = book.create_sheet(title)
        for row in rows:
            page.append(row)
    book.save(path)
    return path


SHELVES = "shelf,room\nA,Hall\nB,Attic\n"
BOOKS = "book,shelf,price,pages,lent\nEmma,A,12.50,400,no\nFaust,B,8,,yes\n"


# Cells


@pytest.mark.parametrize(
    ("kind", "cell", "value"),
    [
        (kinds.money(), "12,50", Decimal("12.50")),
        (kinds.money(), "1.234,50", Decimal("1234.50")),
        (kinds.money(), "1,234.50", Decimal("1234.50")),
        (kinds.decimal(8, 3), "1.234", Decimal("1.234")),
        (kinds.decimal(8, 3), "0.30000000000000004", Decimal("0.3")),
        (kinds.whole(), "3.0", 3),
        (kinds.yes_no(), "TRUE", True),
        (kinds.yes_no(), "否", False),
        (kinds.words(9), "fdm , enclosed,", ["fdm", "enclosed"]),
        (
            kinds.pairs(),
            'hex=#fff; wood=yes; note="a; b"',
            {"hex": "#fff", "wood": True, "note": "a; b"},
        ),
        (kinds.choice([("MTO", "Made to order")]), "made to order", "MTO"),
    ],
)
def test_a_cell_is_read_as_people_write_it_and_written_so_that_it_comes_back(kind, cell, value):
    assert kind.read(cell, ".") == value
    assert kind.read(kind.text(value), ".") == value


@pytest.mark.parametrize(
    "cell", ["2026-03-31", "31.03.2026", "31/03/2026", "2026-03-31 00:00:00", "46112"]
)
def test_a_day_is_read_in_every_way_that_means_one_day(cell):
    assert kinds.day().text(kinds.day().read(cell, ".")) == "2026-03-31"


@pytest.mark.parametrize(
    ("kind", "cell", "says"),
    [
        (kinds.money(), "1,234", "more or less than a thousand"),
        (kinds.money(), "cheap", "no number"),
        (kinds.money(), "NaN", "no number"),
        (kinds.money(), "-1", "0 or more"),
        (kinds.money(), "1.005", "more than 2 decimals"),
        (kinds.money(), "1e99", "too large"),
        (kinds.whole(), "1.5", "no whole number"),
        (kinds.day(), "03/04/2026", "Write one of: 2026-03-04 / 2026-04-03"),
        (kinds.day(), "soon", "no date"),
        (kinds.clock(), "25:00", "no time of day"),
        (kinds.yes_no(), "perhaps", "Write yes or no"),
        (kinds.code(9), "a b", "is no code"),
        (kinds.text(3), "abcd", "at most 3"),
        (kinds.text(9), "a\x00b", "cannot be kept"),
        (kinds.email(), "alice@", "no e-mail address"),
        (kinds.choice([("MTO", "")]), "MTX", "Write one of: MTO"),
        (kinds.pairs(), "hex", "name=value"),
        (kinds.pairs(), "a=1; a=2", "stands twice"),
    ],
)
def test_a_bad_cell_is_told_what_to_write(kind, cell, says):
    with pytest.raises(kinds.BadCell) as bad:
        kind.read(cell, ".")
    assert says in str(bad.value)


def test_a_comma_that_a_file_proves_counts_for_all_of_its_cells(look, library):
    plan = look(shelves=SHELVES, books="book;shelf;price;weight\nEmma;A;12,50;1,234\nFaust;A;8;2\n")
    assert plan.is_clean
    assert plan.changes[2].row["weight"] == Decimal("1.234")


# What an import would do


def test_a_check_says_what_is_new_changed_and_the_same_and_writes_nothing(look, library):
    shelves, books = library.sheets
    shelves.rows = {("A",): {"shelf": "A", "room": "Hall"}, ("B",): {"shelf": "B", "room": "Loft"}}
    plan = look(shelves=SHELVES, books=BOOKS)
    one, other = plan.sheets
    assert (len(one.created), len(one.changed), one.unchanged) == (0, 1, 1)
    assert one.changed[0].fields == [("room", "Loft", "Attic")]
    assert (len(other.created), other.refused) == (2, 0)
    assert books.rows == {}


def test_every_bad_cell_is_named_by_line_and_column(look):
    plan = look(
        shelves=SHELVES,
        books="book,shelf,price,pages,bought\n"
        "Emma,C,12.50,400,2026-03-31\n"
        ",A,1,1,\n"
        "Faust,A,cheap,0,yesterday\n"
        "Emma,A,1,1,\n"
        "Lenz,,1,1,\n",
    )
    assert told(plan) == [
        ("books", 2, "shelf"),
        ("books", 3, "book"),
        ("books", 4, "price"),
        ("books", 4, "pages"),
        ("books", 4, "bought"),
        ("books", 5, ""),
        ("books", 6, "shelf"),
    ]
    assert "There is no “C” in the sheet shelves" in plan.problems[0].text
    assert "first in books.csv, line 2" in plan.problems[5].text
    assert str(plan.problems[2]).startswith("books.csv, line 4, column price: “cheap” is no number")


def test_who_names_a_bad_row_of_the_same_import_is_not_blamed_for_it(look):
    plan = look(shelves="shelf,room\nA,\n", books="book,shelf\nEmma,A\n")
    assert told(plan) == [("shelves", 2, "room")]


def test_a_column_that_a_file_lacks_changes_nothing_and_an_empty_cell_does(look, library):
    books = library.sheets[1]
    library.sheets[0].rows = {("A",): {"shelf": "A", "room": "Hall"}}
    row = {**books.blank(), "book": "Emma", "shelf": "A", "price": Decimal(9), "pages": 400}
    books.rows = {("Emma",): row}
    assert look(books="book,shelf\nEmma,A\n").changes == []
    [change] = look(books="book,shelf,price,pages\nEmma,A,,\n").changes
    assert change.fields == [("price", "9.00", ""), ("pages", "400", "1")]


def test_a_row_that_another_names_or_that_is_in_use_stays(look, library):
    shelves, books = library.sheets
    shelves.rows = {(s,): {"shelf": s, "room": "Hall"} for s in "AB"}
    books.rows = {("Emma",): {**books.blank(), "book": "Emma", "shelf": "A"}}
    shelves.used = {("B",)}
    plan = look(shelves="shelf,remove\nA,yes\nB,yes\n")
    assert told(plan) == [("shelves", 2, REMOVE), ("shelves", 3, REMOVE)]
    assert "sheet books, row “Emma”" in plan.problems[0].text
    assert plan.problems[1].text == "It is lent."


def test_rows_that_go_together_may_go(look, library):
    shelves, books = library.sheets
    shelves.rows = {("A",): {"shelf": "A", "room": "Hall"}}
    books.rows = {("Emma",): {**books.blank(), "book": "Emma", "shelf": "A"}}
    plan = look(shelves="shelf,remove\nA,yes\n", books="book,remove\nEmma,yes\n")
    assert [(one.key, one.after) for one in plan.changes] == [(("A",), None), (("Emma",), None)]
    assert look(shelves="shelf,remove\nA,yes\nZ,yes\n", books="book,remove\nEmma,yes\n").is_clean


# Files


def test_a_workbook_holds_a_sheet_in_each_tab_and_its_numbers_stay_numbers(library, tmp_path):
    path = workbook(
        tmp_path / "all.xlsx",
        ("Shelves", [["shelf", "room"], ["A", "Hall"]]),
        (
            "books",
            [
                ["My books"],
                ["book", "shelf", "price", "bought"],
                ["Emma", "A", 12.5, NOW.replace(tzinfo=None)],
            ],
        ),
        ("notes", [["what", "who"], ["tidy", "Bob"]]),
    )
    plan = check(library, read_files([path], library))
    assert plan.is_clean
    book = plan.changes[1].row
    assert (book["price"], book["bought"].isoformat()) == (Decimal("12.5"), "2026-03-02")


def test_files_are_known_by_their_name_else_by_their_columns(library, tmp_path):
    (tmp_path / "export (3).csv").write_text("Book *;Shelf;# my note\nEmma;A;read it\n")
    [table] = read_files([tmp_path], library)
    assert (table.sheet.code, table.columns) == ("books", ("book", "shelf"))


@pytest.mark.parametrize(
    ("content", "says"),
    [
        ("book,shelf,shelf\nEmma,A,B\n", "more than once"),
        ("book,shelf,prise\nEmma,A,1\n", "Is “price” meant?"),
        ("book,shelf,colour\nEmma,A,red\n", "begin its name with #"),
        ("what,who\ntidy,Bob\n", "holds no sheet that is known"),
        ("book,shelf\nEmma,A\nFau", "cut short"),
        ("", "is empty"),
    ],
)
def test_a_file_that_cannot_be_understood_is_refused_with_the_reason(
    library, tmp_path, content, says
):
    (tmp_path / "books.csv").write_text(content)
    with pytest.raises(UnreadableFile) as bad:
        read_files([tmp_path], library)
    assert says in str(bad.value)


def test_merged_cells_and_formulas_without_a_value_are_named(library, tmp_path):
    path = workbook(
        tmp_path / "books.xlsx", ("books", [["book", "shelf"], ["Emma", "A"], ["Faust", "=A2"]])
    )
    [table] = read_files([path], library)
    assert [(line.number, bool(line.fault)) for line in table.lines] == [(2, False), (3, True)]
    assert told(check(library, [table]))[-1] == ("books", 3, "")
    book = openpyxl.load_workbook(path)
    book["books"].merge_cells("B2:B3")
    book.save(path)
    with pytest.raises(UnreadableFile, match="merged cells: B2:B3"):
        read_files([path], library)


NASTY = [
    "=1+1",
    "'=1+1",
    "''-x",
    "-5 °C",
    "@home",
    "'quoted",
    "＝1",
    'say "hi"; a,b',
    "line\nbreak",
]


@pytest.mark.parametrize("form", ["csv", "xlsx"])
def test_a_text_that_a_spreadsheet_would_work_out_goes_out_as_text_and_comes_back(
    library, tmp_path, form
):
    shelves = library.sheets[0]
    shelves.rows = {
        (f"s{place}",): {"shelf": f"s{place}", "room": text} for place, text in enumerate(NASTY)
    }
    out = as_csv(shelves).encode() if form == "csv" else as_xlsx([shelves])
    path = tmp_path / f"shelves.{form}"
    path.write_bytes(out)
    plan = check(library, read_files([path], library))
    assert plan.is_clean
    assert [change.fields for change in plan.changes] == []
    if form == "csv":
        assert "s0,'=1+1\n" in out.decode("utf-8-sig")


# Writing and undoing


@pytest.mark.django_db
def test_an_import_is_written_kept_and_taken_back(look, library):
    shelves, books = library.sheets
    shelves.rows = {("A",): {"shelf": "A", "room": "Cellar"}}
    batch = apply(library, look(shelves=SHELVES, books=BOOKS), at=NOW, by="staff:alice")
    assert shelves.rows["A",]["room"] == "Hall"
    assert set(books.rows) == {("Emma",), ("Faust",)}
    [kept] = history("shelves", ("A",))
    before, after = kept.before or {}, kept.after or {}
    assert (before["room"], after["room"], kept.by) == ("Cellar", "Hall", "staff:alice")
    assert last_batch().rows == 4
    undo(library, batch, by="staff:bob", at=NOW)
    assert shelves.rows == {("A",): {"shelf": "A", "room": "Cellar"}}
    assert books.rows == {}
    assert last_batch() is None
    with pytest.raises(NotApplied, match="undone already"):
        undo(library, batch, by="staff:bob", at=NOW)


@pytest.mark.django_db
def test_an_undo_is_refused_when_its_rows_were_changed_since_or_are_in_use(look, library):
    shelves = library.sheets[0]
    batch = apply(library, look(shelves=SHELVES), at=NOW, by="staff:alice")
    apply(library, look(shelves="shelf,room\nA,Garage\n"), at=NOW, by="staff:bob")
    with pytest.raises(NotApplied, match="shelves, row “A”, was changed after"):
        undo(library, batch, by="staff:alice", at=NOW)
    undo(library, last_batch().batch, by="staff:bob", at=NOW)
    shelves.used = {("B",)}
    with pytest.raises(NotApplied, match="row “B”: It is lent"):
        undo(library, batch, by="staff:alice", at=NOW)
    assert set(shelves.rows) == {("A",), ("B",)}


@pytest.mark.django_db
def test_a_row_that_lacked_a_cell_comes_back_as_it_was_though_one_is_needed(look, library):
    shelves = library.sheets[0]
    shelves.rows = {("A",): {"shelf": "A", "room": ""}}
    batch = apply(library, look(shelves="shelf,remove\nA,yes\n"), at=NOW, by="staff:alice")
    assert shelves.rows == {}
    undo(library, batch, by="staff:bob", at=NOW)
    assert shelves.rows == {("A",): {"shelf": "A", "room": ""}}
    batch = apply(library, look(shelves="shelf,room\nA,Hall\n"), at=NOW, by="staff:alice")
    undo(library, batch, by="staff:bob", at=NOW)
    assert shelves.rows["A",]["room"] == ""
    assert told(look(shelves="shelf,room\nB,\n")) == [("shelves", 2, "room")]


@pytest.mark.django_db
def test_a_row_does_not_come_back_to_a_shelf_that_is_gone(look, library):
    apply(library, look(shelves=SHELVES, books=BOOKS), at=NOW, by="staff:alice")
    batch = apply(library, look(books="book,remove\nFaust,yes\n"), at=NOW, by="staff:alice")
    del library.sheets[0].rows["B",]
    with pytest.raises(NotApplied, match="row “Faust”: There is no “B” in the sheet shelves"):
        undo(library, batch, by="staff:bob", at=NOW)


@pytest.mark.django_db
def test_nothing_is_written_while_a_row_is_bad_or_when_the_shop_moved(look, library):
    shelves = library.sheets[0]
    with pytest.raises(NotApplied):
        apply(library, look(shelves=SHELVES + "C,\n"), at=NOW, by="x")
    plan = look(shelves=SHELVES)
    shelves.rows = {("A",): {"shelf": "A", "room": "Loft"}}
    with pytest.raises(Moved, match="row “A”"):
        apply(library, plan, at=NOW, by="x")
    assert set(shelves.rows) == {("A",)}
    assert not Revision.objects.exists()


@pytest.mark.django_db
def test_what_changes_nothing_leaves_no_history(look, library):
    apply(library, look(shelves=SHELVES), at=NOW, by="x")
    assert apply(library, look(shelves=SHELVES), at=NOW, by="x") == ""
    assert Revision.objects.count() == 2


def test_two_answers_differ_by_their_digest(look, library):
    first = look(shelves=SHELVES).digest
    assert look(shelves=SHELVES).digest == first
    assert look(shelves=SHELVES.replace("Hall", "Hell")).digest != first
    library.sheets[0].rows = {("A",): {"shelf": "A", "room": "Loft"}}
    assert look(shelves=SHELVES).digest != first


def test_sheets_stand_after_those_that_they_need():
    with pytest.raises(ValueError, match="shelves"):
        Workbook((Books(), Shelves()))


def test_a_table_need_not_come_from_a_file(library):
    line = Line(1, {"shelf": "A", "room": "Hall"})
    assert check(library, [Table(library.sheets[0], "by hand", ("shelf", "room"), [line])]).is_clean
