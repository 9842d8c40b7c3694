// SPDX-License-Identifier: Apache-2.0

package hubbleexporter

import (
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/health"
	healthpb "google.golang.org/grpc/health/grpc_health_v1"
	"google.golang.org/grpc/status"
)

// checks answers gRPC's health checks. gRPC's own server keeps each name that a client has watched, of any length, for as long as the process runs. Here it
// learns only those of services that there are, which are all there at the start.
type checks struct{ *health.Server }

// Watch sends the state of a service, and its changes.
func (c checks) Watch(req *healthpb.HealthCheckRequest, stream healthpb.Health_WatchServer) error {
	if _, err := c.Check(stream.Context(), req); err == nil {
		return c.Server.Watch(req, stream)
	}
	if err := stream.Send(&healthpb.HealthCheckResponse{Status: healthpb.HealthCheckResponse_SERVICE_UNKNOWN}); err != nil {
		return err
	}
	<-stream.Context().Done()
	return status.Error(codes.Canceled, "the stream has ended")
}
