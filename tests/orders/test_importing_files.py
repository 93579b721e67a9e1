"""Files as shops send them: each kind is read, each damage is named, nothing is half read."""

import gzip
from collections import Counter
from datetime import datetime
from pathlib import Path

import openpyxl
import pandas as pd
import pytest
from django.conf import settings

from orders.importing import (
    BadMapping,
    UnreadableFile,
    find_sources,
    fitting_mapping,
    read_log,
    read_mapping,
    sort_lines,
)
from orders.importing.mapping import build_mapping

MAPPINGS = Path(settings.BASE_DIR) / "config" / "mappings"
COLUMNS = [
    "Invoice",
    "StockCode",
    "Description",
    "Quantity",
    "InvoiceDate",
    "Price",
    "Customer ID",
    "Country",
]
HEADER = ",".join(COLUMNS) + "\n"
FIRST = "100,85123A,HOLDER,6,2011-10-03 09:00:00,2.55,17850,France\n"
SECOND = "101,21212,CASES,24,2011-10-14 10:00:00,0.55,,Spain\n"


@pytest.fixture
def file(tmp_path):
    def write(content, name="log.csv"):
        path = tmp_path / name
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return path

    return write


@pytest.fixture
def workbook(tmp_path):
    def write(*rows, name="log.xlsx", header=COLUMNS, title="Orders", change=None):
        book = openpyxl.Workbook()
        book.active.title = title
        for row in (header, *rows):
            book.active.append(row)
        if change:
            change(book)
        path = tmp_path / name
        book.save(path)
        return path

    return write


def row(invoice=100, *, quantity=6, at=datetime(2011, 10, 3, 9), price=2.55):  # noqa: DTZ001 - Excel knows no zone
    return [invoice, "85123A", "HOLDER", quantity, at, price, 17850, "France"]


def line(invoice="100", *, quantity="6", at="2011-10-03 09:00:00", price="2.55"):
    return f"{invoice};85123A;HOLDER;{quantity};{at};{price};17850;France\n"


def lines(*texts):
    return HEADER.replace(",", ";") + "".join(texts)


def shop(**entries):
    raw = {
        "name": "Shop",
        "columns": dict(
            zip(
                ("invoice", "item", "description", "quantity", "at", "price", "customer"),
                COLUMNS[:-1],
                strict=True,
            )
        ),
        "shop": {"time_zone": "UTC", "currency": "EUR", "lead_days": 14},
        "lines": {"cancellation_prefix": "C", "product_code": ".+"} | entries,
        "family": [{"code": "other", "name": "Other", "routing": "assembled"}],
    }
    return build_mapping(raw, "shop.toml")


def log_of(path, mapping=None):
    mapping = mapping or fitting_mapping(find_sources(path)[0].header, MAPPINGS)
    assert mapping
    return sort_lines(read_log(path, mapping), mapping)


def refusals(log):
    return dict(zip(log.refused["line"], log.refused["reason"], strict=True))


# --- text files ---------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("encoding", "said"),
    [
        ("utf-8", "UTF-8"),
        ("utf-8-sig", "UTF-8 with a mark"),
        ("utf-16", "UTF-16"),
        ("utf-16-le", "UTF-16"),
        ("utf-16-be", "UTF-16"),
        ("gb18030", "GB18030"),
    ],
)
def test_chinese_text_reads_the_same_in_every_encoding(file, encoding, said):
    text = HEADER + FIRST.replace("HOLDER", "木制台灯，手工") + SECOND.replace("CASES", "蛋糕纸杯")
    path = file(text.encode(encoding))
    [source] = find_sources(path)
    assert f", {said}, separated by commas" in source.said
    assert list(log_of(path).sales["description"]) == ["木制台灯，手工", "蛋糕纸杯"]


def test_western_text_is_recognised_and_the_guess_is_shown(file):
    path = file((HEADER + FIRST.replace("HOLDER", "Türschild für Café €5")).encode("cp1252"))
    [source] = find_sources(path)
    assert "Windows-1252" in source.said
    assert "Türschild für Café €5" in source.notes[0]
    assert list(log_of(path).sales["description"]) == ["Türschild für Café €5"]


