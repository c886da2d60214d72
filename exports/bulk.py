"""Several exports as one ZIP, with a manifest that says what each file holds."""

import json
from collections.abc import Callable, Sequence
from typing import Any, BinaryIO, cast
from zipfile import ZIP_DEFLATED, ZIP_STORED, ZipFile, ZipInfo

from django.utils import timezone

from exports.datasets import Wish, dataset_named
from exports.engine import Written
from exports.files import MeasuringStream

MANIFEST = "manifest.json"
MANIFEST_VERSION = 1
# What is compressed already only takes longer.
STORED = {"xlsx", "zip", "parquet"}
FASTEST = 1
OWNER_ONLY = 0o600

Progress = Callable[[int], None]


def write_zip(wishes: Sequence[Wish], *, file: BinaryIO, watermark: str, on_progress: Progress) -> Written:
    """Write a file for each wish, and the manifest behind them, in the snapshot of the caller.

    Memory doesn't grow with the rows. `file` only has to `write`. The caller throws it away when this raises.
    """
    stream = MeasuringStream(file)
    written: dict[str, tuple[Wish, Written]] = {}
    with ZipFile(cast(BinaryIO, stream), "w") as archive:
        try:
            for number, wish in enumerate(wishes, start=1):
                name = _name_of(number, wish)
                rows_before = sum(part.rows for _wish, part in written.values())
                part = _write_part(archive, name, wish, watermark, _after(rows_before, on_progress))
                written[name] = wish, part
            archive.writestr(_entry(MANIFEST, ZIP_DEFLATED), _manifest(written, watermark), compresslevel=FASTEST)
        except BaseException:
            stream.give_up()
            raise
    return Written(
        rows=sum(part.rows for _wish, part in written.values()),
        bytes=stream.size,
        sha256=stream.sha256,
        rows_by_sheet={name: part.rows for name, (_wish, part) in written.items()},
    )


def _write_part(archive: ZipFile, name: str, wish: Wish, watermark: str, on_progress: Progress) -> Written:
    entry = _entry(name, ZIP_STORED if wish.format in STORED else ZIP_DEFLATED)
    with archive.open(entry, "w", force_zip64=True) as file:
        dataset = dataset_named(wish.dataset)
        return dataset.write(wish, file=cast(BinaryIO, file), watermark=watermark, on_progress=on_progress)


def _entry(name: str, compression: int) -> ZipInfo:
    entry = ZipInfo(name, timezone.localtime().timetuple()[:6])
    entry.compress_type, entry.external_attr = compression, OWNER_ONLY << 16
    entry._compresslevel = FASTEST  # type: ignore[attr-defined]  # public from Python 3.13 only
    return entry


def _name_of(number: int, wish: Wish) -> str:
    words = [f"{number:02}", wish.dataset.replace("_", "-"), wish.candidate.code if wish.candidate else ""]
    return f"{'-'.join(filter(None, words))}.{dataset_named(wish.dataset).extension(wish)}"


def _after(rows_before: int, on_progress: Progress) -> Progress:
    return lambda rows: on_progress(rows_before + rows)


def _manifest(written: dict[str, tuple[Wish, Written]], watermark: str) -> str:
    files: list[dict[str, Any]] = [
        {
            "name": name,
            "dataset": wish.dataset,
            "candidate": wish.candidate.code if wish.candidate else None,
            "filters": dict(wish.filters),
            "columns": list(wish.columns),
            "rows": part.rows,
            "rows_by_sheet": dict(part.rows_by_sheet),
            "bytes": part.bytes,
            "sha256": part.sha256,
        }
        for name, (wish, part) in written.items()
    ]
    content = {"version": MANIFEST_VERSION, "made_at": timezone.now().isoformat(), "made_by": watermark, "files": files}
    return json.dumps(content, ensure_ascii=False, indent=2)
