# The collector (and everything else of the server extra) as an image: docker build -t watchkeeper .
# Python and Debian are the versions that the tests run on.

FROM python:3.11-slim-bookworm AS build
WORKDIR /src
COPY locks locks
RUN python -m venv /opt/watchkeeper \
    && /opt/watchkeeper/bin/python -m pip install --no-cache-dir --require-hashes -r locks/server.txt \
    && python -m pip install --no-cache-dir --require-hashes -r locks/build.txt
COPY pyproject.toml README.md LICENSE ./
COPY instrumentation instrumentation
COPY collector collector
COPY dashboard dashboard
COPY schemas schemas
RUN python -m hatchling build -t wheel -d /wheel \
    && /opt/watchkeeper/bin/python -m pip install --no-cache-dir --no-deps --no-index /wheel/*.whl

FROM python:3.11-slim-bookworm
RUN useradd --system --uid 10001 --home-dir /var/lib/watchkeeper --create-home watchkeeper
COPY --from=build /opt/watchkeeper /opt/watchkeeper
ENV PATH=/opt/watchkeeper/bin:$PATH \
    PYTHONDONTWRITEBYTECODE=1 \
    PYTHONUNBUFFERED=1 \
    WATCHKEEPER_DATA_DIR=/var/lib/watchkeeper \
    WATCHKEEPER_HOST=0.0.0.0
USER watchkeeper
WORKDIR /var/lib/watchkeeper
VOLUME /var/lib/watchkeeper
EXPOSE 4317 4318
# SIGTERM drains the spool: give it time with `docker stop -t 60`.
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=10s --timeout=5s --start-period=30s --retries=3 \
    CMD ["python", "-c", "import urllib.request; urllib.request.urlopen('http://127.0.0.1:4318/healthz', timeout=4)"]
ENTRYPOINT ["watchkeeper"]
CMD ["collector"]
