# syntax=docker/dockerfile:1

# The collector of a Windows node with Hubble's API and the names of pods, as a HostProcess container: the files lie in C:\hpc of the node, and the program runs on
# the host. The base has nothing but what marks it as such. dist/otelcol-winnet-node.exe is there after make build-node-windows.
ARG BASE=mcr.microsoft.com/oss/kubernetes/windows-host-process-containers-base-image:v1.0.0
FROM ${BASE}

LABEL org.opencontainers.image.title="otelcol-winnet-node" \
      org.opencontainers.image.description="OpenTelemetry Collector for Windows Cilium events, with Hubble's API" \
      org.opencontainers.image.source="https://github.com/otelcol-winnet/otelcol-winnet" \
      org.opencontainers.image.licenses="Apache-2.0"

COPY dist/otelcol-winnet-node.exe dist/LICENSE dist/NOTICE ./

ENTRYPOINT ["otelcol-winnet-node.exe"]
CMD ["--config=C:/etc/otelcol-winnet/config/config.yaml"]
