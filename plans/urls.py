"""The release manager; it stands below the admin's address."""

from django.contrib import admin
from django.urls import re_path

from plans.views import moves, release, subscriptions, tracks, watch

app_name = "plans"
urlpatterns = [
    re_path(r"^release-manager/?$", admin.site.admin_view(release.release_manager), name="release-manager"),
    re_path(r"^(?P<plan_id>[0-9]{1,18})/schedule/?$", admin.site.admin_view(release.schedule_page), name="schedule"),
    re_path(r"^(?P<plan_id>[0-9]{1,18})/history/?$", admin.site.admin_view(release.history_page), name="history"),
    re_path(r"^(?P<plan_id>[0-9]{1,18})/watch/?$", admin.site.admin_view(watch.watch_page), name="watch"),
    re_path(r"^subscriptions/sell/?$", admin.site.admin_view(subscriptions.sell_page), name="sell"),
    re_path(
        r"^subscriptions/(?P<subscription_id>[0-9]{1,18})/end/?$",
        admin.site.admin_view(subscriptions.end_page),
        name="end-subscription",
    ),
    re_path(r"^migrate-users/?$", admin.site.admin_view(moves.moves_page), name="moves"),
    re_path(r"^migrate-users/(?P<move_id>[0-9]{1,18})/?$", admin.site.admin_view(moves.move_page), name="move"),
    re_path(r"^tracks/?$", admin.site.admin_view(tracks.tracks_page), name="tracks"),
    re_path(r"^tracks/(?P<track_id>[0-9]{1,18})/?$", admin.site.admin_view(tracks.track_page), name="track"),
    re_path(
        r"^tracks/(?P<track_id>[0-9]{1,18})/steps/add/?$",
        admin.site.admin_view(tracks.add_step_page),
        name="track-add-step",
    ),
    re_path(
        r"^tracks/(?P<track_id>[0-9]{1,18})/steps/(?P<step_id>[0-9]{1,18})/?$",
        admin.site.admin_view(tracks.step_page),
        name="track-step",
    ),
    *(
        re_path(
            rf"^tracks/(?P<track_id>[0-9]{{1,18}})/{name}/?$",
            admin.site.admin_view(tracks.ask_page),
            {"name": name},
            f"track-{name}",
        )
        for name in tracks.ACTS_THAT_ASK
    ),
    *(
        re_path(
            rf"^(?P<plan_id>[0-9]{{1,18}})/{name}/?$", admin.site.admin_view(release.act_page), {"name": name}, name
        )
        for name in release.ACTS
    ),
]
