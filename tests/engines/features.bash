# What is tried under every engine: the body of each test, once. What is said here holds at both
# levels of isolation and, but for the texts that begin an error, with runc.
#
# shellcheck shell=bash disable=SC2154

# --- run ----------------------------------------------------------------------------------------

feature_run()
{
	runs 7 run --rm bb sh -c 'echo out; echo err >&2; exit 7'
	equals "$output" out
	equals "$error" err
}

feature_run_signal()
{
	# Process 1 is killed by what cannot be ignored: a filter's SIGSYS.
	cat >"$WORK/profile" <<-'END'
		{"defaultAction": "SCMP_ACT_ALLOW", "architectures": ["SCMP_ARCH_X86_64"],
		 "syscalls": [{"names": ["mkdir", "mkdirat"], "action": "SCMP_ACT_KILL_PROCESS"}]}
	END
	runs 159 run --name "$NAME" --security-opt "seccomp=$WORK/profile" bb mkdir /x
	equals "$(inspect '{{.State.ExitCode}}')" 159
}

feature_run_stdin()
{
	runs_with $'one\ntwo\n' 0 run --rm -i bb sh -c 'read a; read b; echo $b $a; cat; echo end'
	equals "$output" $'two one\nend'
}

feature_run_process()
{
	runs 0 run --rm -e A='b c' -u 12:34 --group-add 56 -w /tmp bb sh -c 'echo "$A"; id -u; id -g; id -G; pwd'
	equals "$output" $'b c\n12\n34\n34 56\n/tmp'
	runs 0 run --rm -u user bb id -un
	equals "$output" user
	runs 0 run --rm --entrypoint /bin/echo bb a b
	equals "$output" "a b"
}

feature_run_much_output()
{
	runs 0 run --rm bb sh -c 'yes 0123456789abcde | head -n 100000'
	equals "$(wc -c <"$WORK/stdout")" 1600000
}

feature_run_detached()
{
	background bb sh -c 'echo first; echo second >&2; exec sleep 1000'
	eventually logs_have second
	runs 0 logs "$NAME"
	equals "$output" first
	equals "$error" second
	equals "$(inspect '{{.State.Status}}')" running
	runs 0 rm -f "$NAME"
}

feature_run_wait()
{
	background bb sh -c 'read a </pipe 2>/dev/null; exit 9'
	runs 0 wait "$NAME"
	equals "$output" 9
}

feature_run_missing()
{
	runs 127 run --rm bb nosuch
	contains "$error" "executable file not found in \$PATH"
	runs 127 run --rm bb /nosuch
	contains "$error" "no such file or directory"
}

feature_run_not_executable()
{
	runs 126 run --rm bb /etc/passwd
	contains "$error" "permission denied"
	runs 126 run --rm bb /etc
	contains "$error" "permission denied"
}

feature_run_debian()
{
	runs 0 run --rm debian bash -c 'dpkg-query -W -f "\${Status}" redis-server; . /etc/os-release; echo " $ID"'
	equals "$output" "install ok installed debian"
}

# --- terminal -----------------------------------------------------------------------------------

feature_terminal()
{
	terminal $'expect / #\nsend stty size; tty\nexpect 30 100\nexpect /dev/pts/0\nresize 44 120
send while [ "$(stty size)" != "44 120" ]; do sleep 0.1; done; echo re""sized\nexpect resized\nsend exit 5' \
		run --rm -it bb sh
	[ "$status" = 5 ] || fail_test "in the terminal"
}

feature_terminal_interrupt()
{
	terminal $'expect ready\nkeys \\x03\nexpect interrupted' \
		run --rm -it bb sh -c 'trap "echo interrupted; exit 3" INT; echo ready; while :; do sleep 0.1; done'
	[ "$status" = 3 ] || fail_test "in the terminal"
}

feature_terminal_exec()
{
	background bb sleep 1000
	terminal $'expect / #\nsend tty; stty size\nexpect /dev/pts/\nexpect 30 100\nresize 25 90
send while [ "$(stty size)" != "25 90" ]; do sleep 0.1; done; echo re""sized\nexpect resized\nsend exit 6' \
		exec -it "$NAME" sh
	[ "$status" = 6 ] || fail_test "in the terminal"
}