def test_an_encoding_that_cannot_be_told_is_asked_for(file):
    cyrillic = (HEADER + FIRST.replace("HOLDER", "Настольная лампа")).encode("cp1251")
    path = file(cyrillic)
    with pytest.raises(UnreadableFile, match="do not tell which encoding"):
        find_sources(path)
    [source] = find_sources(path, encoding="cp1251")
    mapping = fitting_mapping(source.header, MAPPINGS)
    assert mapping
    table = read_log(path, mapping, source=source)
    assert list(table["description"]) == ["Настольная лампа"]


def test_bytes_that_do_not_fit_are_named_by_line(file):
    path = file((HEADER + FIRST.replace("HOLDER", "木制台灯")).encode() + b"101,\xff\n")
    with pytest.raises(UnreadableFile, match="line 3 holds bytes that are no UTF-8"):
        find_sources(path)


def test_a_named_encoding_that_does_not_fit_is_refused_by_line(file):
    path = file((HEADER + FIRST).encode() + SECOND.replace("CASES", "É").encode("cp1252"))
    with pytest.raises(UnreadableFile, match="line 3 holds bytes that are no UTF-8"):
        find_sources(path, encoding="utf-8")


@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
def test_the_delimiter_is_seen(file, delimiter):
    path = file((HEADER + FIRST + SECOND).replace(",", delimiter))
    assert list(log_of(path).sales["item"]) == ["85123A", "21212"]


def test_lines_with_too_few_or_too_many_fields_are_refused_alone(file):
    long = FIRST.replace("HOLDER", "HOLDER, RED").replace("100,", "102,")
    log = log_of(file(HEADER + FIRST + "101,21212,CASES\n" + "\n" + long + SECOND))
    assert refusals(log) == {3: "short_line", 5: "long_line"}
    assert list(log.sales["line"]) == [2, 6]


def test_a_line_with_a_nul_byte_is_refused_alone(file):
    log = log_of(file(HEADER + FIRST.replace("HOLDER", "HOL\0DER") + SECOND))
    assert refusals(log) == {2: "nul_byte"}
    assert list(log.sales["line"]) == [3]


def test_a_file_that_ends_within_a_line_is_refused(file):
    with pytest.raises(UnreadableFile, match="cut short: line 3, the last one"):
        find_sources(file(HEADER + FIRST + "101,21212,CA"))


def test_a_quotation_mark_that_does_not_close_is_named_by_line(file):
    path = file(HEADER + FIRST + FIRST.replace("HOLDER", '"HOLDER') + SECOND)
    with pytest.raises(UnreadableFile, match="a quotation mark in line 3 does not close"):
        log_of(path)


def test_lines_are_counted_as_an_editor_shows_them(file):
    log = log_of(file(HEADER + FIRST.replace("HOLDER", '"HOL\nDER"') + "\n" + SECOND))
    assert list(log.sales["line"]) == [2, 5]


def test_a_last_line_without_an_end_is_taken_and_noted(file):
    path = file((HEADER + FIRST).rstrip("\n"))
    [source] = find_sources(path)
    assert source.notes == ("The last line has no line end: check that the file is whole.",)
    assert len(log_of(path).sales) == 1


def test_a_cut_archive_is_refused_whatever_its_name(file):
    path = file(gzip.compress((HEADER + FIRST * 200).encode())[:-20], name="log.csv")
    with pytest.raises(UnreadableFile, match="cut short or damaged"):
        find_sources(path)


def test_a_column_name_that_stands_twice_is_refused_where_it_matters(file):
    twice = HEADER.replace("Country", "Price") + FIRST
    mapping = shop()
    with pytest.raises(UnreadableFile, match=r"“Price” more than once \(columns 6 and 8\)"):
        read_log(file(twice), mapping)
    harmless = HEADER.replace("\n", ",Note,Note\n") + FIRST.replace("\n", ",a,b\n")
    assert len(log_of(file(harmless), mapping).sales) == 1


def test_a_missing_column_is_named_with_those_that_are_there(file):
    with pytest.raises(UnreadableFile, match=r"lacks the column Price\. It has Invoice, StockCode"):
        read_log(file((HEADER + FIRST).replace("Price", "Cost")), shop())


