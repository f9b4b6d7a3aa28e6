"""What all pages of the admin share; it knows no table."""

from django.contrib import admin

from convoai.api.admin.deleting import Along
from convoai.api.admin.filters import chosen_filter, flag_filter
from convoai.api.admin.links import link, list_link, words
from convoai.api.admin.pages import RecordAdmin
from convoai.api.admin.panels import Panel

__all__ = [
    "Along",
    "Panel",
    "RecordAdmin",
    "chosen_filter",
    "flag_filter",
    "link",
    "list_link",
    "words",
]

admin.site.site_header = "convoai"
admin.site.site_title = "convoai"
admin.site.index_title = "People, talks and what was learned"
