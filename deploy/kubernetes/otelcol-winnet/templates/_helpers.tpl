{{- define "winnet.fullname" -}}
{{- if .Values.fullnameOverride }}{{ .Values.fullnameOverride | trunc 50 | trimSuffix "-" }}
{{- else if contains (default .Chart.Name .Values.nameOverride) .Release.Name }}{{ .Release.Name | replace "." "-" | trunc 50 | trimSuffix "-" }}
{{- else }}{{ printf "%s-%s" .Release.Name (default .Chart.Name .Values.nameOverride) | replace "." "-" | trunc 50 | trimSuffix "-" }}
{{- end }}
{{- end }}

{{- define "winnet.selector" -}}
app.kubernetes.io/name: {{ default .root.Chart.Name .root.Values.nameOverride }}
app.kubernetes.io/instance: {{ .root.Release.Name }}
app.kubernetes.io/component: {{ .component }}
{{- end }}

{{- define "winnet.labels" -}}
{{ include "winnet.selector" . }}
app.kubernetes.io/version: {{ .root.Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .root.Release.Service }}
helm.sh/chart: {{ printf "%s-%s" .root.Chart.Name .root.Chart.Version }}
{{- with .root.Values.commonLabels }}
{{ toYaml . }}
{{- end }}
{{- end }}

{{- define "winnet.metadata" -}}
name: {{ include "winnet.fullname" .root }}-{{ .component }}
namespace: {{ .root.Release.Namespace }}
labels:
  {{- include "winnet.labels" . | nindent 2 }}
{{- end }}

{{- define "winnet.serviceAccount" -}}
{{- $values := index .root.Values .component -}}
{{- default (printf "%s-%s" (include "winnet.fullname" .root) .component) $values.serviceAccount.name -}}
{{- end }}

{{- /* The share of a memory limit in MiB: a dict with memory and percent. */}}
{{- define "winnet.mebibytes" -}}
{{- $memory := toString .memory -}}
{{- if hasSuffix "Gi" $memory }}{{ div (mul (trimSuffix "Gi" $memory | int) 1024 .percent) 100 }}
{{- else if hasSuffix "Mi" $memory }}{{ div (mul (trimSuffix "Mi" $memory | int) .percent) 100 }}
{{- else }}{{ fail (printf "resources.limits.memory is %q; want a whole number of Mi or Gi, for example 640Mi" $memory) }}
{{- end }}
{{- end }}

{{- define "winnet.image" -}}
{{ .image.repository }}:{{ default .root.Chart.AppVersion .image.tag }}
{{- end }}

{{- /* Extensions that answer probes: / on the port health follows the components, / on the port live says that the process works. */}}
{{- define "winnet.health" -}}
health_check:
  http:
    endpoint: {{ .host }}:{{ .health }}
    status: {path: /}
  # Unhealthy, with the reason, when a source has been away for 30 s.
  component_health: {include_permanent_errors: true, include_recoverable_errors: true, recovery_duration: 30s}
# For the liveness probe: a restart would not bring a source back.
health_check/live:
  http:
    endpoint: {{ .host }}:{{ .live }}
    status: {path: /}
{{- end }}
