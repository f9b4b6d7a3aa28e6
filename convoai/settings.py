"""Settings of convoai, read top to bottom; every variable is explained in docs/configuration.md."""

from __future__ import annotations

import sys
from datetime import timedelta
from pathlib import Path

import environ
from csp.constants import NONE, SELF

from convoai.database.configuration import database_settings, replica_settings
from convoai.environment import flag, number, seconds_of, text, words
from convoai.local_secret import local_secret
from convoai.storage.configuration import bucket_options

BASE_DIR = Path(__file__).resolve().parent.parent
env = environ.Env()
environ.Env.read_env(BASE_DIR / ".env")

# Where this installation keeps its things
DATA_DIR = (BASE_DIR / text(env, "DATA_DIR", default=".data")).resolve()
MEDIA_ROOT = DATA_DIR / "media"
# Instead of folders of DATA_DIR, for several machines
MEDIA_BUCKET = bucket_options(env)

# Who may reach it
LOOPBACK_HOSTS = ["localhost", "127.0.0.1", "[::1]"]
ALLOWED_HOSTS = words(env, "ALLOWED_HOSTS", default=LOOPBACK_HOSTS)
IS_LOCAL = set(ALLOWED_HOSTS) <= set(LOOPBACK_HOSTS) and not text(env, "DATABASE_URL")
DEBUG = flag(env, "DEBUG", default=IS_LOCAL)
SECRET_KEY = text(env, "SECRET_KEY") or local_secret(DATA_DIR / "secret_key")
NUM_PROXIES = number(env, "NUM_PROXIES", least=0, default=0)
SINGLE_USER = text(env, "SINGLE_USER")
SINGLE_USER_CONFIRMED = flag(env, "SINGLE_USER_CONFIRMED", default=False)

# The database: bundled, or DATABASE_URL
IS_COMMAND = Path(sys.argv[0]).name == "manage.py" and "runserver" not in sys.argv[1:2]
DATABASES = {"default": database_settings(env, DATA_DIR, command=IS_COMMAND)}
DATABASES |= replica_settings(env, command=IS_COMMAND)
# Which apps' rows are read from it, how far it may be behind, and how long a writer stays away
REPLICA_APPS = frozenset({"partners", "conversations"})
REPLICA_MAX_LAG = number(env, "REPLICA_MAX_LAG", least=2, default=10)
REPLICA_STICKY = number(env, "REPLICA_STICKY", least=2, default=3)
DATABASE_ROUTERS = ["convoai.database.replica.router.ReplicaRouter"] * ("replica" in DATABASES)
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

INSTALLED_APPS = [
    "convoai.database",
    "convoai.accounts",
    "partners",
    "conversations",
    "django_q",
    "convoai.analysis",
    "convoai.transfer",
    "convoai.api",
    "convoai.operations",
    "convoai.web",
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.postgres",
    "whitenoise.runserver_nostatic",
    "django.contrib.staticfiles",
    "rest_framework",
    "knox",
    "django_guid",
    "django_filters",
    "corsheaders",
    "csp",
    "axes",
    "drf_spectacular",
    "drf_spectacular_sidecar",
]

MIDDLEWARE = [
    "convoai.operations.metrics.middleware.MetricsMiddleware",
    "convoai.operations.statements.recording.RouteMiddleware",
    "django_guid.middleware.guid_middleware",
    "corsheaders.middleware.CorsMiddleware",
    "convoai.api.middleware.RequestLimitsMiddleware",
    "convoai.api.middleware.EitherSlashMiddleware",
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "csp.middleware.CSPMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "convoai.api.middleware.FaultMiddleware",
    "convoai.accounts.known_devices.KnownDeviceMiddleware",
    "axes.middleware.AxesMiddleware",
]
if "replica" in DATABASES:
    MIDDLEWARE += [
        "convoai.accounts.own_writes.OwnWritesMiddleware",
        "convoai.database.replica.middleware.ReplicaMiddleware",
    ]

ROOT_URLCONF = "convoai.urls"
WSGI_APPLICATION = "convoai.wsgi.application"
ASGI_APPLICATION = "convoai.asgi.application"
# EitherSlashMiddleware answers both forms; a redirect would turn a POST into a GET.
APPEND_SLASH = False

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
            ],
        },
    },
]