# --- exec ---------------------------------------------------------------------------------------

feature_exec()
{
	background bb sleep 1000
	runs 9 exec "$NAME" sh -c 'echo out; echo err >&2; exit 9'
	equals "$output" out
	equals "$error" err
	runs 0 exec -e A=b -u 5:6 -w /tmp "$NAME" sh -c 'echo $A; id -u; id -g; pwd'
	equals "$output" $'b\n5\n6\n/tmp'
	runs_with $'word\n' 0 exec -i "$NAME" sh -c 'read a; echo $a'
	equals "$output" word
	runs 137 exec "$NAME" sh -c 'kill -KILL $$'
}

feature_exec_missing()
{
	background bb sleep 1000
	try engine exec "$NAME" nosuch
	# Docker before 23 says 126 of both.
	[[ $status == 12[67] ]] || fail_test "should end with 127"
	contains "$output$error" "executable file not found in \$PATH"
	runs 126 exec "$NAME" /etc/passwd
	contains "$output$error" "permission denied"
}

feature_exec_detached()
{
	background bb sleep 1000
	runs 0 exec -d "$NAME" sh -c 'echo done >/tmp/file'
	eventually engine exec "$NAME" grep -q 'done' /tmp/file
	runs 0 exec -d "$NAME" sleep 2000
	runs 0 exec "$NAME" ps
	contains "$output" "sleep 2000"
}

# --- looking ------------------------------------------------------------------------------------

# At the vm level the container's processes are not the host's: the worker is shown, under the
# container's name, and what stands for an exec, and nothing else.
feature_top()
{
	[ "$ENGINE" != podman ] || differs_at vm "Podman reads /proc in the mount namespace of the pid, where it is the host's"
	local line
	background bb sleep 1000
	runs 0 exec -d "$NAME" sleep 2000
	runs 0 top "$NAME"
	contains "$output" "sleep 1000"
	contains "$output" "sleep 2000"
	while read -r line; do
		[[ $line == *"sleep 1000"* || $line == *"sleep 2000"* || $line == [A-Z]*PID* ]] || fail_test "not of the container: $line"
	done <<<"$output"
}

feature_stats()
{
	background --memory 200m bb sleep 1000
	eventually has_statistics
}

has_statistics()
{
	[[ $(engine stats --no-stream --format '{{.MemUsage}} {{.PIDs}}' "$NAME") == [1-9]*"B / "[1-9]*" "[1-9]* ]]
}

feature_inspect()
{
	local pid
	background --hostname h1 -e A=b --label l=v bb sleep 1000
	equals "$(inspect '{{.State.Status}} {{.State.Running}} {{.State.Paused}} {{.State.OOMKilled}} {{.State.ExitCode}}')" \
		"running true false false 0"
	equals "$(inspect '{{.Config.Hostname}} {{index .Config.Labels "l"}}')" "h1 v"
	pid=$(inspect '{{.State.Pid}}')
	inside grep -q '^State:[[:space:]]*[SR]' "/proc/$pid/status" || fail_test "$pid is no process"
	runs 0 kill "$NAME"
	eventually inspect_is '{{.State.Status}} {{.State.Running}} {{.State.Pid}} {{.State.ExitCode}}' "exited false 0 137"
	runs 0 start "$NAME"
	equals "$(inspect '{{.State.Status}}')" running
}

# --- pause, update, stop, kill ------------------------------------------------------------------

counted()
{
	engine logs "$NAME" 2>/dev/null | wc -l
}

counts_on()
{
	[ "$(counted)" -gt "$1" ]
}

feature_pause()
{
	local before
	background bb sh -c 'while :; do echo tick; sleep 0.1; done'
	eventually counts_on 1
	runs 0 pause "$NAME"
	equals "$(inspect '{{.State.Status}}')" paused
	# What was on its way arrives; then there is nothing more.
	before=$(counted)
	sleep 0.5
	before=$(counted)
	sleep 1
	equals "$(counted)" "$before"
	runs 0 unpause "$NAME"
	eventually counts_on "$before"
	equals "$(inspect '{{.State.Status}}')" running
}

