"""Another program reads what we wrote: LibreOffice, where it is installed."""

import csv
import shutil
import subprocess

import pytest

from exports.tests.samples import HOSTILE
from exports.tests.table import write_texts
from exports.tests.test_writers import as_excel_keeps_it

SOFFICE = shutil.which("soffice")
# Tabs, quotes as text, all cells as shown, UTF-8: the tokens of its CSV filter.
CSV_FILTER = "csv:Text - txt - csv (StarCalc):44,34,76,1,,0,false,true,false"


@pytest.mark.django_db
@pytest.mark.slow
@pytest.mark.skipif(SOFFICE is None, reason="LibreOffice is not installed (Debian: apt-get install libreoffice-calc)")
def test_libreoffice_reads_every_hostile_cell_as_text(tmp_path):
    path = tmp_path / "people.xlsx"
    path.write_bytes(write_texts(HOSTILE, "xlsx"))
    profile = f"-env:UserInstallation=file://{tmp_path / 'profile'}"
    command = [str(SOFFICE), profile, "--headless", "--convert-to", CSV_FILTER, "--outdir", str(tmp_path), str(path)]
    subprocess.run(command, check=True, timeout=120, capture_output=True)
    with (tmp_path / "people.csv").open(encoding="utf-8-sig", newline="") as file:
        cells = [row[0] if row else "" for row in csv.reader(file)]
    assert cells[1:] == [as_excel_keeps_it(text) for text in HOSTILE]
