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

from parking.csv_exports import columns
from parking.reports import emails
from tests.csv_exports.test_columns import PAYLOADS, TEXT, row_of

SEPARATORS = {"comma": 44, "semicolon": 59, "tab": 9}
# A payload also behind something harmless that ends in a separator of another country, and behind a quote.
TEXTS = [
    *PAYLOADS,
    *(f"x{between}{payload}{between}y" for payload in PAYLOADS[:20] for between in (";", "\t", '";', ";;")),
]
TABLES = {
    "bookings": columns.bookings(lambda row: ("", None, None, None), with_user=True),
    "users": columns.users("Europe/Berlin"),
    "lots": columns.LOTS,
    "spots": columns.SPOTS,
}
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
    ours = _write(folder / "ours", lambda path, table, rows: path.write_bytes(columns.whole(table, rows)))
    careless = _write(folder / "control", _careless)
    good = True
    for name, code in SEPARATORS.items():
        found = _open(office, ours, folder / f"ours-{name}", code)
        control = _open(office, careless, folder / f"control-{name}", code)
        print(f"split at {name}: {_formulas(found)} formulas in {_cells(found)} cells; control {_formulas(control)}")
        good &= not _formulas(found) and _formulas(control) > 0 and len(found) == len(ours)
        if name == "comma":
            numbers = sum(one.count('office:value-type="float"') for one in found)
            print(f"{numbers} numbers are still numbers (ids, prices, coordinates)")
            good &= numbers > len(TEXTS) * len(ours)
    columns_with_text = sum(map(len, TEXT.values())) + 1
    print(f"{len(TEXTS)} texts in {columns_with_text} text columns of {len(ours)} files")
    print("within the promise" if good else "NOT within: no formula anywhere, and formulas in every control")
    return 0 if good else 1


def _write(folder: Path, write: Callable[[Path, columns.Table, list], object]) -> list[Path]:
    """One file for each table, a row for each text; returns their paths."""
    folder.mkdir()
    for name, table in TABLES.items():
        write(folder / f"{name}.csv", table, [row_of(name, text) for text in TEXTS])
    report = [[1, columns.safe_text(text) if folder.name == "ours" else text, *[2] * 10] for text in TEXTS]
    write(folder / "lot_figures.csv", emails.LOT_FIGURES, report)
    return sorted(folder.iterdir())


def _careless(path: Path, table: columns.Table, rows: list) -> None:
    """The raw values, as a careless program would write them."""
    with path.open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows([[str(cell).replace("\0", "") for cell in row] for row in rows])


def _open(office: str, files: Iterable[Path], into: Path, separator: int) -> list[str]:
    """The files as LibreOffice understands them, in its XML."""
    # separator, quote ", UTF-8, from line 1, no column formats, language, quoted is not forced to be text, special
    # numbers recognised, and last but not least: formulas evaluated
    options = f"{separator},34,76,1,,0,false,true,false,false,false,0,true"
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