# limit_of FILE-V1 FILE-V2: what the container finds in force for itself.
limit_of()
{
	engine exec "$NAME" sh -c "cat /sys/fs/cgroup/$1 2>/dev/null || cat /sys/fs/cgroup/$2"
}

limit_is()
{
	[ "$(limit_of "$1" "$2")" = "$3" ]
}

feature_update()
{
	background --memory 100m --memory-swap 100m --cpus 1 --pids-limit 100 bb sleep 1000
	equals "$(limit_of memory/memory.limit_in_bytes memory.max)" 104857600
	equals "$(limit_of pids/pids.max pids.max)" 100
	if [ "$ENGINE" = docker ]; then
		runs 0 update --memory 150m --memory-swap 150m --cpus 0.5 --pids-limit 50 "$NAME"
	else
		runs 0 update --memory 150m --memory-swap 150m --cpus 0.5 "$NAME"
	fi
	equals "$(limit_of memory/memory.limit_in_bytes memory.max)" 157286400
	contains "$(limit_of cpu/cpu.cfs_quota_us cpu.max)" 50000
	[ "$ENGINE" != docker ] || equals "$(limit_of pids/pids.max pids.max)" 50
	equals "$(inspect '{{.HostConfig.Memory}}')" "$([ "$ENGINE" = docker ] && echo 157286400 || echo 104857600)"
}

feature_stop()
{
	background bb sh -c 'trap "echo term; exit 4" TERM; echo ready; while :; do sleep 0.1; done'
	eventually logs_have ready
	runs 0 stop --time 100 "$NAME"
	equals "$(inspect '{{.State.ExitCode}}')" 4
	logs_have term
}

feature_stop_kills()
{
	background bb sh -c 'trap "" TERM; echo ready; while :; do sleep 0.1; done'
	eventually logs_have ready
	runs 0 stop --time 1 "$NAME"
	equals "$(inspect '{{.State.ExitCode}}')" 137
}

feature_kill()
{
	background bb sh -c 'trap "echo got usr1" USR1; trap "echo got hup" HUP; echo ready; while :; do sleep 0.1; done'
	eventually logs_have ready
	runs 0 kill --signal USR1 "$NAME"
	eventually logs_have "got usr1"
	runs 0 kill --signal 1 "$NAME"
	eventually logs_have "got hup"
	equals "$(inspect '{{.State.Status}}')" running
	runs 0 kill "$NAME"
	eventually inspect_is '{{.State.Status}} {{.State.ExitCode}}' "exited 137"
}

feature_restart_policy()
{
	background --restart on-failure:2 bb sh -c 'echo run; exit 3'
	eventually inspect_is '{{.RestartCount}} {{.State.Status}} {{.State.ExitCode}}' "2 exited 3"
	equals "$(counted)" 3
}

feature_restart()
{
	background bb sh -c 'echo run; exec sleep 1000'
	eventually counts_on 0
	runs 0 restart --time 0 "$NAME"
	eventually counts_on 1
	equals "$(inspect '{{.State.Status}}')" running
}

health_is()
{
	local status
	[ "$ENGINE" = docker ] || engine healthcheck run "$NAME" >/dev/null 2>&1
	status=$(inspect '{{.State.Health.Status}}')
	[ "$status" = "$1" ]
}

feature_health()
{
	background --health-cmd 'test -e /tmp/ok' --health-interval 1s --health-retries 2 bb sh -c 'touch /tmp/ok; exec sleep 1000'
	eventually health_is healthy
	runs 0 exec "$NAME" rm /tmp/ok
	eventually health_is unhealthy
	equals "$(inspect '{{.State.Status}}')" running
}

