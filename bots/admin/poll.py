from django.contrib import admin
from django.utils.html import format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _

from accounts.admin_scope import ScopedModelAdmin, ScopedRelatedFilter
from bots.models import Poll
from bots.selectors import poll_results
from common.admin import ReadOnlyModelAdmin


@admin.register(Poll)
class PollAdmin(ScopedModelAdmin, ReadOnlyModelAdmin):
    candidate_path = "bot__candidate"
    list_display = ("__str__", "bot", "state_shown", "created_at")
    list_filter = (("bot", ScopedRelatedFilter), "is_closed")
    list_select_related = ("bot",)
    search_fields = ("question",)
    fields = ("question", "bot", "state_shown", "allows_multiple_answers", "created_at", "opened_at", "results")

    @admin.display(description=_("state"))
    def state_shown(self, poll: Poll) -> str:
        return str(poll.state.label)

    @admin.display(description=_("votes"))
    def results(self, poll: Poll) -> SafeString:
        rows = [(option.text, votes) for option, votes in poll_results(poll)]
        return format_html_join("", "<div>{}: <strong>{}</strong></div>", rows)
