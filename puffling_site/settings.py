"""Django settings. Values come from `config.load()`; this file only arranges them."""

from __future__ import annotations

from datetime import timedelta

from csp.constants import NONE, SELF
from django.templatetags.static import static
from kombu import Queue

from puffling_site.config import load
from puffling_site.logs import configure

CONFIG = load()

SECRET_KEY = CONFIG.secret_key
DEBUG = CONFIG.debug
ALLOWED_HOSTS = list(CONFIG.allowed_hosts)
CSRF_TRUSTED_ORIGINS = list(CONFIG.trusted_origins)
ROOT_URLCONF = "puffling_site.urls"
ASGI_APPLICATION = "puffling_site.asgi.application"
WSGI_APPLICATION = None
AUTH_USER_MODEL = "accounts.User"
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
LOGIN_URL = "/login/"
LOGIN_REDIRECT_URL = "/"
LOGOUT_REDIRECT_URL = "/login/"
TIME_ZONE = "UTC"
USE_TZ = True
LANGUAGE_CODE = "en-us"
USE_I18N = False
DATA_DIR = CONFIG.data_dir

INSTALLED_APPS = [
    "unfold",
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "servestatic.runserver_nostatic",
    "django.contrib.staticfiles",
    "django_htmx",
    "django_filters",
    "django_celery_beat",
    "django_structlog",
    "django_prometheus",
    "axes",
    "channels",
    "rest_framework",
    "rest_framework_simplejwt",
    "rest_framework_simplejwt.token_blacklist",
    "drf_spectacular",
    "drf_spectacular_sidecar",
    "common",
    "dashboard",  # before accounts: its sign-in pages are the dressed ones
    "accounts",
    "live",
    "watches",
    "markets",
    "alerts",
    "portfolios",
    "safety",
    "brokers",
    "orders",
    "automation",
    "agent",
    "puffling_site",
]

MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "servestatic.middleware.ServeStaticMiddleware",
    "puffling_site.middleware.CompressedPages",
    "puffling_site.guards.StorableText",
    "csp.middleware.CSPMiddleware",
    "puffling_site.middleware.OwnPolicyPaths",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "django_structlog.middlewares.RequestMiddleware",
    "axes.middleware.AxesMiddleware",
]

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
            ]
        },
    }
]

# --- State -----------------------------------------------------------------------------------------------------
DATABASES = {
    "default": {
        **CONFIG.database,
        # No pool in prefork workers (celery#10554); health checks so that a restarted PostgreSQL is noticed.
        "CONN_MAX_AGE": 60 if CONFIG.env != "test" else 0,
        "CONN_HEALTH_CHECKS": True,
        "OPTIONS": {
            "options": "-c statement_timeout=30000 -c lock_timeout=10000 -c idle_in_transaction_session_timeout=60000"
            # The batch statement computes tens of thousands of series: keep them in memory, and never compile it.
            " -c work_mem=32MB -c jit=off"
        },
    }
}
CACHES = {
    "default": {
        "BACKEND": "django.core.cache.backends.redis.RedisCache",
        "LOCATION": CONFIG.redis(2),
        "OPTIONS": {"socket_connect_timeout": 1, "socket_timeout": 1},
    },
}
CHANNEL_LAYERS = {
    "default": {
        # The Pub/Sub layer has no fixed capacity and no group expiry (reference/reliability.md §5).
        "BACKEND": "channels_redis.pubsub.RedisPubSubChannelLayer",
        "CONFIG": {"hosts": [CONFIG.redis(1)], "prefix": "puffling"},
    }
}

