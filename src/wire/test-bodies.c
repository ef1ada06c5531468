/* Every body there and back, and every prefix of it refused. */
#include "wire/bodies.h"

#include "tap.h"

#include <errno.h>
#include <stdlib.h>

/* Each decoder on each prefix of `bytes`: an error, never a crash; ASan watches the end. */
#define check_prefixes(bytes_, decode_)                                   \
	do {                                                              \
		bool all_refused_ = true;                                 \
		for (size_t size_ = 0; size_ < (bytes_)->size; size_++) { \
			auto_arena arena = {0};                           \
			char *bytes = malloc(size_ + 1);                  \
			size_t size = size_;                              \
			memcpy(bytes, (bytes_)->data, size_);             \
			all_refused_ = (decode_) < 0 && all_refused_;     \
			(void)arena;                                      \
			free(bytes);                                      \
		}                                                         \
		check(all_refused_);                                      \
	} while (0)

static void test_configure(void)
{
	struct map_entry sysctls[] = {{"net/ipv4/ip_forward", "1"}, {"kernel/x", ""}};
	struct wire_configure in = {.realtime = 1700000000000000000,
				    .share_tag = "share",
				    .log_level = 2,
				    .memory_reserve = 7,
				    .sysctls = {sysctls, 2}};
	struct wire_configure out = {0}, ignored;
	auto_arena arena_of_out = {0};
	auto_buf body = {0};
	struct err e = {0};

	memset(in.seed, 0x5a, sizeof(in.seed));
	wire_configure_encode(&in, &body);
	check_number(wire_configure_decode(&arena_of_out, body.data, body.size, &out, &e), 0);
	check(out.realtime == in.realtime && out.memory_reserve == 7 && !out.hostname);
	check_text(out.share_tag, "share");
	check_text(out.sysctls.items[1].name, "kernel/x");
	check_text(out.sysctls.items[1].value, "");
	check(memcmp(out.seed, in.seed, sizeof(in.seed)) == 0);
	check_prefixes(&body, wire_configure_decode(&arena, bytes, size, &ignored, &e));
	buf_append_char(&body, 0);
	check_number(wire_configure_decode(&arena_of_out, body.data, body.size, &out, &e),
		     -EBADMSG);
}

static void test_network(void)
{
	struct rtnl_address address = {.family = 2,
				       .prefix = 24,
				       .size = 4,
				       .has_local = true,
				       .local = {10, 0, 0, 2},
				       .label = "eth0"};
	struct rtnl_route route = {
		.family = 2, .size = 4, .has_gateway = true, .gateway = {10, 0, 0, 1}, .metric = 5};
	struct rtnl_neighbour neighbour = {.family = 10, .size = 16, .mac = {1, 2, 3, 4, 5, 6}};
	struct wire_interface interface = {.mac = {2, 0, 0, 0, 0, 1},
					   .name = "eth0",
					   .mtu = 1400,
					   .is_up = true,
					   .addresses = &address,
					   .address_count = 1,
					   .routes = &route,
					   .route_count = 1,
					   .neighbours = &neighbour,
					   .neighbour_count = 1};
	struct wire_network in = {&interface, 1}, out = {0}, ignored;
	auto_arena arena_of_out = {0};
	auto_buf body = {0};
	struct err e = {0};

	wire_network_encode(&in, &body);
	check_number(wire_network_decode(&arena_of_out, body.data, body.size, &out, &e), 0);
	check_number(out.count, 1);
	check_text(out.interfaces[0].name, "eth0");
	check(out.interfaces[0].mtu == 1400 && out.interfaces[0].is_up);
	check(out.interfaces[0].addresses[0].local[3] == 2);
	check(out.interfaces[0].routes[0].gateway[3] == 1 &&
	      out.interfaces[0].routes[0].metric == 5);
	check(out.interfaces[0].neighbours[0].mac[5] == 6);
	check_prefixes(&body, wire_network_decode(&arena, bytes, size, &ignored, &e));
}