def test_one_bad_cell_of_many_is_refused_and_all_else_taken(file):
    many = [FIRST.replace("100,", f"{number},") for number in range(1000, 3000)]
    many[1234] = many[1234].replace("2.55", "2,55x").replace(",2,55x,", ',"2,55x",')
    log = log_of(file(HEADER + "".join(many)))
    assert refusals(log) == {1236: "bad_price"}
    assert list(log.refused["column"]) == ["Price"]
    assert len(log.sales) == 1999


# --- numbers and dates --------------------------------------------------------------------


def test_a_column_with_decimal_commas_is_read_so_throughout(file):
    path = file(lines(line(price="1.234,56"), line(price="12,5"), line(price="1.000")))
    assert list(log_of(path).sales["price"]) == [1234.56, 12.5, 1000]


def test_a_column_with_decimal_points_is_read_so_throughout(file):
    path = file(lines(line(price="1,234.56"), line(price="£12.5"), line(price="1,000")))
    assert list(log_of(path).sales["price"]) == [1234.56, 12.5, 1000]


def test_a_number_that_may_be_two_is_asked_for(file):
    path = file(lines(line(price="1.234"), line(price="2.500")))
    with pytest.raises(BadMapping, match=r"“Price” does not tell whether 1.234 in line 2"):
        log_of(path)
    assert list(log_of(path, shop(decimal=",")).sales["price"]) == [1234, 2500]
    assert list(log_of(path, shop(decimal=".")).sales["price"]) == [1.234, 2.5]


def test_a_column_that_mixes_notations_is_asked_for(file):
    path = file(lines(line(price="1.5"), line(price="2,5")))
    with pytest.raises(BadMapping, match=r"two ways: 1\.5 in line 2 and 2,5 in line 3"):
        log_of(path)


def test_one_unclear_number_among_many_is_refused_alone(file):
    many = [line(str(number), price="7") for number in range(100)]
    log = log_of(file(lines(*many, line("900", price="1.234"))))
    assert refusals(log) == {102: "unclear_price"}


def test_a_foreign_currency_sign_is_no_price(file):
    log = log_of(file(lines(line(price="£2.55"), line(price="$2.55"))))
    assert refusals(log) == {3: "bad_price"}


@pytest.mark.parametrize(
    ("text", "proof"),
    [
        ("03/10/2011 09:00", "14/10/2011 09:00"),
        ("10/3/2011 9:00 AM", "10/14/2011 9:00 AM"),
        ("3.10.2011 09:00", "14.10.2011 09:00"),
        ("2011年10月3日 09:00", "2011年10月14日 09:00"),
        ("3 Oct 2011 09:00", "14 Oct 2011 09:00"),
        ("3. Oktober 2011 09:00", "14. Oktober 2011 09:00"),
        ("40819.375", "40830.375"),
    ],
)
def test_dates_as_text_are_read_as_their_column_proves(file, text, proof):
    log = log_of(file(lines(line(at=text), line(at=proof))), shop())
    assert [at.isoformat() for at in log.sales["at"]] == [
        "2011-10-03T09:00:00+00:00",
        "2011-10-14T09:00:00+00:00",
    ]


def test_day_and_month_that_cannot_be_told_apart_are_asked_for(file):
    path = file(lines(line(at="03/04/2011"), line(at="05/06/2011")))
    with pytest.raises(BadMapping, match=r"the month: 03/04/2011 in line 2.*date_format"):
        log_of(path)
    [first, _] = log_of(path, shop(date_format="%d/%m/%Y")).sales["at"]
    assert (first.day, first.month) == (3, 4)


def test_years_of_two_digits_are_asked_for(file):
    with pytest.raises(BadMapping, match=r"two digits: 31/12/11 in line 2"):
        log_of(file(lines(line(at="31/12/11"))))


def test_an_unclear_date_among_many_clear_ones_is_refused_alone(file):
    many = [line(str(number)) for number in range(100)]
    log = log_of(file(lines(*many, line("900", at="03/04/2011"))))
    assert refusals(log) == {102: "bad_date"}