# --- Celery ----------------------------------------------------------------------------------------------------
# Reasons for each value: reference/reliability.md §4. Messages are nudges; PostgreSQL holds the work.
CELERY_BROKER_URL = CONFIG.redis(0)
CELERY_TASK_IGNORE_RESULT = True
CELERY_ACCEPT_CONTENT = ["json"]
CELERY_TIMEZONE = "UTC"
CELERY_TASK_ACKS_LATE = True
CELERY_TASK_REJECT_ON_WORKER_LOST = True
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
CELERY_TASK_SOFT_TIME_LIMIT = 45
CELERY_TASK_TIME_LIMIT = 60
CELERY_BROKER_TRANSPORT_OPTIONS = {
    # Publishing must fail at once when the broker is away: kombu would retry inside the first publish for 6 s, and
    # the feed and the evaluators would stand still. Workers reconnect by CELERY_BROKER_CONNECTION_MAX_RETRIES.
    "max_retries": 0,
    "visibility_timeout": 1800,
    "unacked_restore_interval": 5,
    "unacked_restore_throttle": 1,
    "health_check_interval": 15,
    "socket_connect_timeout": 3,
    "socket_timeout": 10,
    "socket_keepalive": True,
}
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_BROKER_CONNECTION_MAX_RETRIES = None
CELERY_TASK_PUBLISH_RETRY = False
CELERY_WORKER_SOFT_SHUTDOWN_TIMEOUT = 20
CELERY_WORKER_ENABLE_SOFT_SHUTDOWN_ON_IDLE = True
CELERY_WORKER_MAX_TASKS_PER_CHILD = 20_000
CELERY_WORKER_MAX_MEMORY_PER_CHILD = 300_000
CELERY_WORKER_HIJACK_ROOT_LOGGER = False
CELERY_BEAT_SCHEDULER = "django_celery_beat.schedulers:DatabaseScheduler"
CELERY_BEAT_MAX_LOOP_INTERVAL = 5
CELERY_BEAT_CRON_STARTING_DEADLINE = 60
CELERY_TASK_DEFAULT_QUEUE = "default"
CELERY_TASK_QUEUES = [Queue(name) for name in ("ticks", "trading", "jobs", "agent", "default")]
CELERY_TASK_CREATE_MISSING_QUEUES = False
CELERY_BEAT_SCHEDULE = {
    # A pulse per queue: its heartbeat tells /readyz that beat, the queue and a worker are alive.
    **{
        f"pulse {queue.name}": {
            "task": "site.pulse",
            "schedule": timedelta(seconds=15),
            "kwargs": {"queue": queue.name},
            "options": {"queue": queue.name, "expires": 30},
        }
        for queue in CELERY_TASK_QUEUES
    },
    # Beside the mirrored entries of jobs; its heartbeat tells that beat lives. An older poke says nothing new.
    "look at jobs": {
        "task": "automation.look_at_jobs",
        "schedule": timedelta(seconds=10),
        "options": {"queue": "jobs", "expires": 10},
    },
    "tidy up": {"task": "site.tidy", "schedule": timedelta(hours=6), "options": {"queue": "default"}},
    **{
        task: {"task": task, "schedule": every, "options": {"queue": "jobs", "expires": every.total_seconds()}}
        for task, every in (
            ("portfolios.record_equity", timedelta(minutes=1)),
            ("safety.trip_breakers", timedelta(minutes=1)),
            ("automation.mirror_jobs", timedelta(minutes=10)),
            ("automation.prune_job_runs", timedelta(hours=1)),
            ("portfolios.thin_equity", timedelta(days=1)),
            ("markets.prune_minute_bars", timedelta(days=1)),
            ("markets.fill_calendar", timedelta(days=7)),
        )
    },
}

