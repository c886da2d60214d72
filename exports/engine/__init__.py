"""From querysets to a file: what is read by `COPY`, block by block, and written by a format's writer."""

from exports.engine.writing import Progress, SheetSource, Written, write_export

__all__ = ["Progress", "SheetSource", "Written", "write_export"]
