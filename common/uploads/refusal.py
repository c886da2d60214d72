from common.errors import DomainError


class UploadRefused(DomainError):
    """A file that isn't taken; its words say why, and what its sender can do."""
