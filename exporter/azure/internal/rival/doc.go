// SPDX-License-Identifier: Apache-2.0

// Package rival compares the exporter sentinel with the usual way to send rows: a map for each row, encoding/json and
// azlogs, the client of Azure's SDK. It is a module of its own, so that the exporters do not depend on the SDK. The
// modules of the closest other exporter cannot be resolved, so its way of encoding is rewritten here.
package rival
