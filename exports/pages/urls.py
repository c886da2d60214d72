"""The pages of exports; `exports.urls` takes them in."""

from django.contrib import admin
from django.urls import re_path

from exports.pages import bulk, candidate, cleanup, create, dashboard, run, schedules
from exports.pages.acts import ACTS

_RUN = r"^(?P<run_id>[0-9]{1,18})"
_SCHEDULE = r"^schedule/(?P<schedule_id>[0-9]{1,18})"

urlpatterns = [
    re_path(r"^$", admin.site.admin_view(dashboard.dashboard), name="dashboard"),
    re_path(r"^create/?$", admin.site.admin_view(create.create_page), name="create"),
    re_path(r"^bulk-export/?$", admin.site.admin_view(bulk.bulk_page), name="bulk"),
    re_path(r"^cleanup/?$", admin.site.admin_view(cleanup.cleanup_page), name="cleanup"),
    re_path(
        r"^candidate/(?P<candidate_id>[0-9]{1,18})/?$",
        admin.site.admin_view(candidate.candidate_page),
        name="candidate",
    ),
    re_path(r"^api/stats/?$", admin.site.admin_view(dashboard.stats), name="stats"),
    re_path(r"^api/count/?$", admin.site.admin_view(create.count_page), name="count"),
    re_path(r"^schedule/?$", admin.site.admin_view(schedules.schedules_page), name="schedules"),
    re_path(r"^schedule/create/?$", admin.site.admin_view(schedules.schedule_create_page), name="schedule-create"),
    re_path(_SCHEDULE + r"/?$", admin.site.admin_view(schedules.schedule_page), name="schedule"),
    re_path(_SCHEDULE + r"/change/?$", admin.site.admin_view(schedules.schedule_change_page), name="schedule-change"),
    *(
        re_path(
            _SCHEDULE + rf"/{name}/?$",
            admin.site.admin_view(schedules.schedule_act_page),
            {"name": name},
            f"schedule-{name}",
        )
        for name in schedules.ACTS
    ),
    re_path(_RUN + r"/?$", admin.site.admin_view(run.run_page), name="one"),
    re_path(_RUN + r"/api/progress/?$", admin.site.admin_view(run.progress), name="progress"),
    re_path(
        _RUN + r"/links/(?P<link_id>[0-9]{1,18})/revoke/?$", admin.site.admin_view(run.revoke_page), name="revoke-link"
    ),
    *(re_path(_RUN + rf"/{name}/?$", admin.site.admin_view(run.act_page), {"name": name}, name) for name in ACTS),
]