feature_oom()
{
	[ "$ENGINE" != podman ] || [ -e /sys/fs/cgroup/cgroup.controllers ] ||
		skip "conmon does not tell it on cgroup v1, with runc neither"
	differs_at vm "the guest's kernel kills, and the engine watches the cgroup on the host"
	requires_controller memory
	try engine run --name "$NAME" --memory 30m --memory-swap 30m bb sh -c 'a=x; while :; do a=$a$a; done'
	equals "$status" 137
	eventually inspect_is '{{.State.OOMKilled}} {{.State.ExitCode}}' "true 137"
}

# --- files --------------------------------------------------------------------------------------

feature_volume_named()
{
	runs 0 volume create "$NAME"
	runs 0 run --rm -v "$NAME:/data" bb sh -c 'echo kept >/data/file'
	runs 0 run --rm -v "$NAME:/data" bb cat /data/file
	equals "$output" kept
	runs 0 volume rm "$NAME"
}

feature_volume_bind()
{
	mkdir "$WORK/d"
	echo host >"$WORK/d/file"
	runs 0 run --rm -v "$WORK/d:/data" bb sh -c 'cat /data/file; echo back >/data/new; chown 7:8 /data/new'
	equals "$output" host
	equals "$(cat "$WORK/d/new") $(stat -c %u:%g "$WORK/d/new")" "back 7:8"
}

feature_volume_read_only()
{
	mkdir "$WORK/d"
	echo host >"$WORK/d/file"
	runs 1 run --rm -v "$WORK/d:/data:ro" bb sh -c 'cat /data/file; echo x >/data/new'
	equals "$output" host
	contains "$error" "Read-only file system"
	[ ! -e "$WORK/d/new" ]
}

feature_volume_file()
{
	echo host >"$WORK/file"
	runs 0 run --rm -v "$WORK/file:/etc/one:ro" -v "$WORK/file:/etc/two" bb sh -c 'cat /etc/one; echo more >>/etc/two'
	equals "$output" host
	equals "$(cat "$WORK/file")" $'host\nmore'
}

feature_volume_live()
{
	mkdir "$WORK/d"
	background -v "$WORK/d:/data" bb sh -c 'until [ -e /data/go ]; do sleep 0.1; done; cat /data/go; echo end >/data/end'
	echo now >"$WORK/d/new" && mv "$WORK/d/new" "$WORK/d/go"
	runs 0 wait "$NAME"
	logs_have now
	equals "$(cat "$WORK/d/end")" end
}

feature_tmpfs()
{
	runs 0 run --rm --tmpfs /t:size=1m,mode=1777 bb sh -c 'probe mount /t; stat -c %a /t; dd if=/dev/zero of=/t/x bs=1k count=2000 2>&1; wc -c </t/x'
	contains "$output" "tmpfs"
	contains "$output" "1777"
	contains "$output" "No space left"
	contains "$output" "1048576"
}

feature_read_only()
{
	runs 1 run --rm --read-only bb sh -c 'touch /x'
	contains "$error" "Read-only file system"
	runs 0 run --rm --read-only --tmpfs /tmp bb sh -c 'touch /tmp/x && ls /tmp'
	equals "$output" x
}

feature_copy()
{
	echo copied >"$WORK/file"
	background bb sleep 1000
	runs 0 cp "$WORK/file" "$NAME:/tmp/in"
	eventually engine exec "$NAME" cat /tmp/in
	runs 0 exec "$NAME" sh -c 'cat /tmp/in; echo out >/tmp/out; sync'
	equals "$output" copied
	runs 0 cp "$NAME:/tmp/out" "$WORK/out"
	equals "$(cat "$WORK/out")" out
}

feature_diff_commit()
{
	runs 0 run --name "$NAME" bb sh -c 'echo changed >/new; rm /bin/yes; sync'
	runs 0 diff "$NAME"
	contains "$output" "A /new"
	contains "$output" "D /bin/yes"
	runs 0 commit "$NAME" "image$NAME"
	runs 0 run --rm "image$NAME" sh -c 'cat /new; ls /bin/yes 2>&1 | wc -l'
	equals "$output" $'changed\n1'
	runs 0 rmi "image$NAME"
}

# --- rights -------------------------------------------------------------------------------------

