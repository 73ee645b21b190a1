"""The one writer of CSV and XLSX files: whatever leaves through it cannot run as a formula in a spreadsheet."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from openpyxl import Workbook
from openpyxl.cell.cell import ILLEGAL_CHARACTERS_RE

Row = Sequence[Any]
# A cell that begins so is read as a formula, or hides one from a reader that trims (OWASP, CSV injection).
DANGEROUS = ("=", "+", "-", "@", "\t", "\r")
# Excel cuts or refuses longer cells.
MAX_CELL = 32_767


def neutralise(value: Any) -> Any:
    """Text that would act as a formula gets an apostrophe in front; numbers and other text stay."""
    if isinstance(value, str) and value.startswith(DANGEROUS):
        return f"'{value}"
    return value


def write(path: Path, header: Row, rows: Iterable[Row]) -> int:
    """Write what the name of the file says, .xlsx or else .csv; returns how many rows."""
    return write_xlsx(path, header, rows) if path.suffix == ".xlsx" else write_csv(path, header, rows)


def write_csv(path: Path, header: Row, rows: Iterable[Row]) -> int:
    """Write rows as they come, never all in memory; returns how many. The BOM makes Excel read Vietnamese."""
    count = 0
    with path.open("w", encoding="utf-8-sig", newline="") as file:
        writer = csv.writer(file)
        writer.writerow([neutralise(value) for value in header])
        for row in rows:
            writer.writerow([neutralise(value) for value in row])
            count += 1
    return count


def write_xlsx(path: Path, header: Row, rows: Iterable[Row], title: str = "OA Desk") -> int:
    """The same as a spreadsheet; texts stay text, so phone numbers keep their zero."""
    book = Workbook(write_only=True)
    sheet = book.create_sheet(title)
    sheet.append([_cell(value) for value in header])
    count = 0
    for row in rows:
        sheet.append([_cell(value) for value in row])
        count += 1
    book.save(path)
    return count


def _cell(value: Any) -> Any:
    if not isinstance(value, str):
        return value
    return neutralise(ILLEGAL_CHARACTERS_RE.sub("\N{REPLACEMENT CHARACTER}", value)[:MAX_CELL])
