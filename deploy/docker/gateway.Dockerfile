# syntax=docker/dockerfile:1

# The gateway. The base has certificates of authorities, time zones and a user without rights, and no shell. dist/otelcol-winnet-gateway is there after
# make build-gateway, without cgo.
ARG BASE=gcr.io/distroless/static-debian12:nonroot
FROM ${BASE}

LABEL org.opencontainers.image.title="otelcol-winnet-gateway" \
      org.opencontainers.image.description="Gateway that takes records from otelcol-winnet agents to Microsoft Sentinel" \
      org.opencontainers.image.source="https://github.com/otelcol-winnet/otelcol-winnet" \
      org.opencontainers.image.licenses="Apache-2.0"

COPY LICENSE NOTICE /licenses/
COPY --chmod=0555 dist/otelcol-winnet-gateway /otelcol-winnet-gateway

USER 65532:65532
EXPOSE 4317 8888 13133 13134
ENTRYPOINT ["/otelcol-winnet-gateway"]
CMD ["--config=/etc/otelcol-winnet/config/config.yaml"]
