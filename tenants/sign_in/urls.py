"""Addresses of the door and of one's own account. The names with underscores are those django-allauth asks for."""

from allauth.account import views as account
from allauth.mfa.webauthn import views as webauthn
from django.db.transaction import non_atomic_requests
from django.urls import path, re_path

from tenants.sign_in.guards import own_account, own_factors
from tenants.sign_in.views import account as own
from tenants.sign_in.views import administration, entrance, federation

# Attempts are counted in transactions of their own, which no failure takes back.
_sign_in = non_atomic_requests(entrance.SignIn.as_view())
_confirm = [
    own_account(non_atomic_requests(view.as_view()))
    for view in (own.ConfirmByPassword, own.ConfirmByCode, own.ConfirmByPasskey)
]
for _view in _confirm:
    non_atomic_requests(_view)

urlpatterns = [
    path("sign-in/", _sign_in, name="sign-in"),
    path("sign-in/", _sign_in, name="account_login"),
    path("sign-in/code/", non_atomic_requests(entrance.SecondStep.as_view()), name="mfa_authenticate"),
    path("sign-in/passkey/", non_atomic_requests(webauthn.LoginWebAuthnView.as_view()), name="mfa_login_webauthn"),
    path("sign-in/password/", non_atomic_requests(entrance.ForgottenPassword.as_view()), name="account_reset_password"),
    path(
        "sign-in/password/sent/",
        account.PasswordResetDoneView.as_view(template_name="staff/sign_in/forgotten_sent.html"),
        name="account_reset_password_done",
    ),
    path(
        "sign-in/password/done/",
        account.PasswordResetFromKeyDoneView.as_view(template_name="staff/sign_in/new_password_done.html"),
        name="account_reset_password_from_key_done",
    ),
    re_path(
        r"^sign-in/password/(?P<uidb36>[0-9A-Za-z]+)-(?P<key>.+)/$",
        entrance.NewPassword.as_view(),
        name="account_reset_password_from_key",
    ),
    path("sign-in/at/", federation.institutions, name="sign-in-institutions"),
    path("sign-in/at/<slug:slug>/", federation.institution, name="sign-in-institution"),
    path("sign-in/oidc/<slug:provider_id>/", federation.oidc_login, name="openid_connect_login"),
    path("sign-in/oidc/<slug:provider_id>/callback/", federation.oidc_callback, name="openid_connect_callback"),
    path("sign-in/saml/<slug:organization_slug>/", federation.saml_login, name="saml_login"),
    path("sign-in/saml/<slug:organization_slug>/acs/", federation.saml_acs, name="saml_acs"),
    path("sign-in/saml/<slug:organization_slug>/finish/", federation.saml_finish_acs, name="saml_finish_acs"),
    path("sign-in/saml/<slug:organization_slug>/metadata/", federation.saml_metadata, name="saml_metadata"),
    path("sign-in/saml/<slug:organization_slug>/logout/", federation.saml_sls, name="saml_sls"),
    path("sign-out/", entrance.sign_out, name="sign-out"),
    path("account/security/", own_account(own.Security.as_view()), name="mfa_index"),
    path("account/security/app/", own_factors(own.SetUpApp.as_view()), name="mfa_activate_totp"),
    path("account/security/app/remove/", own_factors(own.RemoveApp.as_view()), name="mfa_deactivate_totp"),
    path("account/security/codes/", own_factors(own.Codes.as_view()), name="mfa_view_recovery_codes"),
    path("account/security/codes/new/", own_factors(own.RenewCodes.as_view()), name="mfa_generate_recovery_codes"),
    path("account/security/passkeys/new/", own_factors(own.AddPasskey.as_view()), name="mfa_add_webauthn"),
    path("account/security/passkeys/<int:pk>/", own_factors(own.RenamePasskey.as_view()), name="mfa_edit_webauthn"),
    path(
        "account/security/passkeys/<int:pk>/remove/",
        own_factors(own.RemovePasskey.as_view()),
        name="mfa_remove_webauthn",
    ),
    path("account/password/", own_factors(own.ChangePassword.as_view()), name="account_change_password"),
    path("account/password/none/", own_account(own.no_password), name="account_set_password"),
    path("account/sessions/", own_account(own.session_list), name="sessions"),
    path("account/confirm/", _confirm[0], name="account_reauthenticate"),
    path("account/confirm/code/", _confirm[1], name="mfa_reauthenticate"),
    path("account/confirm/passkey/", _confirm[2], name="mfa_reauthenticate_webauthn"),
    path("settings/sign-in/", administration.sign_in_settings, name="sign-in-settings"),
    path("settings/sign-in/policy/", administration.change_policy, name="sign-in-policy"),
    path("settings/sign-in/providers/new/", administration.provider_new, name="identity-provider-new"),
    path("settings/sign-in/providers/<uuid:provider_id>/", administration.provider_edit, name="identity-provider"),
    path(
        "settings/sign-in/providers/<uuid:provider_id>/test/",
        administration.provider_test,
        name="identity-provider-test",
    ),
    path("members/<uuid:membership_id>/end-sessions/", administration.end_member_sessions, name="member-end-sessions"),
    path("members/<uuid:membership_id>/unlock/", administration.unlock, name="member-unlock"),
]
