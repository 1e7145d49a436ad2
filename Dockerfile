# opsbot in a container: watches over HTTP, logs and sockets that are shared with it.
FROM python:3.12-slim AS build
WORKDIR /src
COPY requirements.txt ./
RUN pip install --no-cache-dir --require-hashes --prefix=/install -r requirements.txt
COPY pyproject.toml README.md LICENSE ./
COPY opsbot ./opsbot
COPY cogs ./cogs
COPY config/runbooks ./config/runbooks
RUN pip install --no-cache-dir hatchling && pip install --no-cache-dir --no-deps --no-build-isolation --prefix=/install .

FROM python:3.12-slim
RUN useradd --uid 10001 --create-home --home-dir /var/lib/opsbot opsbot
COPY --from=build /install /usr/local
USER opsbot
WORKDIR /var/lib/opsbot
VOLUME /var/lib/opsbot
ENV PYTHONUNBUFFERED=1 OPSBOT_CONFIG=/etc/opsbot/opsbot.yml
HEALTHCHECK --interval=30s --timeout=10s --start-period=20s --retries=3 CMD ["opsbot", "health"]
STOPSIGNAL SIGTERM
ENTRYPOINT ["opsbot"]
CMD ["run", "--log-format", "json"]
