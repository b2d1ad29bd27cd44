ARG BASE=python:3.11-slim
FROM ${BASE} AS build
WORKDIR /source
COPY requirements.txt ./
RUN python3 -m venv /opt/roadblock \
    && /opt/roadblock/bin/pip install --no-cache-dir --disable-pip-version-check --quiet \
        --require-hashes --requirement requirements.txt
COPY pyproject.toml README.md LICENSE CHANGELOG.md ./
COPY probe ./probe
COPY targets ./targets
COPY results/queries ./results/queries
RUN /opt/roadblock/bin/pip install --no-cache-dir --disable-pip-version-check --quiet --no-deps . \
    && /opt/roadblock/bin/pip uninstall --quiet --yes setuptools pip

FROM ${BASE}
COPY --from=build /opt/roadblock /opt/roadblock
ENV PATH=/opt/roadblock/bin:$PATH \
    # pip compiled it all; a read-only root could not be written to anyway.
    PYTHONDONTWRITEBYTECODE=1 \
    XDG_DATA_HOME=/data \
    XDG_CONFIG_HOME=/data/config \
    ROADBLOCK_DB=/data/roadblock.db
RUN mkdir /data && chown 10001:10001 /data
# A number, so that a cluster can see without a passwd file that this is not root.
USER 10001:10001
VOLUME /data
WORKDIR /data
# For `watch`: by the age of its last good run. A container that runs once is gone before it is asked.
HEALTHCHECK --interval=30m --timeout=30s --start-period=30m \
    CMD ["roadblock", "status", "--healthy"]
# Consent is not given by an image: docker run ... run --consent SHA256, or `consent accept` once.
ENTRYPOINT ["roadblock"]
CMD ["--help"]
