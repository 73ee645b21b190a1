"""services/exports.py: files for spreadsheets that run nothing."""

from __future__ import annotations

import csv
import io

from hypothesis import given, settings
from hypothesis import strategies as st
from openpyxl import load_workbook

from services import exports

TEXT = st.text(st.characters(exclude_categories=("Cs",)), max_size=40)


@given(TEXT)
@settings(max_examples=150)
def test_no_text_begins_like_a_formula(text):
    """= + - @ tab and CR never stand first, and nothing of the text is lost."""
    safe = exports.neutralise(text)
    assert not safe.startswith(exports.DANGEROUS)
    if text.startswith(exports.DANGEROUS):
        assert safe == f"'{text}"


def test_numbers_stay_numbers():
    """-5 as a number is no formula."""
    assert exports.neutralise(-5) == -5


def test_csv_is_read_back_as_it_was(tmp_path):
    """Quotes, line breaks and Vietnamese survive; the file says that it is UTF-8."""
    path = tmp_path / "a.csv"
    rows = [["Nguyễn Thị Lan", 'nói "chào"\nrồi đi', "0901234567"], ["=1+1", "@x", "-"]]
    assert exports.write_csv(path, ["tên", "ghi chú", "+số"], rows) == 2
    assert path.read_bytes().startswith(b"\xef\xbb\xbf")
    header, first, second = csv.reader(io.StringIO(path.read_text("utf-8-sig"), newline=""))
    assert header == ["tên", "ghi chú", "'+số"]
    assert first == rows[0]
    assert second == ["'=1+1", "'@x", "'-"]


def test_xlsx_keeps_zeros_and_holds_no_formula(tmp_path):
    """Phones stay text; control characters that Excel forbids become a sign."""
    path = tmp_path / "a.xlsx"
    assert exports.write_xlsx(path, ["số", "tên"], [["0901234567", "=cmd()"], [7, "a\x00b"]]) == 2
    cells = [[cell.value for cell in row] for row in load_workbook(path).worksheets[0].rows]
    assert cells == [["số", "tên"], ["0901234567", "'=cmd()"], [7, "a\N{REPLACEMENT CHARACTER}b"]]
    assert all(cell.data_type != "f" for row in load_workbook(path).worksheets[0].rows for cell in row)


def test_rows_are_written_as_they_come(tmp_path):
    """The writer takes a generator and never asks for its length."""
    count = exports.write_csv(tmp_path / "a.csv", ["n"], ([number] for number in range(5000)))
    assert count == 5000