# People and keys
AUTH_USER_MODEL = "accounts.User"
KNOX_TOKEN_MODEL = "accounts.ApiKey"  # noqa: S105 - the name of a model
# knox's migrations make its own table even when our model takes its place.
MIGRATION_MODULES = {"knox": None}
AUTHENTICATION_BACKENDS = [
    "axes.backends.AxesStandaloneBackend",
    "django.contrib.auth.backends.ModelBackend",
]
PASSWORD_HASHERS = [
    "django.contrib.auth.hashers.Argon2PasswordHasher",
    "convoai.accounts.hashers.ImportedBcryptHasher",
]
# Only a warning in create_user; the admin's password forms insist.
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": f"django.contrib.auth.password_validation.{name}"}
    for name in (
        "UserAttributeSimilarityValidator",
        "MinimumLengthValidator",
        "CommonPasswordValidator",
    )
]
LOGIN_URL = "/accounts/login/"
LOGIN_REDIRECT_URL = "/"
LOGOUT_REDIRECT_URL = "/"
REST_KNOX = {
    "AUTH_HEADER_PREFIX": "Bearer",
    "TOKEN_PREFIX": "convoai_",
    "TOKEN_TTL": timedelta(days=number(env, "API_KEY_DAYS", least=1, default=90)),
}

# The API
REST_FRAMEWORK = {
    "DEFAULT_AUTHENTICATION_CLASSES": [
        "convoai.accounts.authentication.BearerKeyAuthentication",
        "convoai.accounts.authentication.SessionAuthentication",
        "convoai.accounts.authentication.SingleUserAuthentication",
    ],
    "DEFAULT_PERMISSION_CLASSES": ["rest_framework.permissions.IsAuthenticated"],
    "DEFAULT_PARSER_CLASSES": ["convoai.api.parsers.StrictJSONParser"],
    "DEFAULT_RENDERER_CLASSES": ["convoai.api.renderers.JSONRenderer"],
    "DEFAULT_CONTENT_NEGOTIATION_CLASS": "convoai.api.renderers.AlwaysJSON",
    "DEFAULT_METADATA_CLASS": None,
    "DEFAULT_SCHEMA_CLASS": "convoai.api.schema.ApiSchema",
    "EXCEPTION_HANDLER": "convoai.api.errors.exception_handler",
    "UNAUTHENTICATED_USER": "django.contrib.auth.models.AnonymousUser",
    "TEST_REQUEST_DEFAULT_FORMAT": "json",
    "URL_FORMAT_OVERRIDE": None,
    "NUM_PROXIES": NUM_PROXIES,
}
SPECTACULAR_SETTINGS = {
    "TITLE": "AI Conversation Assistant API",
    "DESCRIPTION": "convoai: the memory for the people you talk with.",
    "VERSION": "1.0.0",
    "OAS_VERSION": "3.1.1",
    "SERVE_INCLUDE_SCHEMA": False,
    "SERVE_PERMISSIONS": ["rest_framework.permissions.AllowAny"],
    "SERVE_AUTHENTICATION": [],
    "SWAGGER_UI_DIST": "SIDECAR",
    "SWAGGER_UI_FAVICON_HREF": "SIDECAR",
    "REDOC_DIST": "SIDECAR",
    "SCHEMA_PATH_PREFIX": "/api",
    "COMPONENT_SPLIT_REQUEST": True,
    "ENUM_NAME_OVERRIDES": {},
}
# Background work: a queue in the same database, worked on by manage.py qcluster
Q_CLUSTER = {
    "name": "convoai",
    "broker_class": "convoai.database.queue.Broker",
    "orm": "default",
    "workers": 1,
    "queue_limit": 1,
    "timeout": 600,
    # Seconds until the work of a killed worker is given out again; longer than an analysis's lease.
    "retry": 700,
    "max_attempts": 2,
    "ack_failures": True,
    # All results; convoai.analysis.jobs forgets them after two days.
    "save_limit": 0,
    "poll": 1,
    "guard_cycle": 1,
    "catch_up": False,
}

# Who may read /metrics; empty: there is no such page, and nothing is counted.
METRICS_TOKEN = text(env, "METRICS_TOKEN")

