"""Addresses of the hall for offices."""

from django.urls import path

from .items import urls as items
from .views import applying, counter, desk

app_name = "hall"
urlpatterns = [
    *items.staff,
    path("inbox/", desk.desk, name="inbox"),
    path("inbox/bulk/", desk.bulk, name="bulk"),
    path("cases/", desk.cases, name="cases"),
    path("cases/<str:case_id>/", desk.case, name="desk_case"),
    path("cases/<str:case_id>/receipt/", desk.receipt, name="receipt"),
    path("cases/<str:case_id>/picture.bpmn", desk.picture, name="picture"),
    path("cases/<str:case_id>/papers/<int:paper_id>/", desk.paper, name="paper"),
    path("cases/<str:case_id>/documents/<str:document_id>/", desk.document, name="desk_document"),
    path("work/<str:work_id>/<str:verb>/", desk.act, name="act"),
    path("counter/", counter.counter, name="counter"),
    path("drafts/<str:draft_id>/report/", applying.report, name="report"),
    path("drafts/<str:draft_id>/<str:step>/", applying.step, name="step"),
    path("drafts/<str:draft_id>/<str:step>/fragment/", applying.fragment, name="fragment"),
    path("drafts/<str:draft_id>/<str:step>/save/", applying.autosave, name="autosave"),
    path("drafts/<str:draft_id>/papers/<str:slot>/<int:place>/", applying.draft_paper, name="draft_paper"),
    path("drafts/<str:draft_id>/papers/<str:slot>/<int:place>/remove/", applying.remove_paper, name="remove_paper"),
    path("questions/", counter.questions_desk, name="questions"),
    path("questions/<str:question_id>/", counter.answer, name="answer"),
]