feature_capabilities()
{
	runs 0 run --rm --cap-drop ALL --cap-add NET_BIND_SERVICE --cap-add SYS_TIME bb probe caps
	contains "$output" "effective=0000000002000400"
	contains "$output" "bounding=0000000002000400"
	runs 1 run --rm --cap-drop CHOWN bb busybox chown 1 /tmp
	contains "$error" "Operation not permitted"
}

feature_no_new_privileges()
{
	runs 0 run --rm --security-opt no-new-privileges bb probe status NoNewPrivs
	equals "$output" 1
}

# Everything that the host itself has, and no filter.
feature_privileged()
{
	# Every capability is asked for, and runc refuses what the host has not.
	! is_runc || requires_capability 24 CAP_SYS_RESOURCE
	runs 0 run --rm --privileged bb sh -c 'probe status Seccomp; probe caps; mount -t tmpfs t /mnt && grep " /mnt " /proc/mounts; ls /dev | wc -l'
	contains "$output" " /mnt tmpfs"
	[ "${output%%$'\n'*}" = 0 ] || fail_test "there should be no filter"
}

feature_seccomp_default()
{
	# A personality, which needs no right: only a filter forbids it.
	runs 0 run --rm bb sh -c 'probe status Seccomp; probe syscall 135 1; true'
	[[ $output == $'2\nE'* ]] || fail_test "there should be a filter"
}

feature_seccomp_custom()
{
	cat >"$WORK/profile" <<-'END'
		{"defaultAction": "SCMP_ACT_ALLOW", "architectures": ["SCMP_ARCH_X86_64"], "syscalls": [
		 {"names": ["mkdir", "mkdirat"], "action": "SCMP_ACT_ERRNO", "errnoRet": 123}]}
	END
	runs 1 run --rm --security-opt "seccomp=$WORK/profile" bb mkdir /x
	contains "$error" "No medium found"
}

feature_seccomp_unconfined()
{
	runs 0 run --rm --security-opt seccomp=unconfined bb probe status Seccomp
	equals "$output" 0
}

feature_ulimits()
{
	runs 0 run --rm --ulimit nofile=100:200 --ulimit nproc=4096:4096 bb probe rlimits NOFILE
	equals "$output" "NOFILE 100 200"
}

feature_sysctls()
{
	runs 0 run --rm --sysctl kernel.msgmax=4096 --sysctl net.ipv4.ip_forward=1 bb \
		cat /proc/sys/kernel/msgmax /proc/sys/net/ipv4/ip_forward
	equals "$output" $'4096\n1'
}

feature_devices()
{
	runs 0 run --rm --device /dev/zero:/dev/mine:r bb sh -c 'head -c 3 /dev/mine | wc -c; echo x >/dev/mine' || true
	equals "$output" 3
}

feature_devices_denied()
{
	# A node that no rule allows cannot be opened, though it can be made.
	runs 1 run --rm --cap-add MKNOD bb sh -c 'mknod /tmp/kmsg c 1 11 && cat /tmp/kmsg'
	contains "$error" "Operation not permitted"
}

# --- names --------------------------------------------------------------------------------------

feature_names()
{
	runs 0 run --rm --hostname hh --add-host other:10.1.2.3 --dns 10.9.8.7 --dns-search example.org bb \
		sh -c 'hostname; grep other /etc/hosts; grep -c hh /etc/hosts; cat /etc/resolv.conf'
	[ "${output%%$'\n'*}" = hh ] || fail_test "the name"
	contains "$output" $'10.1.2.3\tother\n1\n'
	contains "$output" "search example.org"
	contains "$output" "nameserver 10.9.8.7"
}

feature_init()
{
	background --init bb sh -c 'sh -c "sleep 0.1 & exec true"; exec sleep 1000'
	runs 0 exec "$NAME" cat /proc/1/comm
	[[ $output == docker-init || $output == podman-init ]] || fail_test "process 1"
	# It reaps what it inherits, and forwards signals.
	eventually no_zombie
	runs 0 stop --time 100 "$NAME"
	equals "$(inspect '{{.State.ExitCode}}')" 143
}

