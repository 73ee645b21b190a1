# OA Desk in one image; each process of the Procfile is a command of it:
#   docker run --env-file .env IMAGE web      (or bot, worker, clock, release)
# No secret belongs in here: they come with the environment, best as NAME_FILE.

FROM python:3.11-slim-bookworm AS packages
COPY requirements.txt /tmp/requirements.txt
# Every package has a wheel, so no compiler is needed; pip itself stays behind in this stage.
RUN python -m venv --without-pip /opt/venv \
 && python -m pip --python /opt/venv/bin/python install --no-cache-dir --no-compile -r /tmp/requirements.txt

FROM python:3.11-slim-bookworm
RUN groupadd --gid 10001 oadesk \
 && useradd --uid 10001 --gid oadesk --no-create-home --home-dir /data --shell /usr/sbin/nologin oadesk \
 && install -d -o oadesk -g oadesk -m 0700 /data
COPY --from=packages /opt/venv /opt/venv
WORKDIR /app
COPY Procfile config.py db.py secretbox.py models.py jobs.py clock.py manage.py ./
COPY deploy/process deploy/healthy deploy/
COPY migrations migrations
COPY zalo zalo
COPY services services
COPY texts texts
COPY locale locale
COPY webhook webhook
COPY bot bot
COPY cli cli
# Compiled once, here: the user below cannot write where the code lies.
RUN python -m compileall -q /app /opt/venv/lib

ENV PATH=/opt/venv/bin:$PATH PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1 \
    ENV_FILE= DATA_DIR=/data HOST=0.0.0.0 PORT=8000
USER 10001:10001
VOLUME /data
EXPOSE 8000
# TERM reaches the process itself: it stops cleanly within 25 seconds.
STOPSIGNAL SIGTERM
# For `web`; the other processes have no port, and say how they are through `manage.py doctor`.
HEALTHCHECK --interval=30s --timeout=5s --start-period=20s --retries=3 CMD ["python", "deploy/healthy"]
ENTRYPOINT ["deploy/process"]
CMD ["web"]
