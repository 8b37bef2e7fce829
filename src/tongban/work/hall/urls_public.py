"""Addresses of the hall for citizens and enterprises."""

from django.urls import path

from .items import urls as items
from .views import applying, counter, following

app_name = "hall"
urlpatterns = [
    *items.public,
    path("apply/<str:item>/", applying.begin, name="apply"),
    path("items/<str:item>/ask/", counter.ask, name="ask"),
    path("drafts/<str:draft_id>/report/", applying.report, name="report"),
    path("drafts/<str:draft_id>/discard/", following.discard, name="discard"),
    path("drafts/<str:draft_id>/<str:step>/", applying.step, name="step"),
    path("drafts/<str:draft_id>/<str:step>/fragment/", applying.fragment, name="fragment"),
    path("drafts/<str:draft_id>/<str:step>/save/", applying.autosave, name="autosave"),
    path("drafts/<str:draft_id>/papers/<str:slot>/<int:place>/", applying.draft_paper, name="draft_paper"),
    path("drafts/<str:draft_id>/papers/<str:slot>/<int:place>/remove/", applying.remove_paper, name="remove_paper"),
    path("my/", following.mine, name="mine"),
    path("my/questions/", following.questions, name="my_questions"),
    path("my/cases/<str:case_id>/", following.case, name="case"),
    path("my/cases/<str:case_id>/receipt/", following.receipt, name="receipt"),
    path("my/cases/<str:case_id>/documents/<str:document_id>/", following.document, name="document"),
    path("my/cases/<str:case_id>/correct/", following.correct, name="correct"),
    path("my/cases/<str:case_id>/withdraw/", following.withdraw, name="withdraw"),
    path("my/cases/<str:case_id>/collect/", following.collect, name="collect"),
    path("my/cases/<str:case_id>/rate/", following.rate, name="rate"),
    path("progress/", following.progress, name="progress"),
]
