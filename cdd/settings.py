"""All settings, from the environment; `.env.example` lists every variable with a sentence."""

from __future__ import annotations

from datetime import time
from pathlib import Path
from typing import Any

import django_stubs_ext
from django.utils.csp import CSP
from django.utils.translation import gettext_lazy as _
from psycopg.conninfo import conninfo_to_dict

from cdd import environment as env
from cdd.logs import logging_config

django_stubs_ext.monkeypatch()

BASE_DIR = Path(__file__).resolve().parent.parent
KEIZOKU_ENV = env.choice("KEIZOKU_ENV", ("development", "demo", "test", "production"), "development")
IS_PRODUCTION = KEIZOKU_ENV == "production"
EMBEDDED = env.boolean("EMBEDDED")
DATA_DIR = Path(env.text("DATA_DIR", BASE_DIR / ".data"))
DEBUG = False

SECRET_KEY = env.text("SECRET_KEY", *([] if IS_PRODUCTION else ["development-only-" + "k" * 40]))
# Where the key-encryption key is, and where the one before it was, while data keys move to the new one.
_kek_file = env.text("KEK_FILE", "" if IS_PRODUCTION else DATA_DIR / "kek")
KEK = env.text("KEK", *([f"file:{_kek_file}"] if _kek_file else []))
KEK_PREVIOUS = env.text("KEK_PREVIOUS", "")
PUBLIC_BASE_URL = env.text("PUBLIC_BASE_URL", "http://127.0.0.1:8000").rstrip("/")
ALLOWED_HOSTS = env.words("ALLOWED_HOSTS", () if IS_PRODUCTION else ("127.0.0.1", "localhost", "testserver"))
CSRF_TRUSTED_ORIGINS = [PUBLIC_BASE_URL]
# Where institutions' own domains lead to ("" for the host of PUBLIC_BASE_URL), and the nameservers that are asked about
# them, as "address:port" (none: those of this host).
DOMAINS_TARGET = env.text("DOMAINS_TARGET", "").lower().rstrip(".")
DNS_SERVERS = env.words("DNS_SERVERS")
# The operators' pages: their path, and the host they are kept on ("" for any).
ADMIN_PATH = env.text("ADMIN_PATH", "operators/").strip("/") + "/"
ADMIN_HOST = env.text("ADMIN_HOST", "")

INSTALLED_APPS = [
    "django.contrib.contenttypes",
    "django.contrib.auth",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.admin.apps.SimpleAdminConfig",
    "whitenoise.runserver_nostatic",
    "django.contrib.staticfiles",
    "django_htmx",
    "allauth",
    "allauth.account",
    "allauth.socialaccount",
    "allauth.socialaccount.providers.openid_connect",
    "allauth.socialaccount.providers.saml",
    "allauth.mfa",
    "allauth.usersessions",
    "guardian",
    "audit",
    "tenants",
    "tenants.custody",
    "retention",
    "uploads",
    "customers",
    "risk",
    "questionnaires",
    "channels",
    "ekyc",
    "companies",
    "reviews",
    "outreach",
    "campaigns",
    "integrations",
    "reporting",
    "portal",
    "cdd",
]

MIDDLEWARE = [
    "tenants.middleware.ActingMiddleware",
    "cdd.protection.HeadersMiddleware",
    "cdd.hosts.OwnHosts",
    "django.middleware.security.SecurityMiddleware",
    "cdd.operators.site.OperatorsHost",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "django.middleware.csp.ContentSecurityPolicyMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "cdd.protection.BodySizeMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "tenants.middleware.LanguageMiddleware",
    "tenants.middleware.KeysMiddleware",
    "tenants.sign_in.middleware.SessionLifeMiddleware",
    "tenants.middleware.TenantMiddleware",
    "tenants.binding.FormTenantMiddleware",
    "tenants.sign_in.middleware.FactorMiddleware",
    "customers.middleware.MergedMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "questionnaires.middleware.MarksMiddleware",
]

