"""Addresses of identity on the staff site."""

from django.urls import include, path

from .urls_account import own
from .urls_account import urlpatterns as shared
from .views import manage

pages = [
    *own,
    path("offices/", manage.office_tree, name="offices"),
    path("offices/people/", manage.person_list, name="people"),
    path("offices/people/new/", manage.person_new, name="person_new"),
    path("offices/people/<str:id_>/", manage.person_page, name="person"),
    path("offices/people/<str:id_>/post/", manage.post_new, name="post_new"),
    path("offices/people/<str:id_>/grant/", manage.grant_new, name="grant_new"),
    path("offices/people/<str:id_>/password/", manage.person_password, name="person_password"),
    path("offices/people/<str:id_>/account/", manage.person_switch, name="person_switch"),
    path("offices/posts/<str:id_>/end/", manage.post_end, name="post_end"),
    path("offices/grants/<str:id_>/revoke/", manage.grant_revoke, name="grant_revoke"),
    path("offices/<str:id_>/", manage.office_page, name="office"),
    path("offices/<str:id_>/below/", manage.office_children, name="office_children"),
    path("offices/<str:id_>/rename/", manage.office_rename, name="office_rename"),
]

urlpatterns = [*shared, path("", include((pages, "identity")))]