# Where backups go; by that worker: every so many hours (0: none), and how many of them stay
BACKUP_DIR = text(env, "BACKUP_DIR")
BACKUP_EVERY = number(env, "BACKUP_EVERY", least=0, default=0)
BACKUP_KEEP = number(env, "BACKUP_KEEP", least=1, default=7)
# How long a deletion is remembered, so that no restored backup brings it back
ERASURE_DAYS = number(env, "ERASURE_DAYS", least=1, default=400)

# How long statements take, by route, for manage.py slow_queries; without any values
STATEMENT_TIMES = flag(env, "STATEMENT_TIMES", default=True)

# The largest request bodies, in bytes: ordinary ones, and those that may carry a transcript.
BODY_LIMIT = number(env, "BODY_LIMIT", least=1, default=1_000_000)
TRANSCRIPT_BODY_LIMIT = number(env, "TRANSCRIPT_BODY_LIMIT", least=1, default=32_000_000)
IMAGE_BODY_LIMIT = number(env, "IMAGE_BODY_LIMIT", least=1, default=12_000_000)
IMAGES_PER_USER = number(env, "IMAGES_PER_USER", least=1, default=1_000)
# RequestLimitsMiddleware holds the limits above, per route and as JSON; Django's own is looser.
DATA_UPLOAD_MAX_MEMORY_SIZE = TRANSCRIPT_BODY_LIMIT
# A save in the admin posts every inline message with its fields.
DATA_UPLOAD_MAX_NUMBER_FIELDS = 20_000
REQUIRE_IF_MATCH = flag(env, "REQUIRE_IF_MATCH", default=False)

# Who reads talks: the rules of this repository, or a language model
ANALYZER = text(env, "ANALYZER", default="offline")
ANALYZER_BASE_URL = text(env, "ANALYZER_BASE_URL")
ANALYZER_ALLOWED_HOSTS = words(env, "ANALYZER_ALLOWED_HOSTS", default=[])
ANALYZER_TIMEOUT = seconds_of(env, "ANALYZER_TIMEOUT", default=60)
ANALYZER_FALLBACK = text(env, "ANALYZER_FALLBACK")
# How many requests of a process may wait for a model at a time, and how long before a job goes on
INLINE_ANALYSES = number(env, "INLINE_ANALYSES", least=1, default=4)
INLINE_ANALYSIS_SECONDS = seconds_of(env, "INLINE_ANALYSIS_SECONDS", default=5)
JOBS_PER_USER = number(env, "JOBS_PER_USER", least=1, default=100)
GOOGLE_API_KEY = text(env, "GOOGLE_API_KEY") or text(env, "GEMINI_API_KEY")
OPENAI_API_KEY = text(env, "OPENAI_API_KEY")

# Who turns texts into vectors: word vectors of this repository's requirements, or a model elsewhere
EMBEDDER = text(env, "EMBEDDER", default="wordllama")
EMBEDDER_BASE_URL = text(env, "EMBEDDER_BASE_URL")
EMBEDDER_ALLOWED_HOSTS = words(env, "EMBEDDER_ALLOWED_HOSTS", default=[])
EMBEDDER_DIMENSIONS = number(env, "EMBEDDER_DIMENSIONS", least=0, default=0)
EMBEDDER_TIMEOUT = seconds_of(env, "EMBEDDER_TIMEOUT", default=30)

# Browsers from elsewhere
CORS_ALLOWED_ORIGINS = words(
    env,
    "ALLOWED_ORIGINS",
    default=[
        f"http://{host}:{port}" for host in ("localhost", "127.0.0.1") for port in (3000, 5173)
    ],
)
# The default ends at a line break, which a hostile path may hold.
CORS_URLS_REGEX = r"(?s).*"
CORS_ALLOW_CREDENTIALS = True
CORS_PREFLIGHT_MAX_AGE = 600
CORS_ALLOW_HEADERS = [
    "accept",
    "authorization",
    "content-type",
    "idempotency-key",
    "if-match",
    "if-none-match",
    "user-agent",
    "x-csrftoken",
    "x-request-id",
    "x-requested-with",
]
CORS_EXPOSE_HEADERS = ["ETag", "Link", "Location", "Retry-After", "X-Request-ID", "X-Total-Count"]
CSRF_TRUSTED_ORIGINS = words(env, "CSRF_TRUSTED_ORIGINS", default=[])
CSRF_FAILURE_VIEW = "convoai.web.views.csrf_failure"