ROOT_URLCONF = "cdd.urls"
WSGI_APPLICATION = "cdd.wsgi.application"

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "django.template.context_processors.csp",
            ],
            # Its {% csrf_token %} also says which institution the form is for.
            "builtins": ["tenants.templatetags.binding"],
            "loaders": [
                (
                    "django.template.loaders.cached.Loader",
                    [
                        "django.template.loaders.filesystem.Loader",
                        "django.template.loaders.app_directories.Loader",
                    ],
                ),
            ],
        },
    }
]


def database(url: str, **extra: Any) -> dict[str, Any]:
    """Django's settings for a libpq address such as ``postgresql://user:password@host/name``."""
    parts = conninfo_to_dict(url)
    names = {"NAME": "dbname", "USER": "user", "PASSWORD": "password", "HOST": "host", "PORT": "port"}
    settings: dict[str, Any] = {key: str(parts.pop(part, "") or "") for key, part in names.items()}
    settings["OPTIONS"] = {**parts, **extra.pop("OPTIONS", {})}
    return {"ENGINE": "tenants.postgresql", **settings, **extra}


# Choose one: connections kept per thread, a pool per process, or PgBouncer in transaction mode.
_pool_size = env.integer("DATABASE_POOL", 0)
_app_url = env.text("DATABASE_URL", *([] if IS_PRODUCTION else ["postgresql:///keizoku"]))
_keys_url = env.text("KEYS_DATABASE_URL", *([] if IS_PRODUCTION else ["postgresql:///keizoku_keys"]))
_connection: dict[str, Any] = {
    "CONN_MAX_AGE": 0 if _pool_size else env.integer("CONN_MAX_AGE", 60),
    "CONN_HEALTH_CHECKS": not _pool_size,
    "OPTIONS": {"pool": {"min_size": 1, "max_size": _pool_size}} if _pool_size else {},
    "DISABLE_SERVER_SIDE_CURSORS": env.boolean("PGBOUNCER"),
}
DATABASES = {
    # What the web and the workers use: owns nothing, cannot bypass row-level security.
    "default": database(_app_url, ATOMIC_REQUESTS=True, **_connection),
    # What migrations use, and nothing else.
    "owner": database(env.text("DATABASE_OWNER_URL", _app_url), TEST={"MIRROR": "default"}),
    # What seals and verifies the audit trail; the web and the workers are not given it.
    "sealer": database(env.text("DATABASE_SEALER_URL", ""), TEST={"MIRROR": "default"}),
    # Customers' keys, apart from everything they open; each use is one short transaction of its own.
    "keys": database(_keys_url, **_connection),
    "keys_owner": database(env.text("KEYS_DATABASE_OWNER_URL", _keys_url), TEST={"MIRROR": "keys"}),
}
DATABASE_ROUTERS = ["tenants.custody.routing.KeysRouter"]
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

REDIS_URL = env.text("REDIS_URL", *([] if IS_PRODUCTION else ["redis://127.0.0.1:6379/0"]))
CACHES = {"default": {"BACKEND": "django.core.cache.backends.locmem.LocMemCache"}}

# How many times as fast the waits of sending pass: more than 1 in trials of faults only.
DELIVERY_HURRY = env.integer("DELIVERY_HURRY", 1)

AUTH_USER_MODEL = "tenants.User"
# Grants on single campaigns, branches and queues are guardian's, kept in our own tables (docs/adr/0019). Its own
# tables stay empty and out of the application role's reach; nothing is patched into accounts.
ANONYMOUS_USER_NAME = None
GUARDIAN_MONKEY_PATCH_USER = False
GUARDIAN_MONKEY_PATCH_GROUP = False
# Memory-hard, and a sign-in costs tens of milliseconds instead of a second.
PASSWORD_HASHERS = [
    "django.contrib.auth.hashers.ScryptPasswordHasher",
    "django.contrib.auth.hashers.PBKDF2PasswordHasher",
]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 12}},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {"NAME": "tenants.sign_in.passwords.ContextWords"},
]
LOGIN_URL = "sign-in"
LOGIN_REDIRECT_URL = "home"
LOGOUT_REDIRECT_URL = "sign-in"
# How long a link in a password mail opens, and how long after a proof of identity dangerous acts are allowed.
PASSWORD_RESET_TIMEOUT = 3600
REAUTHENTICATION_SECONDS = 15 * 60
# What a new institution begins with: a second factor for everybody, unless this is a laptop.
DEFAULT_MFA_POLICY = "REQUIRED" if IS_PRODUCTION else "OPTIONAL"

