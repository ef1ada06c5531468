#!/usr/bin/env bats
# The configurations and call sequences that Docker, containerd, Podman, conmon and buildah really send.

load helpers

@test "delete --force of an id that is gone succeeds, as the shim always calls it" {
	succeeds bulkhead --log "$WORK/log.json" --log-format json delete --force "$ID"
}
