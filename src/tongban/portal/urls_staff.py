from django.urls import path

from . import style, views

app_name = "portal"
urlpatterns = [
    path("look/", views.appearance, name="appearance"),
    path("style/", style.page, name="style"),
]