# When a new institution writes to nobody (Japan's clock), and how many messages one person gets in seven days, until
# it decides otherwise. A laptop's demonstration works at night.
DEFAULT_QUIET_HOURS = (time(21), time(8)) if IS_PRODUCTION else None
DEFAULT_CONTACT_BUDGET = 4 if IS_PRODUCTION else 0

# django-allauth does the protocols; what an account is, who may come in and what is recorded is ours (docs/adr/0018).
AUTHENTICATION_BACKENDS = ["allauth.account.auth_backends.AuthenticationBackend"]
ACCOUNT_ADAPTER = "tenants.sign_in.adapters.AccountAdapter"
ACCOUNT_LOGIN_METHODS = {"email"}
ACCOUNT_SIGNUP_FIELDS = ["email*", "password1*"]
ACCOUNT_USER_MODEL_USERNAME_FIELD = None
ACCOUNT_EMAIL_VERIFICATION = "none"
ACCOUNT_EMAIL_UNKNOWN_ACCOUNTS = False
ACCOUNT_SESSION_REMEMBER = False
ACCOUNT_LOGIN_TIMEOUT = 600
ACCOUNT_REAUTHENTICATION_TIMEOUT = REAUTHENTICATION_SECONDS
ACCOUNT_PASSWORD_RESET_TOKEN_GENERATOR = "django.contrib.auth.tokens.PasswordResetTokenGenerator"  # noqa: S105  # a class, no secret
# Its limits live in a cache of each process; ours are rows (tenants.sign_in.lockout).
ACCOUNT_RATE_LIMITS = False
ACCOUNT_FORMS = {
    "login": "tenants.sign_in.forms.SignInForm",
    "reauthenticate": "tenants.sign_in.forms.ConfirmPasswordForm",
    "change_password": "tenants.sign_in.forms.ChangePasswordForm",
    "reset_password": "tenants.sign_in.forms.ForgottenPasswordForm",
    "reset_password_from_key": "tenants.sign_in.forms.NewPasswordForm",
}
MFA_ADAPTER = "tenants.sign_in.adapters.FactorAdapter"
MFA_SUPPORTED_TYPES = ["totp", "webauthn", "recovery_codes"]
MFA_PASSKEY_LOGIN_ENABLED = True
MFA_RECOVERY_CODES_SHOW_ONCE = True
MFA_TOTP_ISSUER = "Keizoku"
MFA_TOTP_TOLERANCE = 1
MFA_RATE_LIMITS = False
MFA_FORMS = {
    "authenticate": "tenants.sign_in.factor_forms.CodeForm",
    "reauthenticate": "tenants.sign_in.factor_forms.ConfirmCodeForm",
    "activate_totp": "tenants.sign_in.factor_forms.SetUpAppForm",
    "add_webauthn": "tenants.sign_in.factor_forms.AddPasskeyForm",
    "edit_webauthn": "tenants.sign_in.factor_forms.RenamePasskeyForm",
    "authenticate_webauthn": "tenants.sign_in.factor_forms.PasskeyForm",
    "reauthenticate_webauthn": "tenants.sign_in.factor_forms.ConfirmPasskeyForm",
    "login_webauthn": "tenants.sign_in.factor_forms.PasskeySignInForm",
}
SOCIALACCOUNT_ADAPTER = "tenants.sign_in.provider_adapter.ProviderAdapter"
SOCIALACCOUNT_AUTO_SIGNUP = False
# A form that posts could not be redirected to the provider under our own form-action.
SOCIALACCOUNT_LOGIN_ON_GET = True
SOCIALACCOUNT_PROVIDERS = {"openid_connect": {"OAUTH_PKCE_ENABLED": True}}
ALLAUTH_TRUSTED_PROXY_COUNT = 1 if env.boolean("BEHIND_PROXY") else 0

LANGUAGE_CODE = "ja"
# Of staff's pages; customers' have more (portal.pages).
LANGUAGES = [("ja", _("Japanese")), ("en", _("English"))]
LOCALE_PATHS = [BASE_DIR / "locale"]
USE_I18N = True
USE_TZ = True
TIME_ZONE = "Asia/Tokyo"

