from common.errors import DomainError


class ExportRefusedError(DomainError):
    """The export was asked for in a way that isn't allowed or can't be understood; nothing was written."""


class ExportFailedError(DomainError):
    """The export began and can't be trusted; what was written so far must be thrown away."""
