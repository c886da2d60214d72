from exports.models.data_import import DataImport
from exports.models.link import DownloadLink
from exports.models.notice import ExportNotice
from exports.models.rehearsal import BackupRehearsal
from exports.models.run import DataExportLog
from exports.models.schedule import ScheduledExport

__all__ = ["BackupRehearsal", "DataExportLog", "DataImport", "DownloadLink", "ExportNotice", "ScheduledExport"]
