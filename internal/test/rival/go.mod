module github.com/otelcol-winnet/otelcol-winnet/internal/test/rival

go 1.26.0

require (
	github.com/elastic/go-freelru v0.16.0
	github.com/otelcol-winnet/otelcol-winnet v0.1.0
	github.com/stretchr/testify v1.12.1
	golang.org/x/sys v0.49.0
)

require go.yaml.in/yaml/v3 v3.0.5 // indirect

replace github.com/otelcol-winnet/otelcol-winnet => ../../..
