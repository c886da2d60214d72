"""Complete backups: of one candidate or of everything, and their restoring."""

from exports.backup.writing import BackupWritten, count_backup_rows, write_backup

__all__ = ["BackupWritten", "count_backup_rows", "write_backup"]
