"""gunicorn's settings for the web process: `gunicorn -c webhook/gunicorn.py 'webhook:create_app()'`.

This file wires a process together, as jobs.py and clock.py do; that is why it may know the queue, which the package
`webhook` does not. gevent, because half-sent bodies then cost a greenlet each and never a worker.
"""

import logging
import re
from typing import Any

from gunicorn.glogging import Logger  # type: ignore[import-untyped]

# Not `import config`: gunicorn takes every name here that it knows as a setting, and `config` is one.
from config import load as load_settings

settings = load_settings()

bind = f"{settings.host}:{settings.port}"
workers = settings.web_concurrency
worker_class = "gevent"
worker_connections = 2000
timeout = 30
# Longer than any request takes. Idle connections of a proxy are waited for too: with 25 a stop took longer than that.
graceful_timeout = 15
keepalive = 75  # longer than the 60 s of the usual proxies: the proxy closes first, so no request meets a closed door
limit_request_line = 4094
limit_request_fields = 64
limit_request_field_size = 8190
forwarded_allow_ips = "127.0.0.1,::1"
control_socket_disable = True  # nobody steers it, and it would write outside DATA_DIR
loglevel = settings.log_level.lower()
# Without the query: the OAuth callback's carries a code.
access_log_format = '%(h)s "%(m)s %(U)s" %(s)s %(b)s %(M)sms'


class WithoutQueries(logging.Formatter):
    """Cuts every line at its first question mark: gunicorn quotes requests it could not read, or that failed."""

    def format(self, record: logging.LogRecord) -> str:
        return re.sub(r"\?.*", "?...", super().format(record))


class logger_class(Logger):  # type: ignore[misc]
    """gunicorn's log, free of what stands behind a question mark."""

    def setup(self, cfg: Any) -> None:
        super().setup(cfg)
        for handler in self.error_log.handlers:
            handler.setFormatter(WithoutQueries(self.error_fmt, self.datefmt))


def post_worker_init(worker: Any) -> None:
    """The application does not know the queue; here it learns how to wake the workers."""
    import jobs
    from services import logs
    from webhook import set_nudge

    logs.setup(settings.log_level, secrets=settings.secrets())
    set_nudge(worker.wsgi, jobs.nudge)


def worker_exit(server: Any, worker: Any) -> None:
    """Write what was counted since the last second."""
    if getattr(worker, "wsgi", None) is not None:
        worker.wsgi.extensions["reception"].close()
