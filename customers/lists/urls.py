"""Addresses of the lists: all, one with its versions, a draft with its parts."""

from django.urls import path

from customers.lists.views import looking, writing

_DRAFT = "lists/drafts/<uuid:code_list_draft_id>/"

urlpatterns = [
    path("lists/", looking.lists, name="lists"),
    path("lists/new/", looking.list_new, name="list-new"),
    path(_DRAFT, looking.list_draft, name="list-draft"),
    path(f"{_DRAFT}file/", looking.list_draft_file, name="list-draft-file"),
    path(f"{_DRAFT}propose/", looking.list_draft_propose, name="list-draft-propose"),
    path(f"{_DRAFT}approve/", looking.list_draft_approve, name="list-draft-approve"),
    path(f"{_DRAFT}return/", looking.list_draft_return, name="list-draft-return"),
    path(f"{_DRAFT}take-back/", looking.list_draft_take_back, name="list-draft-take-back"),
    path(f"{_DRAFT}discard/", looking.list_draft_discard, name="list-draft-discard"),
    path(f"{_DRAFT}names/", writing.list_names, name="list-names"),
    path(f"{_DRAFT}arrange/", writing.list_arrange, name="list-arrange"),
    path(f"{_DRAFT}upload/", writing.list_upload, name="list-upload"),
    path(f"{_DRAFT}entries/new/", writing.list_entry_new, name="list-entry-new"),
    path(f"{_DRAFT}entries/<slug:code>/", writing.list_entry, name="list-entry"),
    path("lists/<slug:key>/", looking.code_list, name="list"),
    path("lists/<slug:key>/begin/", looking.list_begin, name="list-begin"),
    path("lists/<slug:key>/file/", looking.list_file, name="list-file"),
    path("lists/<slug:key>/versions/<int:version>/", looking.list_version, name="list-version"),
]
