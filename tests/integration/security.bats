#!/usr/bin/env bats
# What a container, an image or a caller could do to the host, one test for each class of known attack.

load helpers

@test "control: the caller's environment would be seen by the probe" {
	update_config '.process.env += ["SECRETVAR=wanted"]'
	in_container /bin/sh -c 'echo "$SECRETVAR"'
	equals "$output" wanted
}
