# syntax=docker/dockerfile:1
# One image for web, worker, beat and migrations; `--target sandbox` is the simulated providers.

FROM python:3.13-slim AS base
ENV PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1 PYTHONUTF8=1 \
    PATH=/app/.venv/bin:$PATH \
    DJANGO_SETTINGS_MODULE=cdd.settings KEIZOKU_ENV=production \
    STATIC_ROOT=/app/collected DATA_DIR=/tmp HOME=/tmp
WORKDIR /app

# Packages are installed in stages of their own: no installer and no cache reaches the final images.
FROM base AS packages
RUN pip install --no-cache-dir uv
ENV UV_COMPILE_BYTECODE=1 UV_LINK_MODE=copy UV_PYTHON_DOWNLOADS=never
COPY pyproject.toml uv.lock ./
RUN uv sync --frozen --no-dev --extra hsm

FROM packages AS sandbox-packages
RUN uv sync --frozen --no-dev --extra sandbox --extra hsm

FROM base AS sandbox
RUN apt-get update && apt-get install -y --no-install-recommends openssl && rm -rf /var/lib/apt/lists/* \
    && useradd --uid 10001 --no-create-home --shell /usr/sbin/nologin keizoku
COPY --from=sandbox-packages /app/.venv .venv
COPY sandbox sandbox
USER 10001
EXPOSE 9100 9125
CMD ["python", "-m", "sandbox", "--host", "0.0.0.0", "--port", "9100", "--smtp-port", "9125", "--data", "/tmp/sandbox"]

FROM base AS production
# Letters are set with Pango in BIZ UDGothic; answer sheets and copies for customers also in Chinese, Nepali, Vietnamese.
RUN apt-get update \
    && apt-get install -y --no-install-recommends \
        fontconfig fonts-dejavu-core fonts-lohit-deva fonts-morisawa-bizud-gothic fonts-wqy-microhei \
        libharfbuzz-subset0 libpango-1.0-0 libpangoft2-1.0-0 \
    && rm -rf /var/lib/apt/lists/* \
    && useradd --uid 10001 --no-create-home --shell /usr/sbin/nologin keizoku \
    # New volumes take over the owner of the directory they are mounted on.
    && install --directory --owner 10001 --mode 0700 /var/lib/keizoku-sealer \
    && install --directory --owner 10001 --mode 0755 /var/lib/keizoku-sealer-keys /var/lib/keizoku-checkpoints
COPY --from=packages /app/.venv .venv
COPY . .
# Collecting needs settings but no server and no secret: the values only satisfy the reader and stay in this line.
RUN SECRET_KEY=build KEK_FILE=/dev/null ALLOWED_HOSTS=build DATABASE_URL=postgresql:///build KEYS_DATABASE_URL=postgresql:///keys REDIS_URL=redis://build \
    python manage.py collectstatic --noinput --verbosity 0
USER 10001
EXPOSE 8000
# No access log: the addresses of customers' pages hold their keys. The proxy in front must not keep paths under /r/ either.
CMD ["gunicorn", "cdd.wsgi:application", "--config", "python:cdd.serving", "--bind", "0.0.0.0:8000", \
     "--workers", "2", "--threads", "4", "--worker-tmp-dir", "/dev/shm"]
