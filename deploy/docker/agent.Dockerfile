# syntax=docker/dockerfile:1

# The agent, as a HostProcess container: the files lie in C:\hpc of the node, and the program runs on the host. The base has nothing but what marks it
# as such. dist/otelcol-winnet.exe is there after make build-windows.
ARG BASE=mcr.microsoft.com/oss/kubernetes/windows-host-process-containers-base-image:v1.0.0
FROM ${BASE}

LABEL org.opencontainers.image.title="otelcol-winnet" \
      org.opencontainers.image.description="OpenTelemetry Collector for Windows DNS and Windows Cilium events" \
      org.opencontainers.image.source="https://github.com/otelcol-winnet/otelcol-winnet" \
      org.opencontainers.image.licenses="Apache-2.0 AND GPL-3.0-only"

COPY dist/otelcol-winnet.exe dist/LICENSE dist/NOTICE dist/GPL-3.0.txt ./

ENTRYPOINT ["otelcol-winnet.exe"]
CMD ["--config=C:/etc/otelcol-winnet/config/config.yaml"]