# --- API -------------------------------------------------------------------------------------------------------
REST_FRAMEWORK = {
    "DEFAULT_AUTHENTICATION_CLASSES": [
        "rest_framework_simplejwt.authentication.JWTAuthentication",
        "accounts.authentication.PersonalTokenAuthentication",
        "accounts.authentication.SiteSessionAuthentication",
    ],
    "DEFAULT_PERMISSION_CLASSES": ["accounts.permissions.HasScope"],
    "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
    "DEFAULT_PARSER_CLASSES": ["common.parsing.StrictJSONParser"],
    "DEFAULT_PAGINATION_CLASS": "common.api.Pages",
    "DEFAULT_FILTER_BACKENDS": [
        "common.filtering.StrictFilters",
        "common.filtering.StableOrdering",
    ],
    "DEFAULT_SCHEMA_CLASS": "drf_spectacular.openapi.AutoSchema",
    "EXCEPTION_HANDLER": "common.api.problem_response",
    "DEFAULT_THROTTLE_CLASSES": [
        "common.throttling.UserRate",
        "common.throttling.StrangerRate",
    ],
    "DEFAULT_THROTTLE_RATES": {"user": "1200/min", "anon": "60/min"},
    "COERCE_DECIMAL_TO_STRING": True,
    "TEST_REQUEST_DEFAULT_FORMAT": "json",
}
SIMPLE_JWT = {
    "ACCESS_TOKEN_LIFETIME": timedelta(minutes=15),
    "REFRESH_TOKEN_LIFETIME": timedelta(days=7),
    "ROTATE_REFRESH_TOKENS": True,
    "BLACKLIST_AFTER_ROTATION": True,
    "CHECK_REVOKE_TOKEN": True,
    "SIGNING_KEY": CONFIG.jwt_key,
    "UPDATE_LAST_LOGIN": True,
}
SPECTACULAR_SETTINGS = {
    "TITLE": "Puffling API",
    "DESCRIPTION": "Rules, portfolios, orders, alerts and safety. Decimals are strings; times are ISO 8601 in UTC.",
    "VERSION": "1",
    "SERVE_INCLUDE_SCHEMA": False,
    "SERVE_PERMISSIONS": ["rest_framework.permissions.AllowAny"],
    "SWAGGER_UI_DIST": "SIDECAR",
    "SWAGGER_UI_FAVICON_HREF": "SIDECAR",
    "COMPONENT_SPLIT_REQUEST": True,
    "ENUM_NAME_OVERRIDES": {
        "ActionStatusEnum": "automation.models.ActionStatus",
        "ActionTypeEnum": "automation.models.ActionType",
        "ActionModeEnum": "automation.models.Mode",
        "ExecutionStateEnum": "automation.models.ExecutionState",
        "MissedPolicyEnum": "automation.models.MissedPolicy",
        "MissedOutcomeEnum": "automation.models.Missed.Outcome",
        "OrderStateEnum": "orders.states.OrderState",
        "RunStateEnum": "automation.rebalancing.states.RunState",
        "RunCauseEnum": "automation.rebalancing.models.Cause",
        "OrderTypeEnum": "orders.models.OrderType",
        "TimeInForceEnum": "orders.models.TimeInForce",
        "AlertKindEnum": "alerts.models.Alert.Kind",
        "AlertSeverityEnum": "alerts.models.Alert.Severity",
        "ChannelKindEnum": "alerts.models.AlertChannel.Kind",
        "VerbosityEnum": "alerts.models.AlertChannel.Verbosity",
        "DeliveryStateEnum": "alerts.models.Delivery.State",
        "HookOutcomeEnum": "automation.models.HookCall.Outcome",
        "LedgerKindEnum": "portfolios.models.LedgerEntry.Kind",
        "TokenScopeEnum": "accounts.models.ApiToken.Scope",
        "ReplayStateEnum": "automation.models.ReplayRun.State",
        "JobRunStateEnum": "automation.scheduling.models.RunState",
        "JobRunCauseEnum": "automation.scheduling.models.RunCause",
        "MisfirePolicyEnum": "automation.scheduling.models.MisfirePolicy",
        "BacktestKindEnum": "automation.backtest.models.BacktestKind",
        "SwitchScopeEnum": "safety.models.Switch.Scope",
        "StrategyModeEnum": "automation.strategies.models.StrategyMode",
        "AgentModeEnum": "agent.models.RunMode",
        "AgentProviderEnum": "agent.models.Provider",
        "AgentRunStateEnum": "agent.models.RunState",
        "SuggestionStateEnum": "agent.models.SuggestionState",
        "StrategyTimeframeEnum": "automation.strategies.bar_clock.TIMEFRAMES",
        "ReplayTimeframeEnum": "automation.replay.asking.TIMEFRAMES",
    },
}

