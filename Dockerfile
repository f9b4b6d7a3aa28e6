# convoai with its bundled PostgreSQL, as `make run` has it: docs/deployment.md, "In a container".
FROM python:3.13-slim-trixie

# Everything that lives longer than the container. One container at a time may use /data.
RUN useradd --uid 10001 --no-create-home --shell /usr/sbin/nologin convoai \
    && install -d -o convoai -g convoai -m 0700 /data /backups
WORKDIR /srv/convoai

# First what seldom changes, so that this layer is made once.
COPY requirements.txt constraints.txt ./
RUN python -m pip install --no-cache-dir --disable-pip-version-check --no-input -r requirements.txt

COPY manage.py gunicorn.conf.py ./
COPY templates templates
COPY partners partners
COPY conversations conversations
COPY convoai convoai

# A container ends with its web server, so the bundled PostgreSQL is stopped before.
ENV DATA_DIR=/data BACKUP_DIR=/backups STOP_DATABASE=1 PYTHONDONTWRITEBYTECODE=1 PYTHONUNBUFFERED=1
USER convoai
VOLUME ["/data", "/backups"]
EXPOSE 8000
HEALTHCHECK --interval=30s --timeout=10s --start-period=120s \
    CMD ["python", "-m", "convoai.operations.probe"]
CMD ["python", "manage.py", "serve", "--host", "0.0.0.0", "--port", "8000", "--no-demo"]