STATIC_URL = "/static/"
# Development and tests serve the files where they lie; elsewhere `collectstatic` has gathered them.
_collects_static = KEIZOKU_ENV in ("demo", "production")
STATIC_ROOT = Path(env.text("STATIC_ROOT", DATA_DIR / "static")) if _collects_static else None
STATICFILES_DIRS = [BASE_DIR / "static"]
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.InMemoryStorage"},
    "staticfiles": {
        "BACKEND": "whitenoise.storage.CompressedManifestStaticFilesStorage"
        if _collects_static
        else "django.contrib.staticfiles.storage.StaticFilesStorage"
    },
}
WHITENOISE_USE_FINDERS = not _collects_static

IMPORT_MAX_BYTES = env.integer("IMPORT_MAX_BYTES", 1024**3)
# Books that are fetched by the clock: the folder below which each tenant has one of its own, named as in its addresses;
# the networks beside the public internet where SFTP servers may be; and how large a file may be.
PICKUP_ROOT = env.text("PICKUP_ROOT", "")
PICKUP_NETWORKS = env.words("PICKUP_NETWORKS")
PICKUP_MAX_BYTES = env.integer("PICKUP_MAX_BYTES", 5 * 1024**3)
# Pictures that people send us. "off" takes them unscanned, which only a demonstration may do.
UPLOAD_MAX_BYTES = env.integer("UPLOAD_MAX_BYTES", 15 * 1024 * 1024)
# Of all files handed in with one response, as they came.
ANSWER_FILES_MAX_BYTES = env.integer("ANSWER_FILES_MAX_BYTES", 60 * 1024 * 1024)
UPLOAD_SCAN = env.choice("UPLOAD_SCAN", ("required", "off"), "required")
CLAMAV_SOCKET = env.text("CLAMAV_SOCKET", "")
FILE_UPLOAD_MAX_MEMORY_SIZE = 1024 * 1024
# Neither handler leaves an upload on disk in clear, as Django's own one for large files does.
FILE_UPLOAD_HANDLERS = [
    "django.core.files.uploadhandler.MemoryFileUploadHandler",
    "cdd.uploading.SealedUploadHandler",
]
DATA_UPLOAD_MAX_MEMORY_SIZE = 1024 * 1024
DATA_UPLOAD_MAX_NUMBER_FIELDS = 400
WEBHOOK_MAX_BYTES = 1024 * 1024

SESSION_ENGINE = "tenants.sessions"
SESSION_COOKIE_NAME = "session" if not IS_PRODUCTION else "__Host-session"
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = "Lax"
SESSION_COOKIE_SECURE = PUBLIC_BASE_URL.startswith("https://")
# Whatever happens, and when nothing happens: then the person signs in again.
SESSION_COOKIE_AGE = env.integer("SESSION_HOURS", 8) * 3600
SESSION_IDLE_SECONDS = env.integer("SESSION_IDLE_MINUTES", 30) * 60
SESSION_EXPIRE_AT_BROWSER_CLOSE = True
CSRF_COOKIE_SECURE = SESSION_COOKIE_SECURE
CSRF_COOKIE_HTTPONLY = True
MESSAGE_STORAGE = "django.contrib.messages.storage.session.SessionStorage"
SECURE_CONTENT_TYPE_NOSNIFF = True
SECURE_REFERRER_POLICY = "same-origin"
SECURE_CROSS_ORIGIN_OPENER_POLICY = "same-origin"
SECURE_SSL_REDIRECT = IS_PRODUCTION and env.boolean("SSL_REDIRECT", True)
# The proxy beside us asks without TLS whether it may get a certificate.
SECURE_REDIRECT_EXEMPT = [r"^internal/certificate/$"]
SECURE_HSTS_SECONDS = 63_072_000 if IS_PRODUCTION else 0
SECURE_HSTS_INCLUDE_SUBDOMAINS = IS_PRODUCTION
SECURE_HSTS_PRELOAD = IS_PRODUCTION
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if env.boolean("BEHIND_PROXY") else None
X_FRAME_OPTIONS = "DENY"
# Of TLS, which a laptop has not; in production `cdd.checks` makes its absence an error.
SILENCED_SYSTEM_CHECKS = [
    # Guardian wants a backend for `user.has_perm`; we ask `tenants.reach` and `tenants.permissions`.
    "guardian.W001",
    *([] if IS_PRODUCTION else ["security.W004", "security.W008", "security.W012", "security.W016"]),
]
SECURE_CSP = {
    "default-src": [CSP.NONE],
    "script-src": [CSP.SELF],
    "style-src": [CSP.SELF],
    "img-src": [CSP.SELF, "data:"],
    "font-src": [CSP.SELF],
    "connect-src": [CSP.SELF],
    "form-action": [CSP.SELF],
    "base-uri": [CSP.NONE],
    "frame-ancestors": [CSP.NONE],
    "object-src": [CSP.NONE],
}