# --- Security --------------------------------------------------------------------------------------------------
AUTHENTICATION_BACKENDS = ["axes.backends.AxesStandaloneBackend", "django.contrib.auth.backends.ModelBackend"]
AXES_FAILURE_LIMIT = 5
AXES_COOLOFF_TIME = timedelta(minutes=15)
AXES_LOCKOUT_PARAMETERS = [["username", "ip_address"]]
AXES_RESET_ON_SUCCESS = True
AXES_LOCKOUT_CALLABLE = "accounts.lockout.locked_out"
AXES_HTTP_RESPONSE_CODE = 429
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": f"django.contrib.auth.password_validation.{name}"}
    for name in (
        "UserAttributeSimilarityValidator",
        "MinimumLengthValidator",
        "CommonPasswordValidator",
        "NumericPasswordValidator",
    )
]
if CONFIG.env == "test":  # the real hashers are slow on purpose
    PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = "Lax"
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = CONFIG.secure_cookies
SECURE_SSL_REDIRECT = CONFIG.production and CONFIG.secure_cookies
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if CONFIG.production else None
SECURE_HSTS_SECONDS = 31_536_000 if CONFIG.production else 0
SECURE_HSTS_INCLUDE_SUBDOMAINS = SECURE_HSTS_PRELOAD = CONFIG.production
SECURE_CONTENT_TYPE_NOSNIFF = True
X_FRAME_OPTIONS = "DENY"
DATA_UPLOAD_MAX_MEMORY_SIZE = 1_048_576
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [SELF],
        "script-src": [SELF],
        # lightweight-charts 5.2.1 puts in one fixed style for its logo; the hash changes with its version.
        "style-src": [SELF, "'sha256-3pRED1tOXas1FXFoPb9TGCjmYe9XQsmO9OV23khV2nY='"],
        "img-src": [SELF, "data:"],
        "connect-src": [SELF],
        "font-src": [SELF],
        "object-src": [NONE],
        "base-uri": [SELF],
        "form-action": [SELF],
        "frame-ancestors": [NONE],
    }
}

# --- Static files ----------------------------------------------------------------------------------------------
STATIC_URL = "/static/"
STATIC_ROOT = CONFIG.data_dir / "static"
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {
        "BACKEND": "servestatic.storage.CompressedManifestStaticFilesStorage"
        if CONFIG.env == "production"
        else "django.contrib.staticfiles.storage.StaticFilesStorage"
    },
}
SERVESTATIC_USE_FINDERS = CONFIG.env != "production"
SERVESTATIC_AUTOREFRESH = CONFIG.debug

# The dashboard's sea blue and its puffin; the shades are those of app.css mixed with white and black.
UNFOLD = {
    "SITE_TITLE": "Puffling admin",
    "SITE_HEADER": "Puffling",
    "SITE_SUBHEADER": "Administration",
    "SITE_URL": "/",
    "SITE_ICON": lambda request: static("dashboard/puffin.svg"),
    "SITE_FAVICONS": [{"rel": "icon", "type": "image/svg+xml", "href": lambda request: static("dashboard/puffin.svg")}],
    "SITE_DROPDOWN": [
        {"icon": "dashboard", "title": "Dashboard", "link": "/"},
        {"icon": "monitoring", "title": "Monitoring", "link": "/monitoring/"},
        {"icon": "shield", "title": "Safety", "link": "/safety/"},
    ],
    "SHOW_VIEW_ON_SITE": True,
    "SHOW_HISTORY": True,
    "BORDER_RADIUS": "8px",
    "COLORS": {
        "primary": {
            "50": "#f0f8fb",
            "100": "#e2f0f6",
            "200": "#c0dfec",
            "300": "#93c9de",
            "400": "#62b9dc",
            "500": "#2b87ae",
            "600": "#0b5a7d",
            "700": "#0a4d6b",
            "800": "#0b4059",
            "900": "#0d354a",
            "950": "#06202c",
        }
    },
}

# --- Logs ------------------------------------------------------------------------------------------------------
LOGGING_CONFIG = None  # puffling_site.logs.configure() sets logging up for every process alike

configure(json=CONFIG.production, level="WARNING" if CONFIG.env == "test" else "INFO")
