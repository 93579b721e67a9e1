"""Reads what the exports write, with nothing of what wrote it: a zip of XML."""

import csv
import io
import zipfile
from xml.etree import ElementTree

NS = {"x": "http://schemas.openxmlformats.org/spreadsheetml/2006/main"}


def csv_rows(answer):
    """Rows of a streamed CSV, after its byte order mark."""
    text = b"".join(answer.streaming_content).decode("utf-8")
    assert text.startswith("\ufeff")
    return list(csv.reader(io.StringIO(text[1:], newline="")))


def xlsx_cells(answer):
    """{"B2": (kind, text, number format)}; the kind is "text", "number" or "formula".

    A text that Excel never works out has the format "quoted".
    """
    book = zipfile.ZipFile(io.BytesIO(b"".join(answer.streaming_content)))
    sheet = ElementTree.fromstring(book.read("xl/worksheets/sheet1.xml"))  # noqa: S314  # our own
    formats = _formats(ElementTree.fromstring(book.read("xl/styles.xml")))  # noqa: S314
    return {
        cell.get("r"): (*_content(cell), formats[int(cell.get("s", 0))])
        for cell in sheet.iterfind(".//x:c", NS)
    }


def _formats(styles):
    codes = {
        one.get("numFmtId"): one.get("formatCode") for one in styles.iterfind(".//x:numFmt", NS)
    }
    used = styles.iterfind("x:cellXfs/x:xf", NS)
    return [
        "quoted" if one.get("quotePrefix") == "1" else codes.get(number, number)
        for one in used
        for number in [one.get("numFmtId")]
    ]


def _content(cell):
    if cell.find("x:f", NS) is not None:
        return "formula", cell.find("x:f", NS).text
    if cell.get("t") == "inlineStr":
        return "text", "".join(one.text for one in cell.iterfind(".//x:t", NS))
    return "number", cell.find("x:v", NS).text