def test_a_moment_with_its_own_zone_is_kept(file):
    log = log_of(file(lines(line(at="2011-10-03T09:00:00+02:00"), line())), shop())
    assert [at.hour for at in log.sales["at"]] == [7, 9]


def test_what_is_far_from_usual_for_a_product_is_taken_and_flagged(file):
    usual = [line(str(number)) for number in range(10)]
    path = file(lines(*usual, line("70", quantity="601"), line("71", price="25.51")))
    log = log_of(path)
    assert dict(zip(log.flagged["line"], log.flagged["flag"], strict=True)) == {
        12: "unusual_quantity",  # 601 is more than 100 × 6
        13: "unusual_price",  # 25.51 is more than 10 × 2.55
    }
    assert len(log.sales) == 12


# --- workbooks ----------------------------------------------------------------------------


def test_a_workbook_is_read_with_numbers_dates_and_texts_mixed(workbook):
    path = workbook(row(), row(101, at=40830.375), row(102, price="1,5", at="2011-10-14 09:00"))
    log = log_of(path)
    assert list(log.sales["invoice"]) == ["100", "101", "102"]
    assert list(log.sales["price"]) == [2.55, 2.55, 1.5]
    assert [at.day for at in log.sales["at"]] == [3, 14, 14]


def test_the_first_sheet_with_the_header_is_taken_below_its_title(workbook):
    def change(book):
        notes = book.create_sheet("Notes", 0)
        notes.append(["Made by", "Alice"])
        book["Orders"].insert_rows(1, 2)
        book["Orders"]["A1"] = "All orders"

    path = workbook(row(), change=change)
    log = log_of(path, read_mapping(MAPPINGS / "online_retail.toml"))
    assert list(log.sales["line"]) == [4]
    with pytest.raises(UnreadableFile, match="no sheet “July”; it has Notes, Orders"):
        find_sources(path, sheet="July")


def test_empty_rows_of_a_workbook_are_no_lines(workbook):
    def change(book):
        book["Orders"]["J500"] = None
        book["Orders"].row_dimensions[400].height = 20
        book["Orders"]["A300"].number_format = "0.00"

    assert log_of(workbook(row(), change=change)).lines == 1


def test_merged_cells_in_a_column_that_is_read_are_named(workbook):
    path = workbook(row(), row(), change=lambda book: book["Orders"].merge_cells("A2:A3"))
    with pytest.raises(UnreadableFile, match="has merged cells: A2:A3"):
        log_of(path)


def test_merged_cells_elsewhere_do_no_harm(workbook):
    path = workbook(row(), row(), change=lambda book: book["Orders"].merge_cells("K2:K3"))
    assert len(log_of(path).sales) == 2


def test_a_formula_without_a_saved_value_and_an_error_are_refused_alone(workbook):
    log = log_of(workbook(row(), row(101, quantity="=2*3"), row(102, price="#N/A")))
    assert refusals(log) == {3: "formula_without_value", 4: "cell_error"}


def test_a_cut_workbook_is_refused(workbook):
    path = workbook(row())
    path.write_bytes(path.read_bytes()[:-200])
    with pytest.raises(UnreadableFile, match="cut short or damaged"):
        find_sources(path)


def test_an_old_workbook_says_how_to_save_it(file):
    with pytest.raises(UnreadableFile, match=r"Save it as \.xlsx"):
        find_sources(file(b"\xd0\xcf\x11\xe0 old", name="log.xls"))


# --- Parquet ------------------------------------------------------------------------------


@pytest.mark.parquet
def test_parquet_is_read_with_its_types(tmp_path):
    path = tmp_path / "log.parquet"
    pd.DataFrame([row(), row(101, price=1.234)], columns=COLUMNS).to_parquet(path)
    log = log_of(path)
    assert list(log.sales["price"]) == [2.55, 1.234]
    assert Counter(log.sales["item"]) == {"85123A": 2}


def test_parquet_without_its_reader_says_what_to_install(file, monkeypatch):
    monkeypatch.setattr("journal.tables.columnar.parquet", None)
    with pytest.raises(UnreadableFile, match="make parquet"):
        find_sources(file(b"PAR1....PAR1", name="log.parquet"))