no_zombie()
{
	! engine exec "$NAME" ps -o stat | grep -q Z
}

# --- network ------------------------------------------------------------------------------------

# Asks the port in the room; prints the answer.
fetch_page()
{
	inside timeout 10 bash -c "exec 5<>/dev/tcp/$1/$2 && printf 'GET / HTTP/1.0\r\n\r\n' >&5 && cat <&5"
}

serves_page()
{
	fetch_page "$1" "$2" | grep -q "$3"
}

feature_published_port()
{
	background -p 18080:80 bb sh -c 'mkdir /www; echo the page >/www/index.html; exec httpd -f -p 80 -h /www'
	eventually serves_page 127.0.0.1 18080 "the page"
	contains "$(engine port "$NAME")" "18080"
}

feature_network_between()
{
	local address
	background bb sh -c 'mkdir /www; echo from the first >/www/index.html; exec httpd -f -p 80 -h /www'
	address=$(inspect '{{.NetworkSettings.IPAddress}}')
	[ -n "$address" ] || fail_test "no address"
	eventually serves_page "$address" 80 "from the first"
	runs 0 run --rm bb wget -q -O - "http://$address/"
	equals "$output" "from the first"
}

feature_network_own()
{
	runs 0 network create "$NAME"
	background --network "$NAME" --network-alias server bb \
		sh -c 'mkdir /www; echo by name >/www/index.html; exec httpd -f -p 80 -h /www'
	eventually engine run --rm --network "$NAME" bb wget -q -O - http://server/
	runs 0 run --rm --network "$NAME" bb wget -q -O - http://server/
	equals "$output" "by name"
	runs 0 rm -f "$NAME"
	runs 0 network rm "$NAME"
}

feature_network_none()
{
	runs 0 run --rm --network none bb sh -c 'ip -o link | grep -vc lo:; true'
	equals "$output" 0
}

feature_network_host()
{
	differs_at vm "a guest cannot use the host's network"
	runs 0 run --rm --network host bb readlink /proc/self/ns/net
	equals "$output" "$(inside readlink /proc/self/ns/net)"
}

# What redis answers to the words.
redis_says()
{
	inside timeout 10 bash -c "exec 5<>/dev/tcp/127.0.0.1/$1 && printf '%s\r\nQUIT\r\n' '$2' >&5 && cat <&5" | tr -d '\r'
}

redis_answers()
{
	[ "$(redis_says "$1" PING)" = $'+PONG\n+OK' ]
}

feature_redis()
{
	background -p 16379:6379 debian redis-server --bind 0.0.0.0 --protected-mode no --save ""
	eventually redis_answers 16379
	equals "$(redis_says 16379 "SET wall thick")" $'+OK\n+OK'
	equals "$(redis_says 16379 "GET wall")" $'$5\nthick\n+OK'
	runs 0 stop --time 100 "$NAME"
	equals "$(inspect '{{.State.ExitCode}}')" 0
}

# --- build, pods, an ordinary user ----------------------------------------------------------------

