"""Pages of staff about bots; they stand below the admin's address."""

from django.contrib import admin
from django.urls import re_path

from bots.staff import analytics, care, contributions, inbox, people, polls, texts

app_name = "bots-staff"
urlpatterns = [
    re_path(r"^(?P<bot_id>[0-9]{1,18})/analytics/?$", admin.site.admin_view(analytics.bot_analytics), name="analytics"),
    re_path(r"^(?P<bot_id>[0-9]{1,18})/care/?$", admin.site.admin_view(care.care_page), name="care"),
    *(
        re_path(rf"^(?P<bot_id>[0-9]{{1,18}})/care/{name}/?$", admin.site.admin_view(view), name=f"care-{name}")
        for name, view in care.ACTS.items()
    ),
    re_path(
        r"^analytics/candidate/(?P<candidate_id>[0-9]{1,18})/?$",
        admin.site.admin_view(analytics.candidate_analytics),
        name="candidate-analytics",
    ),
    *(
        re_path(
            rf"^contributions/(?P<contribution_id>[0-9]{{1,18}})/{name}/?$",
            admin.site.admin_view(view),
            name=f"contribution-{name}",
        )
        for name, view in contributions.ACTS.items()
    ),
    re_path(
        r"^people/(?P<person_id>[0-9]{1,18})/erase/?$", admin.site.admin_view(people.erase_page), name="person-erase"
    ),
    re_path(r"^texts/(?P<candidate_id>[0-9]{1,18})/?$", admin.site.admin_view(texts.texts_page), name="texts"),
    re_path(
        r"^texts/(?P<candidate_id>[0-9]{1,18})/(?P<key>[a-z_]{1,32})/(?P<language>fa|en)/?$",
        admin.site.admin_view(texts.text_page),
        name="text",
    ),
    re_path(r"^inbox/?$", admin.site.admin_view(inbox.inbox_page), name="inbox"),
    re_path(r"^polls/create/?$", admin.site.admin_view(polls.create_page), name="poll-create"),
    re_path(
        r"^polls/(?P<poll_id>[0-9]{1,18})/results/?$", admin.site.admin_view(polls.results_page), name="poll-results"
    ),
    re_path(
        r"^polls/(?P<poll_id>[0-9]{1,18})/api/results/?$", admin.site.admin_view(polls.results_api), name="poll-api"
    ),
    re_path(r"^polls/(?P<poll_id>[0-9]{1,18})/open/?$", admin.site.admin_view(polls.open_page), name="poll-open"),
    re_path(r"^polls/(?P<poll_id>[0-9]{1,18})/close/?$", admin.site.admin_view(polls.close_page), name="poll-close"),
]
