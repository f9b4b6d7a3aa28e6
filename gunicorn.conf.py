"""gunicorn's settings, for `manage.py serve` and for `gunicorn convoai.wsgi` alike."""

import os
import threading

import gunicorn.http.wsgi

from convoai.operations.background import start_worker, stop_database, stop_worker
from convoai.operations.capacity import web_processes, web_threads
from convoai.operations.metrics.folder import forget_process, remove_folder

wsgi_app = "convoai.wsgi:application"
bind = f"127.0.0.1:{os.environ.get('PORT', '8000')}"

# Threads wait for the database together; a further process uses a further core. By default one a
# core, from 2 to 8: see docs/deployment.md, which also counts the connections that they use.
worker_class = "convoai.operations.worker.Worker"
workers = web_processes()
threads = web_threads()
preload_app = True  # one start-up, shared by the workers

timeout = 30  # a worker that gives no sign, and a client that has not sent its request by then
graceful_timeout = 10  # requests under way at a stop may finish
# Longer than proxies keep an idle connection (nginx and Amazon's balancers 60 s): one that is
# closed here while a request is on its way is a 502 there. It costs a socket, and no thread.
keepalive = 75
# Processes are not replaced after so many requests: what they hold levels off (docs/deployment.md),
# and one that ends closes connections on which a proxy may be sending.
max_requests = 0

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
    if os.environ.get("STOP_DATABASE") == "1":
        stop_database()
