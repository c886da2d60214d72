"""What every admin page of ours is made of: bases, date columns, filters, a paginator for large tables."""

from common.admin.base import ModelAdmin, ReadOnlyModelAdmin, StackedInline, TabularInline
from common.admin.changelist_tools import register_changelist_tool
from common.admin.date_filter import JalaliDateRangeFilter
from common.admin.dropdown_filter import DropdownFilter
from common.admin.forms import JalaliDateField, JalaliDateTimeField
from common.admin.latin import latin
from common.admin.object_tools import register_object_tool
from common.admin.paginator import BoundedPaginator, EstimatingPaginator, estimated_count

__all__ = [
    "BoundedPaginator",
    "DropdownFilter",
    "EstimatingPaginator",
    "JalaliDateField",
    "JalaliDateRangeFilter",
    "JalaliDateTimeField",
    "ModelAdmin",
    "ReadOnlyModelAdmin",
    "StackedInline",
    "TabularInline",
    "estimated_count",
    "latin",
    "register_changelist_tool",
    "register_object_tool",
]