static void test_prepare(void)
{
	static const uint64_t program[] = {0x0000000000000006, 0x7fff000000000006};
	char *words[] = {(char *)"sh", (char *)"-c", (char *)"x\ny", NULL};
	struct plan_seccomp seccomp = {.program = program, .instruction_count = 2, .flags = 4};
	struct plan_process process = {.args = {.items = words, .count = 3},
				       .cwd = "/",
				       .terminal = {true, true},
				       .seccomp = &seccomp};
	struct plan_op ops[] = {{.kind = {true, PLAN_OP_PIVOT}}};
	struct plan plan = {.id = "c",
			    .rootfs = "/run/share/rootfs",
			    .bundle = "/b",
			    .ops = {ops, 1},
			    .process = &process};
	struct wire_disk disk = {.major = 8, .minor = 1, .serial = "d0"};
	struct wire_prepare in = {.container = 1,
				  .process = 2,
				  .stdio = {{true, false, true}},
				  .plan = &plan,
				  .disks = &disk,
				  .disk_count = 1};
	struct wire_prepare out = {0}, ignored;
	auto_arena arena_of_out = {0};
	auto_buf body = {0};
	struct err e = {0};

	wire_prepare_encode(&in, &body);
	check_number(wire_prepare_decode(&arena_of_out, body.data, body.size, &out, &e), 0);
	check(out.container == 1 && out.process == 2 && out.stdio.is_stream[2]);
	check_text(out.plan->process->args.items[2], "x\ny");
	check_number(out.plan->process->seccomp->instruction_count, 2);
	check(memcmp(out.plan->process->seccomp->program, program, sizeof(program)) == 0);
	check_number(out.plan->process->seccomp->flags, 4);
	check_number(list_at(struct plan_op, &out.plan->ops, 0)->kind.value, PLAN_OP_PIVOT);
	check_text(out.disks[0].serial, "d0");
	check_prefixes(&body, wire_prepare_decode(&arena, bytes, size, &ignored, &e));
}

static void test_exec(void)
{
	char *words[] = {(char *)"true", NULL};
	char *groups[] = {(char *)"cpu:/x", NULL};
	struct plan_process process = {.args = {.items = words, .count = 1}, .cwd = "/tmp"};
	struct wire_exec in = {.container = 1,
			       .process = 9,
			       .plan = &process,
			       .has_cgroup = true,
			       .cgroup = {.items = groups, .count = 1},
			       .ignore_paused = true};
	struct wire_exec out = {0}, ignored;
	auto_arena arena_of_out = {0};
	auto_buf body = {0};
	struct err e = {0};

	wire_exec_encode(&in, &body);
	check_number(wire_exec_decode(&arena_of_out, body.data, body.size, &out, &e), 0);
	check_text(out.plan->cwd, "/tmp");
	check(!out.plan->seccomp && out.has_cgroup && out.ignore_paused);
	check_text(out.cgroup.items[0], "cpu:/x");
	check(out.cgroup.items[1] == NULL);
	check_prefixes(&body, wire_exec_decode(&arena, bytes, size, &ignored, &e));
}

static void test_small(void)
{
	struct plan_setting setting = {.file = "memory.max", .value = "1"};
	struct plan_limits limits = {.settings = {&setting, 1}};
	struct wire_update update = {.container = 4, .limits = &limits}, update_out = {0};
	struct wire_signal signal = {.container = 1, .process = 3, .signal = 15}, signal_out = {0};
	struct wire_status status = {.status = 2, .pid = 77, .oom_kills = 1}, status_out = {0};
	struct wire_target target = {.container = 5}, target_out = {0};
	struct wire_made made = {.pid = 6}, made_out = {0};
	auto_arena arena = {0};
	auto_buf body = {0};
	struct err e = {0};

	wire_update_encode(&update, &body);
	check_number(wire_update_decode(&arena, body.data, body.size, &update_out, &e), 0);
	check_text(list_at(struct plan_setting, &update_out.limits->settings, 0)->file,
		   "memory.max");
	buf_clear(&body);
	wire_signal_encode(&signal, &body);
	check_number(wire_signal_decode(body.data, body.size, &signal_out, &e), 0);
	check(signal_out.process == 3 && signal_out.signal == 15 && !signal_out.all);
	buf_clear(&body);
	wire_status_encode(&status, &body);
	check_number(wire_status_decode(body.data, body.size, &status_out, &e), 0);
	check(status_out.pid == 77 && status_out.oom_kills == 1);
	buf_clear(&body);
	wire_target_encode(&target, &body);
	check_number(wire_target_decode(body.data, body.size, &target_out, &e), 0);
	check_number(target_out.container, 5);
	check_number(wire_target_decode(body.data, 3, &target_out, &e), -EBADMSG);
	buf_clear(&body);
	wire_made_encode(&made, &body);
	check_number(wire_made_decode(body.data, body.size, &made_out, &e), 0);
	check_number(made_out.pid, 6);
}

