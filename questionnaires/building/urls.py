"""Addresses of questionnaires: the list, one with its versions, a draft with its parts, and ways to look at it."""

from django.urls import path

from questionnaires.building.views import catalogue, drafts, logic, looking, parts, versions

_ONE = "questionnaires/<uuid:questionnaire_id>/"
_DRAFT = "questionnaires/drafts/<uuid:questionnaire_draft_id>/"

urlpatterns = [
    path("questionnaires/", catalogue.index, name="questionnaires"),
    path("questionnaires/new/", catalogue.new, name="questionnaire-new"),
    path("schemas/questionnaire-1.json", catalogue.schema, name="questionnaire-schema"),
    path(_ONE, catalogue.questionnaire, name="questionnaire"),
    path(f"{_ONE}begin/", catalogue.begin, name="questionnaire-begin"),
    path(f"{_ONE}compare/", catalogue.compare, name="questionnaire-compare"),
    path(f"{_ONE}versions/<int:version>/", versions.version, name="questionnaire-version"),
    path(f"{_ONE}versions/<int:version>/walk/", versions.walk, name="questionnaire-version-walk"),
    path(f"{_ONE}versions/<int:version>.json", catalogue.document, name="questionnaire-document"),
    path(_DRAFT, drafts.draft, name="questionnaire-draft"),
    path(f"{_DRAFT}document.json", drafts.document, name="questionnaire-draft-document"),
    path(f"{_DRAFT}arrange/", drafts.arrange, name="questionnaire-draft-arrange"),
    path(f"{_DRAFT}undo/", drafts.undo, name="questionnaire-draft-undo"),
    path(f"{_DRAFT}propose/", drafts.propose, name="questionnaire-draft-propose"),
    path(f"{_DRAFT}approve/", drafts.approve, name="questionnaire-draft-approve"),
    path(f"{_DRAFT}return/", drafts.give_back, name="questionnaire-draft-return"),
    path(f"{_DRAFT}take-back/", drafts.take_back, name="questionnaire-draft-take-back"),
    path(f"{_DRAFT}discard/", drafts.discard, name="questionnaire-draft-discard"),
    path(f"{_DRAFT}heading/", parts.heading, name="questionnaire-draft-heading"),
    path(f"{_DRAFT}pages/<slug:page>/", parts.page, name="questionnaire-draft-page"),
    path(f"{_DRAFT}questions/<slug:question>/", parts.question, name="questionnaire-draft-question"),
    path(f"{_DRAFT}choices/<slug:choices>/", parts.choices, name="questionnaire-draft-choices"),
    path(f"{_DRAFT}pages/<slug:page>/checks/", logic.new_check, name="questionnaire-draft-check-new"),
    path(f"{_DRAFT}pages/<slug:page>/checks/<slug:check>/", logic.check, name="questionnaire-draft-check"),
    path(f"{_DRAFT}calculate/<slug:working>/", logic.new_calculated, name="questionnaire-draft-calculated-new"),
    path(f"{_DRAFT}calculated/<slug:calculated>/", logic.calculated, name="questionnaire-draft-calculated"),
    path(f"{_DRAFT}preview/", looking.preview, name="questionnaire-draft-preview"),
    path(f"{_DRAFT}ways/", looking.ways, name="questionnaire-draft-ways"),
    path(f"{_DRAFT}words/", looking.words, name="questionnaire-draft-words"),
    path(f"{_DRAFT}uses/", looking.uses, name="questionnaire-draft-uses"),
]
