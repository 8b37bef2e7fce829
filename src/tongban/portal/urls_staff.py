from django.urls import path

from . import desk, style, views

app_name = "portal"
urlpatterns = [
    path("look/", views.appearance, name="appearance"),
    path("notices/", desk.desk, name="desk"),
    path("notices/write/", desk.begin, name="notice_write"),
    path("notices/drafts/<str:id_>/", desk.draft, name="notice_draft"),
    path("notices/<str:id_>/withdraw/", desk.withdraw, name="notice_withdraw"),
    path("style/", style.page, name="style"),
]