static void test_stats(void)
{
	uint64_t cpus[] = {1, 2};
	struct map_entry raw[] = {{"anon", "4096"}};
	struct stats_io_entry io[] = {{.major = 8, .op = "Read", .value = 12}};
	struct stats_interface interfaces[] = {{.name = "eth0", .rx_bytes = 5, .tx_dropped = 8}};
	struct stats in = {.has_cpu = true,
			   .cpu_total = 99,
			   .cpu_per = cpus,
			   .cpu_per_user = cpus,
			   .cpu_per_kernel = cpus,
			   .cpu_per_count = 2,
			   .cpus = "0-1",
			   .cpu_pressure = {.is_set = true, .some_avg10 = 1.25},
			   .memory_raw = {raw, 1},
			   .memory = {.limit = UINT64_MAX},
			   .io_bytes = {io, 1},
			   .interfaces = interfaces,
			   .interface_count = 1};
	struct stats out = {0}, ignored;
	auto_arena arena_of_out = {0};
	auto_buf body = {0};
	struct err e = {0};

	wire_stats_encode(&in, &body);
	check_number(wire_stats_decode(&arena_of_out, body.data, body.size, &out, &e), 0);
	check(out.has_cpu && out.cpu_total == 99 && out.cpu_per_count == 2);
	check(out.cpu_per_kernel[1] == 2 && out.cpu_pressure.some_avg10 == 1.25);
	check_text(map_get(&out.memory_raw, "anon"), "4096");
	check(out.memory.limit == UINT64_MAX && out.interfaces[0].tx_dropped == 8);
	check_text(out.io_bytes.items[0].op, "Read");
	check_prefixes(&body, wire_stats_decode(&arena, bytes, size, &ignored, &e));
}

static void test_processes(void)
{
	char *words[] = {(char *)"ping", (char *)"a\x1b[2J", NULL};
	struct wire_process process = {.pid = 40,
				       .ppid = 39,
				       .inner_pid = 1,
				       .state = 'S',
				       .nice = -5,
				       .cpu_time = 10,
				       .comm = "ping",
				       .command = {.items = words, .count = 2}};
	struct wire_processes in = {&process, 1}, out = {0}, ignored;
	auto_arena arena_of_out = {0};
	auto_buf body = {0};
	struct err e = {0};

	wire_processes_encode(&in, &body);
	check_number(wire_processes_decode(&arena_of_out, body.data, body.size, &out, &e), 0);
	check(out.items[0].pid == 40 && out.items[0].nice == -5 && out.items[0].state == 'S');
	check_text(out.items[0].comm, "ping");
	check_text(out.items[0].command.items[1], "a?[2J");
	check_prefixes(&body, wire_processes_decode(&arena, bytes, size, &ignored, &e));
	/* A count that the bytes cannot hold. */
	memset(body.data, 0xff, 4);
	check_number(wire_processes_decode(&arena_of_out, body.data, body.size, &out, &e),
		     -EBADMSG);
}

int main(void)
{
	test_configure();
	test_network();
	test_prepare();
	test_exec();
	test_small();
	test_stats();
	test_processes();
	return tap_done();
}
