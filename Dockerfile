# One image for api, worker, beat and migrate. Built from the same locks as `make run`; holds no secret.

FROM node:22-slim AS page
WORKDIR /src/frontend
COPY frontend/package.json frontend/package-lock.json frontend/.npmrc ./
RUN npm ci --no-audit --no-fund
COPY frontend/ ./
RUN npm exec -- vite build --logLevel warn

# pg_dump and pg_restore of the same major version as the server in docker-compose.yml, and the libraries they need. Those
# of glibc stay behind: this image and the last one are the same release of Debian, so it has them.
FROM postgres:18-trixie AS postgres-client
RUN mkdir -p /postgres-client/bin /postgres-client/lib \
 && cd "/usr/lib/postgresql/$PG_MAJOR/bin" \
 && cp pg_dump pg_restore /postgres-client/bin \
 && ldd pg_dump pg_restore | awk '$3 ~ "^/" && $1 !~ "^lib(c|m|dl|rt|pthread|resolv)[.]so" { print $3 }' | sort -u \
  | xargs cp --dereference --target-directory /postgres-client/lib \
 && printf '%s\n' '#!/bin/sh' 'export LD_LIBRARY_PATH=/postgres-client/lib' 'exec "/postgres-client/bin/${0##*/}" "$@"' \
  > /postgres-client/run \
 && chmod 755 /postgres-client/run

FROM python:3.11-slim-trixie AS packages
WORKDIR /src
COPY backend/requirements-setup.txt backend/requirements.txt ./
RUN pip install --no-cache-dir --require-hashes -r requirements-setup.txt \
 && python -m venv --without-pip /venv \
 && uv pip install --no-cache --compile-bytecode --python /venv/bin/python --require-hashes -r requirements.txt

FROM python:3.11-slim-trixie
COPY --from=postgres-client /postgres-client/ /postgres-client/
RUN ln -s /postgres-client/run /usr/local/bin/pg_dump \
 && ln -s /postgres-client/run /usr/local/bin/pg_restore \
 && pg_dump --version && pg_restore --version
RUN useradd --system --uid 10001 --home-dir /data --shell /usr/sbin/nologin parking \
 && mkdir -p /data /exports /backups \
 && chown parking:parking /data /exports /backups \
 && chmod 700 /data /exports /backups
COPY --from=packages /venv /venv
COPY backend/ /app/backend/
COPY --from=page /src/frontend/dist/ /app/frontend/dist/
RUN /venv/bin/python -m whitenoise.compress --quiet /app/frontend/dist
ENV PATH=/venv/bin:$PATH \
    PYTHONUNBUFFERED=1 \
    PYTHONDONTWRITEBYTECODE=1 \
    APP_ENV=production \
    HOST=0.0.0.0 \
    PORT=5000 \
    DATA_DIR=/data \
    EXPORT_DIR=/exports
WORKDIR /app/backend
USER parking
EXPOSE 5000
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=10s --timeout=5s --start-period=30s --retries=3 CMD ["python", "-m", "launch.health", "web"]
CMD ["python", "-m", "gunicorn", "--config", "gunicorn.conf.py", "app:create_app()"]
