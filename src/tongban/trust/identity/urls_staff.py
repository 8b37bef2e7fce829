"""Addresses of identity on the staff site."""

from django.urls import include, path

from .urls_account import own
from .urls_account import urlpatterns as shared
from .views import levels, manage, personnel, reorganise, rights

pages = [
    *own,
    path("visitors/confirm/", levels.confirm, name="confirm"),
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
    path("offices/personnel/", personnel.personnel, name="personnel"),
    path("offices/personnel/list/", personnel.intake, name="intake"),
    path("offices/personnel/<str:id_>/revoke/", personnel.revoke, name="personnel_revoke"),
    path("offices/rights/", rights.rights, name="rights"),
    path("offices/rights/mine/", rights.ask, name="my_rights"),
    path("offices/rights/<str:id_>/decide/", rights.decide, name="rights_decide"),
    path("offices/rights/<str:id_>/withdraw/", rights.withdraw, name="rights_withdraw"),
    path("offices/reviews/", rights.review_list, name="reviews"),
    path("offices/reviews/<str:id_>/", rights.review, name="review"),
    path("offices/emergencies/", rights.emergency_desk, name="emergencies"),
    path("offices/emergencies/<str:id_>/second/", rights.emergency_second, name="emergency_second"),
    path("offices/audit/", rights.audit, name="audit"),
    path("offices/reorganisations/", reorganise.index, name="reorganisations"),
    path("offices/reorganisations/<str:id_>/", reorganise.page, name="reorganisation"),
    path("offices/reorganisations/<str:id_>/approve/", reorganise.approve, name="reorganisation_approve"),
    path("offices/reorganisations/<str:id_>/withdraw/", reorganise.withdraw, name="reorganisation_withdraw"),
    path("offices/<str:id_>/", manage.office_page, name="office"),
    path("offices/<str:id_>/below/", manage.office_children, name="office_children"),
    path("offices/<str:id_>/rename/", manage.office_rename, name="office_rename"),
]

urlpatterns = [
    *shared,
    path("scim/v2/", include("tongban.trust.identity.scim.urls")),
    path("", include((pages, "identity"))),
]
