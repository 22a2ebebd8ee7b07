"""What a real spreadsheet makes of our CSV files: 60 payloads in every text column, opened by LibreOffice.

    make bench-job WHAT=spreadsheet

Each file is opened headless with "evaluate formulas" on, once for each separator a country's spreadsheet may split at,
and saved as XML. Promise: not one cell is a formula, and numbers are still numbers. The control opens the same texts
as they were typed in, without our care; it must find formulas, or this program has looked at nothing.
LibreOffice is not brought along: `apt-get install --no-install-recommends libreoffice-calc` (or any other way).
"""

from __future__ import annotations

import csv
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterable
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "backend"))

from parking import csv_writer
from parking.exports import columns
from parking.reports import emails
from tests.exports.test_columns import PAYLOADS, TEXT, row_of

SEPARATORS = {"comma": 44, "semicolon": 59, "tab": 9}
# A payload also behind something harmless that ends in a separator of another country, and behind a quote.
TEXTS = [
    *PAYLOADS,
    *(f"x{between}{payload}{between}y" for payload in PAYLOADS[:20] for between in (";", "\t", '";', ";;")),
]
TABLES = {
    "bookings": columns.booking_table(lambda row: ("", None, None, None), with_user=True),
    "users": columns.user_table("Europe/Berlin", "EUR"),
    "lots": columns.LOT_TABLE,
    "spots": columns.SPOT_TABLE,
}
DIALECTS = {
    "machine": csv_writer.MACHINE,
    "german": csv_writer.dialect_of("auto", "de"),
    "english": csv_writer.dialect_of("auto", "en"),
}
ENGLISH, GERMAN = 1033, 1031
"""Languages as Windows numbers them; LibreOffice reads decimal commas in the second."""
SECONDS = 300


def main() -> int:
    office = shutil.which("soffice") or shutil.which("libreoffice")
    if office is None:
        print("SKIPPED: there is no LibreOffice here (soffice). Get it with:")
        print("    apt-get install --no-install-recommends libreoffice-calc")
        return 0
    with tempfile.TemporaryDirectory() as folder:
        return _measure(office, Path(folder))


def _measure(office: str, folder: Path) -> int:
    careless = _write(folder / "control", _careless)
    held = [_holds(office, folder, name, dialect, careless) for name, dialect in DIALECTS.items()]
    return 0 if all(held) else 1


def _holds(office: str, folder: Path, form: str, dialect: csv_writer.Dialect, careless: list[Path]) -> bool:
    """Whether the promise holds for files of this dialect."""
    ours = _write(folder / form, lambda path, table, rows: path.write_bytes(csv_writer.whole(table, rows, dialect)))
    good = True
    for name, code in SEPARATORS.items():
        cells = _open(office, ours, folder / f"{form}-{name}", code, GERMAN if dialect.decimal == "," else ENGLISH)
        control = _open(office, careless, folder / f"{form}-control-{name}", code, ENGLISH)
        print(f"{form}, split at {name}: {_formulas(cells)} formulas in {_cells(cells)} cells;", end=" ")
        print(f"control {_formulas(control)}")
        good &= not _formulas(cells) and _formulas(control) > 0 and len(cells) == len(ours)
        if code == ord(dialect.separator):
            numbers, dates = (sum(one.count(f'value-type="{kind}"') for one in cells) for kind in ("float", "date"))
            print(f"{form}: {numbers} numbers are still numbers (ids, prices, coordinates), {dates} times are dates")
            good &= numbers > len(TEXTS) * len(ours) and (dates > len(TEXTS) * 3) == dialect.for_people
    columns_with_text = sum(map(len, TEXT.values())) + 1
    print(f"{len(TEXTS)} texts in {columns_with_text} text columns of {len(ours)} files")
    print("within the promise" if good else "NOT within: no formula anywhere, and formulas in every control")
    return good


def _write(folder: Path, write: Callable[[Path, csv_writer.Table, list], object]) -> list[Path]:
    """One file for each table, a row for each text; returns their paths."""
    folder.mkdir()
    for name, table in TABLES.items():
        write(folder / f"{name}.csv", table, [row_of(name, text) for text in TEXTS])
    report = [[1, text, *[2] * 10] for text in TEXTS]
    write(folder / "lot_figures.csv", emails.LOT_FIGURES, report)
    return sorted(folder.iterdir())


def _careless(path: Path, table: csv_writer.Table, rows: list) -> None:
    """The raw values, as a careless program would write them."""
    with path.open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows([[str(cell).replace("\0", "") for cell in row] for row in rows])


def _open(office: str, files: Iterable[Path], into: Path, separator: int, language: int) -> list[str]:
    """The files as LibreOffice understands them, in its XML."""
    # separator, quote ", UTF-8, from line 1, no column formats, language, quoted is not forced to be text, special
    # numbers recognised, and last but not least: formulas evaluated
    options = f"{separator},34,76,1,,{language},false,true,false,false,false,0,true"
    profile = (into.parent / "profile").as_uri()
    subprocess.run(
        [office, f"-env:UserInstallation={profile}", "--headless", "--convert-to", "fods", "--outdir", str(into),
         f"--infilter=Text - txt - csv (StarCalc):{options}", *map(str, files)],
        check=True, capture_output=True, timeout=SECONDS,
    )  # fmt: skip
    return [path.read_text(encoding="utf-8") for path in sorted(into.glob("*.fods"))]


def _formulas(opened: list[str]) -> int:
    return sum(len(re.findall(r"\stable:formula=", one)) for one in opened)


def _cells(opened: list[str]) -> int:
    return sum(one.count("<table:table-cell") for one in opened)


if __name__ == "__main__":
    sys.exit(main())
