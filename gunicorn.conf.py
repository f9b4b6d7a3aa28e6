"""gunicorn's settings, for `manage.py serve` and for `gunicorn convoai.wsgi` alike."""

import os
import threading

import gunicorn.http.wsgi

from convoai.operations.background import start_worker, stop_worker
from convoai.operations.metrics.folder import forget_process, remove_folder

wsgi_app = "convoai.wsgi:application"
bind = f"127.0.0.1:{os.environ.get('PORT', '8000')}"

# Threads wait for the database together; a second process uses a second core. Each process has a
# pool of its own, so workers x (DB_POOL_SIZE + DB_MAX_OVERFLOW) must stay below max_connections.
worker_class = "convoai.operations.worker.Worker"
workers = int(os.environ.get("WEB_CONCURRENCY", "2"))
threads = int(os.environ.get("WEB_THREADS", "8"))
preload_app = True  # one start-up, shared by the workers

timeout = 30  # a worker that gives no sign, and a client that has not sent its request by then
graceful_timeout = 10  # requests under way at a stop may finish
keepalive = 15

# Larger ones are answered 414 and 431 as JSON. A header may hold a long, wrong key: that is a 401.
limit_request_line = 4094
limit_request_fields = 100
limit_request_field_size = 16_384

# Access log (--access-logfile - turns it on): never the query string, which holds people's words.
access_log_format = '%(h)s "%(m)s %(U)s" %(s)s %(B)s %(M)sms [%({x-request-id}o)s]'
loglevel = os.environ.get("SERVER_LOG_LEVEL", "warning")
control_socket_disable = True
gunicorn.http.wsgi.SERVER = "convoai"  # the Server header names no product and no version

# The worker of background jobs; `manage.py serve` asks for it.
background = []


def when_ready(server):
    if os.environ.get("BACKGROUND_WORKER") == "1":
        background.append(start_worker())


def post_worker_init(worker):
    # In the background: the first search or message does not wait for the model to load.
    from convoai.embedding.warming import warm

    threading.Thread(target=warm, name="embedder", daemon=True).start()


def child_exit(server, worker):
    forget_process(worker.pid)


def on_exit(server):
    remove_folder()
    for worker in background:
        stop_worker(worker)
