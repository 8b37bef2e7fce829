from django.urls import path

from . import seen, views

app_name = "portal"
urlpatterns = [
    path("", views.home, name="home"),
    path("services/", views.items, name="items"),
    path("departments/", views.departments, name="departments"),
    path("themes/", views.themes, name="themes"),
    path("notices/<str:id_>/", views.notice, name="notice"),
    path("data/", views.data, name="data"),
    path("accessibility/", views.accessibility, name="accessibility"),
    path("account/seen/", seen.seen, name="seen"),
    path("look/", views.appearance, name="appearance"),
]