feature_build()
{
	local -a with=()
	local kernel
	if [ "$ENGINE" = podman ]; then
		with=(--runtime "$BULKHEAD")
		for flag in $RUNTIME_ARGS; do
			with+=(--runtime-flag "${flag#--}")
		done
	fi
	mkdir "$WORK/context"
	echo copied >"$WORK/context/file"
	cat >"$WORK/context/Dockerfile" <<-'END'
		FROM bb
		COPY file /file
		ENV WORD=w
		RUN echo "$(cat /file) $WORD" >/made && cat /proc/sys/kernel/random/boot_id >/kernel
		RUN test "$(cat /made)" = "copied w"
		CMD ["cat", "/made", "/kernel"]
	END
	runs 0 build "${with[@]}" -t "built$NAME" "$WORK/context"
	runs 0 run --rm "built$NAME"
	[ "${output%%$'\n'*}" = "copied w" ] || fail_test "what was built"
	kernel=${output##*$'\n'}
	if [ "$ISOLATION" = vm ]; then
		[ "$kernel" != "$(cat /proc/sys/kernel/random/boot_id)" ] || fail_test "built in the host's kernel"
	fi
	runs 0 rmi "built$NAME"
}

feature_kube()
{
	differs_at vm "containers of a pod share namespaces, which separate guests cannot"
	cat >"$WORK/pod.yaml" <<-END
		apiVersion: v1
		kind: Pod
		metadata: {name: $NAME}
		spec:
		  containers:
		  - name: server
		    image: localhost/bb
		    command: [/bin/sh, -c, "mkdir /www; echo of the pod >/www/index.html; exec httpd -f -p 80 -h /www"]
		    ports: [{containerPort: 80, hostPort: 18081}]
		  - name: client
		    image: localhost/bb
		    command: [/bin/sh, -c, "until wget -q -O - http://127.0.0.1/; do sleep 0.1; done; exec sleep 1000"]
	END
	runs 0 play kube "$WORK/pod.yaml"
	eventually logs_have "of the pod" "$NAME-client"
	eventually serves_page 127.0.0.1 18081 "of the pod"
	runs 0 exec "$NAME-client" hostname
	equals "$output" "$NAME"
	runs 0 pod stop --time 0 "$NAME"
	runs 0 pod rm "$NAME"
}

as_user()
{
	differs_at vm "QEMU's jail and the network's taps need the host's root"
	touch "$ROOM/home/used"
	user_words
}

feature_rootless()
{
	as_user
	runs 7 run --rm bb sh -c 'id -u; exit 7'
	equals "$output" 0
	background bb sh -c 'trap "exit 4" TERM; echo ready; while :; do sleep 0.1; done'
	eventually logs_have ready
	equals "$(inside stat -c %u "/proc/$(inspect '{{.State.Pid}}')")" "$USER_ID"
	runs 0 exec -e A=b "$NAME" sh -c 'echo $A'
	equals "$output" b
	terminal $'expect / #\nsend tty\nexpect /dev/pts/\nsend exit 6' exec -it "$NAME" sh
	[ "$status" = 6 ] || fail_test "in the terminal"
	runs 0 stop --time 100 "$NAME"
	equals "$(inspect '{{.State.ExitCode}}')" 4
	runs 127 run --rm bb nosuch
}

feature_rootless_port()
{
	as_user
	background -p 18082:80 bb sh -c 'mkdir /www; echo the page >/www/index.html; exec httpd -f -p 80 -h /www'
	eventually serves_page 127.0.0.1 18082 "the page"
}

feature_rootless_files()
{
	as_user
	mkdir "$WORK/d"
	chown "$USER_ID:$USER_ID" "$WORK/d"
	runs 0 run --rm -v "$WORK/d:/data" -v "$NAME:/named" -u 0 bb sh -c 'echo x >/data/file; echo y >/named/file'
	equals "$(stat -c %u "$WORK/d/file")" "$USER_ID"
	runs 0 run --rm -v "$NAME:/named" --read-only --tmpfs /t -u 12 bb sh -c 'cat /named/file; id -u; probe status Seccomp'
	equals "$output" $'y\n12\n2'
	runs 1 run --rm bb mount -t tmpfs t /mnt
}

# --- many ---------------------------------------------------------------------------------------

running_count()
{
	[ "$(engine ps --quiet --filter label=many | wc -l)" = "$1" ]
}

# Started at once, all run, all go; teardown looks for what they left.
feature_many()
{
	local i count=50
	local -a started=()
	# Ten machines boot at once, emulated.
	[ "$ISOLATION" = process ] || count=10 ENGINE_LIMIT=500
	for i in $(seq "$count"); do
		engine run -d --label many --name "$NAME-$i" bb sleep 1000 >"$WORK/many.$i" 2>&1 &
		started+=($!)
	done
	for i in "${!started[@]}"; do
		wait "${started[$i]}" || fail_test "not started: $(cat "$WORK/many.$((i + 1))")"
	done
	running_count "$count" || fail_test "not all run"
	for i in 1 "$count"; do
		runs 0 exec "$NAME-$i" echo here
		equals "$output" here
	done
}
