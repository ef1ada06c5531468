#!/usr/bin/env bats
# A process that writes without end to a reader that has stopped stalls nobody else.

load vm.bash

@test "exec and kill work while stdout is flooded and nobody reads; memory stays bounded" {
	mkfifo "$WORK/flood"
	exec 7<>"$WORK/flood"
	set_args sh -c 'exec yes'
	bulkhead run --detach --bundle "$BUNDLE" "$ID" </dev/null >"$WORK/flood" 2>&1 7>&-
	pid=$(state_field .pid)
	sleep 2
	succeeds bulkhead exec "$ID" echo here
	[ "$output" = here ]
	[ "$(awk '/^VmRSS:/ { print $2 }' "/proc/$pid/status")" -lt 8192 ]
	succeeds bulkhead kill "$ID" KILL
	wait_status stopped
	exec 7>&-
}

@test "a reader that comes back gets everything, in order" {
	set_args sh -c 'seq 1 200000'
	bulkhead run --bundle "$BUNDLE" "$ID" </dev/null | { sleep 3; sha256sum; } >"$WORK/sum"
	[ "$(cat "$WORK/sum")" = "$(seq 1 200000 | sha256sum)" ]
}

@test "input is carried whole and its end is seen" {
	set_args sha256sum
	ln -sf busybox "$ROOTFS/bin/sha256sum"
	head -c 3000000 /dev/urandom >"$WORK/input"
	bulkhead run --bundle "$BUNDLE" "$ID" <"$WORK/input" >"$WORK/sum"
	[ "$(cut -d' ' -f1 "$WORK/sum")" = "$(sha256sum <"$WORK/input" | cut -d' ' -f1)" ]
}

@test "a reader that goes away ends a writer" {
	set_args sh -c 'yes; exit 3'
	bulkhead run --bundle "$BUNDLE" "$ID" </dev/null 2>/dev/null | head -1 >"$WORK/line"
	[ "$(cat "$WORK/line")" = y ]
	assert_nothing_left
}
