# One image for all seven processes and the command line: Debian's Python, what requirements.lock names, and our packages.
ARG BASE=debian:bookworm-slim
FROM ${BASE} AS base
RUN apt-get update \
 && apt-get upgrade -y -qq \
 && apt-get install -y -qq --no-install-recommends python3 ca-certificates \
 && rm -rf /var/lib/apt/lists/* /var/cache/apt/*.bin /var/cache/debconf/*-old /var/log/apt /var/log/dpkg.log

FROM base AS build
RUN apt-get update && apt-get install -y -qq --no-install-recommends python3-venv
WORKDIR /build
ENV PIP_CACHE_DIR=/build/cache
# /opt/candor is what production gets: no pip, and nothing that only builds or tests.
RUN python3 -m venv tools && python3 -m venv --without-pip /opt/candor
COPY requirements.lock requirements-build.lock ./
RUN --mount=type=cache,target=/build/cache \
    tools/bin/pip install -q --no-deps --only-binary=:all: --require-hashes -r requirements-build.lock \
 && tools/bin/pip --python /opt/candor/bin/python install -q --no-compile --no-deps --only-binary=:all: --require-hashes -r requirements.lock
COPY shared shared
COPY services services
RUN tools/bin/pip wheel -q --no-deps --no-index --no-build-isolation -w wheels \
      ./shared ./services/promise-svc ./services/delivery-svc ./services/risk-svc ./services/notify-svc \
 && tools/bin/pip --python /opt/candor/bin/python install -q --no-compile --no-deps --no-index wheels/*.whl \
 && tools/bin/pip --python /opt/candor/bin/python check
COPY tools/supply tools_supply/tools/supply
RUN mkdir -p /opt/candor/share/candor \
 && PYTHONPATH=tools_supply tools/bin/python -m tools.supply.sbom requirements.lock /opt/candor/lib/python3.11/site-packages \
      > /opt/candor/share/candor/sbom.cdx.json
COPY LICENSE /opt/candor/share/candor/LICENSE
# Compiled here, as nobody can write there later; a start without takes four times as long.
RUN /opt/candor/bin/python -m compileall -q -j 0 --invalidation-mode unchecked-hash /opt/candor/lib

FROM base
ARG VERSION=0.1.0
ARG REVISION=unknown
LABEL org.opencontainers.image.title="Candor" \
      org.opencontainers.image.description="Keeps promises made to customers beside what really happens, and tells them honestly" \
      org.opencontainers.image.licenses="Apache-2.0" \
      org.opencontainers.image.base.name="debian:bookworm-slim" \
      org.opencontainers.image.version="${VERSION}" \
      org.opencontainers.image.revision="${REVISION}"
COPY --from=build /opt/candor /opt/candor
ENV PATH=/opt/candor/bin:/usr/bin:/bin \
    PYTHONDONTWRITEBYTECODE=1 \
    PYTHONUNBUFFERED=1 \
    HOME=/tmp \
    CANDOR_HOME=/tmp/candor \
    HOST=0.0.0.0 \
    PORT=8080
# A number, so that Kubernetes can see that it is not root.
USER 10001:10001
WORKDIR /tmp
EXPOSE 8080
STOPSIGNAL SIGTERM
CMD ["candor", "--help"]
