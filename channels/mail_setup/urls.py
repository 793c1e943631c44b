"""Addresses of the page of a mail domain."""

from django.urls import path

from channels.mail_setup import views

urlpatterns = [
    path("channels/<uuid:provider_account_id>/mail/", views.setup, name="sending-mail"),
    path("channels/<uuid:provider_account_id>/mail/keys/", views.add_key, name="sending-mail-key"),
    path(
        "channels/<uuid:provider_account_id>/mail/keys/<slug:selector>/use/", views.use_key, name="sending-mail-key-use"
    ),
    path(
        "channels/<uuid:provider_account_id>/mail/keys/<slug:selector>/drop/",
        views.drop_key,
        name="sending-mail-key-drop",
    ),
    path("channels/<uuid:provider_account_id>/mail/certificate/", views.put_smime, name="sending-mail-smime"),
    path(
        "channels/<uuid:provider_account_id>/mail/certificate/drop/", views.drop_smime, name="sending-mail-smime-drop"
    ),
]
