#!/usr/bin/env bats
# Docker at either level of isolation: dockerd with the runtime as its default one.

load engines
load docker
load features

# What the default run has time for at the vm level.
FIRST="run run_process run_detached run_missing terminal exec exec_missing top stats inspect
	pause update stop kill restart_policy health oom volume_named volume_bind volume_read_only
	tmpfs capabilities seccomp_custom privileged devices_denied names published_port
	network_between redis build"

setup_file()
{
	engine_open dockerd /usr/bin/docker containerd runc
}

teardown_file()
{
	engine_close
}

@test "run: output and exit status" {
	feature run
}

@test "run: the end by a signal" {
	feature run_signal
}

@test "run: standard input" {
	feature run_stdin
}

@test "run: environment, user, groups, directory, entry point" {
	feature run_process
}

@test "run: much output" {
	feature run_much_output
}

@test "run: detached, and its logs" {
	feature run_detached
}

@test "run: wait" {
	feature run_wait
}

@test "run: a missing command is 127" {
	feature run_missing
}

@test "run: a command that is not executable is 126" {
	feature run_not_executable
}

@test "run: Debian" {
	feature run_debian
}

@test "terminal: run -it, its size, resize" {
	feature terminal
}

@test "terminal: an interrupt typed" {
	feature terminal_interrupt
}

@test "terminal: exec -it" {
	feature terminal_exec
}

@test "exec: output, status, user, environment, directory, standard input" {
	feature exec
}

@test "exec: a missing command, one not executable" {
	feature exec_missing
}

@test "exec: detached" {
	feature exec_detached
}

@test "top: the container's processes and no other" {
	feature top
}

@test "stats: memory and processes" {
	feature stats
}

@test "inspect: state, pid, configuration" {
	feature inspect
}

@test "pause: nothing runs until unpause" {
	feature pause
}

@test "update: memory, cpus, pids" {
	feature update
}

@test "stop: the program ends itself in its time" {
	feature stop
}

@test "stop: killed after the time" {
	feature stop_kills
}

@test "kill: signals by name and number" {
	feature kill
}

@test "restart: by the engine" {
	feature restart
}

@test "restart: policy on-failure" {
	feature restart_policy
}

@test "health: healthy, then not" {
	feature health
}

@test "oom: reported by the engine" {
	feature oom
}

@test "volumes: named" {
	feature volume_named
}

@test "volumes: a directory" {
	feature volume_bind
}

@test "volumes: read-only" {
	feature volume_read_only
}

@test "volumes: a file" {
	feature volume_file
}

@test "volumes: changes are seen at once" {
	feature volume_live
}

@test "volumes: tmpfs" {
	feature tmpfs
}

@test "files: --read-only" {
	feature read_only
}

@test "files: cp into and out of it" {
	feature copy
}

@test "files: diff and commit" {
	feature diff_commit
}

@test "rights: capabilities" {
	feature capabilities
}

@test "rights: no-new-privileges" {
	feature no_new_privileges
}

@test "rights: --privileged" {
	feature privileged
}

@test "seccomp: the engine's default profile" {
	feature seccomp_default
}

@test "seccomp: a custom profile" {
	feature seccomp_custom
}

@test "seccomp: unconfined" {
	feature seccomp_unconfined
}

@test "limits: ulimits" {
	feature ulimits
}

@test "limits: sysctls" {
	feature sysctls
}

@test "devices: --device" {
	feature devices
}

@test "devices: no other" {
	feature devices_denied
}

@test "names: hostname, hosts, resolv.conf" {
	feature names
}

@test "init: --init reaps and forwards" {
	feature init
}

@test "network: a published port" {
	feature published_port
}

@test "network: from container to container" {
	feature network_between
}

@test "network: one of its own, by name" {
	feature network_own
}

@test "network: none" {
	feature network_none
}

@test "network: the host's" {
	feature network_host
}

@test "daemon: redis serves through a published port" {
	feature redis
}

@test "build: with the runtime" {
	feature build
}

@test "many: all started at once run, and all go" {
	feature many
}
