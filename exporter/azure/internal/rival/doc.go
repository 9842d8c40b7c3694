// SPDX-License-Identifier: Apache-2.0

// Package rival measures the exporter sentinel beside the usual way to send rows: a map for each row, encoding/json and azlogs, the client of Azure's SDK. It is a
// module of its own, so that the exporters do not depend on the SDK. The nearest rival's own modules do not resolve: its way is written from reading.
package rival
