"""Files from people: taken for what they hold, never for what they are called."""

from common.uploads.field import UploadField
from common.uploads.judge import MAXIMUM_BYTES, validate_upload
from common.uploads.refusal import UploadRefused

__all__ = ["MAXIMUM_BYTES", "UploadField", "UploadRefused", "validate_upload"]