# Lock-out after wrong passwords
LOGIN_TRIES = number(env, "LOGIN_TRIES", least=1, default=5)
LOGIN_TRIES_PER_ADDRESS = number(env, "LOGIN_TRIES_PER_ADDRESS", least=1, default=20)
AXES_ENABLE_ADMIN = False
AXES_VERBOSE = False
AXES_FAILURE_LIMIT = LOGIN_TRIES
AXES_LOCKOUT_PARAMETERS = ["username", "ip_address"]
AXES_RESET_ON_SUCCESS = True
AXES_RESET_COOL_OFF_ON_FAILURE_DURING_LOCKOUT = False
# No list of who signed in from where, and no session made to keep it.
AXES_DISABLE_ACCESS_LOG = True
AXES_HANDLER = "convoai.accounts.lockout.LockoutHandler"
AXES_USERNAME_CALLABLE = "convoai.accounts.lockout.account_key"
AXES_CLIENT_IP_CALLABLE = "convoai.accounts.client_address.client_address"
AXES_LOCKOUT_CALLABLE = "convoai.accounts.lockout_answers.locked_out_response"
AXES_COOLOFF_TIME = timedelta(minutes=number(env, "LOGIN_COOL_OFF_MINUTES", least=1, default=15))

# What browsers may load and do
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [SELF],
        "img-src": [SELF, "data:", "blob:"],
        "object-src": [NONE],
        "base-uri": [SELF],
        "form-action": [SELF],
        "frame-ancestors": [NONE],
    }
}
X_FRAME_OPTIONS = "DENY"
SECURE_CONTENT_TYPE_NOSNIFF = True
SECURE_REFERRER_POLICY = "same-origin"
HTTPS = flag(env, "HTTPS", default=not (DEBUG or IS_LOCAL))
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = SECURE_SSL_REDIRECT = HTTPS
SESSION_COOKIE_HTTPONLY = True
SECURE_HSTS_SECONDS = number(env, "HSTS_SECONDS", least=0, default=31_536_000 if HTTPS else 0)
# Other hosts below this name may serve something else: whether to bind them is not ours to say.
SILENCED_SYSTEM_CHECKS = ["security.W005", "security.W021"]
if NUM_PROXIES:
    SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
CORS_ALLOW_PRIVATE_NETWORK = IS_LOCAL

# Pages
STATIC_URL = "/static/"
# WhiteNoise serves the files from where they lie; collectstatic is for a web server in front.
STATIC_ROOT = text(env, "STATIC_ROOT") or None
WHITENOISE_USE_FINDERS = True
WHITENOISE_AUTOREFRESH = False
LANGUAGE_CODE = "en-us"
TIME_ZONE = "UTC"
USE_TZ = True
USE_I18N = False

# The log: one line an event, with the id that the answer carries; never a person's words
DJANGO_GUID = {
    "GUID_HEADER_NAME": "X-Request-ID",
    "VALIDATE_GUID": True,
    "RETURN_HEADER": True,
    "EXPOSE_HEADER": False,
    "UUID_LENGTH": 32,
}
LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "filters": {
        "request_id": {"()": "django_guid.log_filters.CorrelationId"},
        "without_words": {"()": "convoai.api.logs.WithoutWords"},
    },
    "formatters": {
        "line": {
            "format": "{asctime} {levelname} {name} [{correlation_id}] {message}",
            "style": "{",
        }
    },
    "handlers": {
        "stderr": {
            "class": "logging.StreamHandler",
            "filters": ["request_id"],
            "formatter": "line",
        }
    },
    "root": {"handlers": ["stderr"], "level": text(env, "LOG_LEVEL", default="WARNING")},
    "loggers": {
        "convoai": {"level": text(env, "LOG_LEVEL", default="INFO")},
        "django": {"handlers": [], "level": text(env, "LOG_LEVEL", default="WARNING")},
        # Every 4xx is the client's affair, and its answer says what was wrong.
        "django.request": {"level": "ERROR", "filters": ["without_words"]},
        "django_guid": {"level": "WARNING"},
        "django-q": {"level": text(env, "LOG_LEVEL", default="WARNING")},
        # At DEBUG these tell what was sent to a language model, which is people's words.
        **{
            name: {"level": "WARNING"}
            for name in ("openai", "google_genai", "httpx2", "httpcore2", "pydantic_ai")
        },
    },
}
