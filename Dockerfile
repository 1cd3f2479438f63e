# One image for every role: a worker by default, `signalstream …` for an operator's commands.
#   docker build -t signalstream .

FROM python:3.11-slim AS build
ENV PIP_NO_CACHE_DIR=1 PIP_DISABLE_PIP_VERSION_CHECK=1
WORKDIR /src
COPY requirements/build.txt requirements/run.txt requirements/
RUN python -m pip install --only-binary=:all: --require-hashes -r requirements/build.txt
RUN python -m venv /opt/signalstream
RUN /opt/signalstream/bin/python -m pip install --only-binary=:all: --require-hashes -r requirements/run.txt
COPY pyproject.toml README.md LICENSE NOTICE ./
COPY signalstream signalstream
RUN python -m pip wheel --no-deps --no-build-isolation --wheel-dir wheels .
RUN /opt/signalstream/bin/python -m pip install --no-deps wheels/*.whl
RUN mkdir -p /var/lib/signalstream

FROM python:3.11-slim
ENV PATH=/opt/signalstream/bin:$PATH \
    PYTHONUNBUFFERED=1 \
    HOME=/var/lib/signalstream \
    SIGNALSTREAM_HOST=0.0.0.0 \
    SIGNALSTREAM_PORT=8000 \
    SIGNALSTREAM_DATA_DIR=/var/lib/signalstream/data \
    SIGNALSTREAM_LOG_FORMAT=json
COPY --from=build /opt/signalstream /opt/signalstream
# A fresh volume takes its owner from here, so that no root is needed to write tables.
COPY --from=build --chown=10001:10001 /var/lib/signalstream /var/lib/signalstream
COPY deploy/healthcheck.py /opt/signalstream/healthcheck.py
WORKDIR /var/lib/signalstream
USER 10001:10001
VOLUME ["/var/lib/signalstream"]
EXPOSE 8000
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=10s --timeout=5s --start-period=60s --retries=6 CMD ["python", "/opt/signalstream/healthcheck.py"]
ENTRYPOINT ["faust", "-A", "signalstream", "worker", "-l", "info"]