# Providers. In the demonstration they are the sandbox; a tenant's own accounts are rows, not settings.
SANDBOX_URL = env.text("SANDBOX_URL", "")
SANDBOX_SMTP = env.text("SANDBOX_SMTP", "")
SANDBOX_SFTP = env.text("SANDBOX_SFTP", "")
# The tax agency's register of companies: one application for the whole service. Without an id it is not asked.
HOUJIN_API_URL = env.text(
    "HOUJIN_API_URL", f"{SANDBOX_URL}/houjin/4" if SANDBOX_URL else "https://api.houjin-bangou.nta.go.jp/4"
)
HOUJIN_API_ID = env.text("HOUJIN_API_ID", "sandbox-houjin" if SANDBOX_URL else "")
# gBizINFO: each tenant has a token of its own.
GBIZ_API_URL = env.text("GBIZ_API_URL", f"{SANDBOX_URL}/gbiz" if SANDBOX_URL else "https://api.info.gbiz.go.jp/hojin")

# The audit trail's seals. Outside production they are kept in DATA_DIR; the signing key is the sealer's alone.
AUDIT_CHECKPOINTS = env.text("AUDIT_CHECKPOINTS", "" if IS_PRODUCTION else DATA_DIR / "audit-checkpoints")
AUDIT_SIGNING_KEY_FILE = env.text("AUDIT_SIGNING_KEY_FILE", "" if IS_PRODUCTION else DATA_DIR / "audit-signing-key")
AUDIT_TRUSTED_KEYS_FILE = env.text("AUDIT_TRUSTED_KEYS_FILE", "" if IS_PRODUCTION else DATA_DIR / "audit-trusted-keys")
TIMESTAMP_AUTHORITY_URL = env.text("TIMESTAMP_AUTHORITY_URL", "")
TIMESTAMP_AUTHORITY_CERTIFICATES = env.text("TIMESTAMP_AUTHORITY_CERTIFICATES", "")

# The name of the mail server that takes returned mail for us, for the MX records of the tenants' bounce domains.
BOUNCES_HOST = env.text("BOUNCES_HOST", "")

# The service's own mail to its staff: forgotten passwords. Customers' mail goes through the tenants' accounts.
_mail_host, _separator, _mail_port = env.text("STAFF_SMTP", SANDBOX_SMTP or "localhost:25").rpartition(":")
MAILERS: dict[str, dict[str, Any]] = {
    "default": {
        "BACKEND": "django.core.mail.backends.smtp.EmailBackend",
        "OPTIONS": {
            "host": _mail_host,
            "port": int(_mail_port),
            "username": env.text("STAFF_SMTP_USER", "keizoku" if SANDBOX_SMTP else ""),
            "password": env.text("STAFF_SMTP_PASSWORD", "sandbox-smtp-keizoku" if SANDBOX_SMTP else ""),
            "use_tls": env.boolean("STAFF_SMTP_TLS", IS_PRODUCTION),
            "timeout": 10,
        },
    }
}
DEFAULT_FROM_EMAIL = env.text("STAFF_MAIL_FROM", "keizoku@keizoku.example")

LOGGING_CONFIG = None
logging_config(level=env.text("LOG_LEVEL", "INFO"), as_json=IS_PRODUCTION)
