from exports.models.link import DownloadLink
from exports.models.run import DataExportLog
from exports.models.schedule import ScheduledExport

__all__ = ["DataExportLog", "DownloadLink", "ScheduledExport"]
