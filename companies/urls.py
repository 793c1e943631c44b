"""Addresses of company news and of the look-up from a customer's page."""

from django.urls import include, path

from companies import views

urlpatterns = [
    path("", include("companies.certificates.urls")),
    path("", include("companies.gbiz.urls")),
    path("company-news/", views.news_list, name="company-news"),
    path("company-news/<uuid:news_id>/", views.news, name="company-news-one"),
    path("company-news/<uuid:news_id>/decide/", views.decide, name="company-news-decide"),
    path("customers/<uuid:customer_id>/register/", views.register, name="customer-register"),
    path("customers/<uuid:customer_id>/register/ask/", views.ask, name="customer-register-ask"),
    path("customers/<uuid:customer_id>/register/take/", views.take, name="customer-register-take"),
]
