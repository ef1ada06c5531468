#!/usr/bin/env bats
# The lab itself: what `tests/lab/run` promises to whoever calls it.

LAB=${BATS_TEST_DIRNAME}/run

setup()
{
	WORK=$(mktemp -d /tmp/bhlab.XXXXXXXX)
	RUNNING=()
}

teardown()
{
	local pid
	for pid in "${RUNNING[@]}"; do
		kill "$pid" 2>/dev/null && wait "$pid" 2>/dev/null
	done
	rm -rf "$WORK"
}

# lab ARGUMENT...: status, and the two streams in files.
lab()
{
	status=0
	"$LAB" "$@" >"$WORK/output" 2>"$WORK/error" </dev/null 3>&- || status=$?
}

has()
{
	grep -qF -- "$2" "$WORK/$1" || {
		echo "no '$2' in the $1; status $status"
		cat "$WORK/output" "$WORK/error"
		return 1
	}
}

@test "the command's output and errors come through apart, with its status" {
	lab -- bash -c 'echo written; echo complained >&2; exit 7'
	[ "$status" = 7 ] || has error "status 7"
	[ "$(cat "$WORK/output")" = written ]
	has error complained
	! grep -q complained "$WORK/output"
}

@test "it is the size that is asked for, with unified cgroups, and what is written is gone" {
	mark=$BATS_TEST_DIRNAME/.mark-$$
	lab --memory 1024 --cpus 3 -- bash -c 'nproc; sed -n "s/^MemTotal: *\([0-9]*\) .*/memory \1/p" /proc/meminfo
		cat /sys/fs/cgroup/cgroup.controllers; pwd; touch "$1" && echo made' - "$mark"
	[ "$status" = 0 ] || has error "status 0"
	[ "$(head -n 1 "$WORK/output")" = 3 ]
	memory=$(sed -n 's/^memory //p' "$WORK/output")
	[ "$memory" -gt 800000 ] && [ "$memory" -lt 1048576 ]
	has output "cpuset cpu io memory"
	has output "$PWD"
	has output made
	[ ! -e "$mark" ]
}

@test "output comes as it is written; whoever ends the caller ends the lab" {
	mkfifo "$WORK/pipe"
	"$LAB" -- bash -c 'echo first; sleep 100000' >"$WORK/pipe" 2>"$WORK/error" </dev/null 3>&- &
	pid=$!
	RUNNING+=("$pid")
	IFS= read -r line <"$WORK/pipe"
	[ "$line" = first ]
	machine=$(pgrep -P "$pid" qemu)
	[ -d "/proc/$machine" ]
	kill -TERM "$pid"
	status=0
	wait "$pid" || status=$?
	[ "$status" = 143 ]
	[ ! -d "/proc/$machine" ]
}

@test "a hang is ended at the timeout, with the last lines of the console" {
	lab --timeout 60 -- bash -c 'echo before >&1; echo the last word >/dev/console; sleep 100000'
	[ "$status" = 124 ] || has error "status 124"
	has output before
	has error "the command has not ended"
	has error "lab: | the last word"
}

@test "two side by side" {
	for i in 1 2; do
		"$LAB" --cpus 1 --memory 1024 -- bash -c "echo \$((20 + $i)); exit $i" >"$WORK/output$i" 2>&1 </dev/null 3>&- &
		RUNNING+=($!)
	done
	for i in 1 2; do
		status=0
		wait "${RUNNING[i - 1]}" || status=$?
		cat "$WORK/output$i"
		[ "$status" = "$i" ]
		[ "$(cat "$WORK/output$i")" = $((20 + i)) ]
	done
}

@test "a kernel that nobody has is told, with 77" {
	lab --kernel 0.0.1-none -- true
	[ "$status" = 77 ] || has error "status 77"
	has error "there is no kernel 0.0.1-none"
}

@test "what this machine lacks is told by --prepare, with 77" {
	status=0
	: >"$WORK/output"
	PATH=/nowhere "$(python3 -c 'import sys; print(sys.executable)')" "$LAB" --prepare 2>"$WORK/error" || status=$?
	[ "$status" = 77 ] || has error "status 77"
	has error "lab: no qemu-system-x86_64 here"
	lab --prepare
	[ "$status" = 0 ] || has error "status 0"
	lab
	[ "$status" = 2 ]
	has error "a COMMAND, or --prepare"
}
