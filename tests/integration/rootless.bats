#!/usr/bin/env bats
# The runtime as an ordinary user: a user namespace, no cgroups of its own.

load helpers

@test "spec --rootless makes a user namespace with the caller's ids" {
	mkdir "$WORK/spec"
	cd "$WORK/spec"
	succeeds bulkhead spec --rootless
	equals "$(jq -r '.linux.namespaces | map(.type) | contains(["user"])' config.json)" true
}
