/* The cache of compiled filters: what is found, what is not trusted, and that nothing is confused.
 */
#include "base/clock.h"
#include "base/fd.h"
#include "syscalls.h"
#include "test-planner.h"

#include <fcntl.h>
#include <sys/stat.h>

static const struct oci_seccomp *seccomp_of(struct arena *arena, const char *name, int action)
{
	struct oci_seccomp *seccomp = arena_new(arena, struct oci_seccomp);
	struct oci_seccomp_rule *rule = arena_new(arena, struct oci_seccomp_rule);

	seccomp->default_action.value = OCI_SECCOMP_TRAP;
	strv_push(&rule->names, arena, name);
	rule->action.value = action;
	seccomp->syscalls = (struct list){.items = rule, .count = 1};
	return seccomp;
}

static bool is_same(const struct program *a, const struct program *b)
{
	return a->count == b->count &&
	       memcmp(a->instructions, b->instructions, a->count * sizeof(*a->instructions)) == 0;
}

/* The one file in the directory. */
static const char *only_name(int dir)
{
	static char name[64];
	auto_dir DIR *listing = fdopendir(openat(dir, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC));
	int count = 0;

	for (struct dirent *entry = readdir(listing); entry; entry = readdir(listing))
		if (entry->d_name[0] != '.') {
			(void)snprintf(name, sizeof(name), "%.63s", entry->d_name);
			count++;
		}
	return count == 1 ? name : NULL;
}

static int count_files(int dir)
{
	auto_dir DIR *listing = fdopendir(openat(dir, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC));
	int count = 0;

	for (struct dirent *entry = readdir(listing); entry; entry = readdir(listing))
		count += entry->d_name[0] != '.';
	return count;
}

static void test_key(void)
{
	auto_arena arena = {0};
	auto_buf a = {0};
	auto_buf b = {0};
	auto_buf c = {0};
	auto_buf d = {0};

	seccomp_key_write(seccomp_of(&arena, "read", OCI_SECCOMP_ALLOW), 7, &a);
	seccomp_key_write(seccomp_of(&arena, "read", OCI_SECCOMP_LOG), 7, &b);
	seccomp_key_write(seccomp_of(&arena, "write", OCI_SECCOMP_ALLOW), 7, &c);
	seccomp_key_write(seccomp_of(&arena, "read", OCI_SECCOMP_ALLOW), 3, &d);
	check(a.size == b.size && memcmp(a.data, b.data, a.size) != 0);
	check(a.size != c.size);
	check(a.size == d.size && memcmp(a.data, d.data, a.size) != 0);
	buf_clear(&b);
	seccomp_key_write(seccomp_of(&arena, "read", OCI_SECCOMP_ALLOW), 7, &b);
	check(a.size == b.size && memcmp(a.data, b.data, a.size) == 0);
}

static void test_trust(struct arena *arena, int dir, const struct buf *key)
{
	struct program found;
	const char *name = only_name(dir);
	char other[64];
	auto_buf bytes = {0};
	struct err e;

	check(name != NULL);
	(void)snprintf(other, sizeof(other), "%s", name);
	check(fchmodat(dir, other, 0620, 0) == 0 && !seccomp_cache_find(arena, dir, key, &found));
	check(fchmodat(dir, other, 0602, 0) == 0 && !seccomp_cache_find(arena, dir, key, &found));
	check(fchmodat(dir, other, 0600, 0) == 0 && seccomp_cache_find(arena, dir, key, &found));
	if (geteuid() == 0) {
		check(fchownat(dir, other, 1000, 0, 0) == 0);
		check(!seccomp_cache_find(arena, dir, key, &found));
		check(fchownat(dir, other, 0, 0, 0) == 0);
		check(fchown(dir, 1000, 0) == 0 && !seccomp_cache_find(arena, dir, key, &found));
		check(fchown(dir, 0, 0) == 0);
	}
	check(fchmod(dir, 0770) == 0 && !seccomp_cache_find(arena, dir, key, &found));
	check(fchmod(dir, 0700) == 0 && seccomp_cache_find(arena, dir, key, &found));
	/* A link instead of the file, even to the very file. */
	check(renameat(dir, other, dir, "elsewhere") == 0 &&
	      symlinkat("elsewhere", dir, other) == 0);
	check(!seccomp_cache_find(arena, dir, key, &found));
	check(unlinkat(dir, other, 0) == 0 && mkfifoat(dir, other, 0600) == 0);
	check(!seccomp_cache_find(arena, dir, key, &found));
	check(unlinkat(dir, other, 0) == 0 && renameat(dir, "elsewhere", dir, other) == 0);
	check(seccomp_cache_find(arena, dir, key, &found));
	/* Cut or changed anywhere but in the program itself: a miss. */
	check(file_read(dir, other, 1 << 20, false, &bytes, &e) == 0);
	for (size_t size = 0; size < bytes.size; size++) {
		check(file_replace(dir, other, bytes.data, size, 0600, &e) == 0);
		if (seccomp_cache_find(arena, dir, key, &found))
			tap_check(false, __FILE__, __LINE__, "cut to %zu bytes, found", size);
	}
	for (size_t i = 0; i < 32 + key->size; i++) {
		bytes.data[i] ^= 1;
		check(file_replace(dir, other, bytes.data, bytes.size, 0600, &e) == 0);
		if (seccomp_cache_find(arena, dir, key, &found))
			tap_check(false, __FILE__, __LINE__, "byte %zu changed, found", i);
		bytes.data[i] ^= 1;
	}
	check(file_replace(dir, other, bytes.data, bytes.size, 0600, &e) == 0);
	check(seccomp_cache_find(arena, dir, key, &found));
}

/* A file under the right name that holds another filter's key: never that filter. */
static void test_collision(struct arena *arena, int dir, const struct buf *key)
{
	struct program allow_all = {0};
	struct program found;
	auto_buf other_key = {0};
	auto_buf bytes = {0};
	char name[64];
	struct err e;

	(void)snprintf(name, sizeof(name), "%s", only_name(dir));
	check(unlinkat(dir, name, 0) == 0);
	check(seccomp_compile(arena, seccomp_of(arena, "dup3", OCI_SECCOMP_ALLOW), &allow_all,
			      &e) == 0);
	seccomp_key_write(seccomp_of(arena, "dup3", OCI_SECCOMP_ALLOW), 7, &other_key);
	check(other_key.size == key->size);
	seccomp_cache_store(dir, &other_key, &allow_all);
	check(file_read(dir, only_name(dir), 1 << 20, false, &bytes, &e) == 0);
	check(unlinkat(dir, only_name(dir), 0) == 0);
	check(file_replace(dir, name, bytes.data, bytes.size, 0600, &e) == 0);
	check(!seccomp_cache_find(arena, dir, key, &found));
	check(unlinkat(dir, name, 0) == 0);
}

static void test_bound(struct arena *arena, int dir)
{
	struct program program;
	struct err e;

	check(seccomp_compile(arena, seccomp_of(arena, "read", OCI_SECCOMP_ALLOW), &program, &e) ==
	      0);
	check(mkdirat(dir, "not-ours", 0700) == 0);
	for (uint64_t i = 0; i < 100; i++) {
		auto_buf key = {0};

		seccomp_key_write(seccomp_of(arena, "read", OCI_SECCOMP_ALLOW), i, &key);
		seccomp_cache_store(dir, &key, &program);
		if (i == 99) {
			struct program found;

			check(seccomp_cache_find(arena, dir, &key, &found));
			check(is_same(&found, &program));
		}
	}
	check_number(count_files(dir), 64 + 1);
	check(unlinkat(dir, "not-ours", AT_REMOVEDIR) == 0);
}

static void test_speed(struct arena *arena, int dir)
{
	const struct oci_config *config;
	const struct plan *plan;
	struct planner_options options = test_options();
	struct facts facts = test_facts(CGROUP_MODE_HYBRID);
	uint64_t best = UINT64_MAX;
	char path[4096];
	struct err e;

	(void)snprintf(path, sizeof(path), "%s/tests/data/engines/docker-plain.json",
		       getenv("SOURCE_DIR") ? getenv("SOURCE_DIR") : ".");
	if (oci_config_load(arena, AT_FDCWD, path, &config, NULL, &e) < 0) {
		tap_check(false, __FILE__, __LINE__, "%s", e.text);
		return;
	}
	options.seccomp_cache_fd = dir;
	for (int i = 0; i < 20; i++) {
		uint64_t start = clock_now();

		check(planner_build(arena, config, &facts, &options, &plan, &e) == 0);
		if (clock_now() - start < best)
			best = clock_now() - start;
	}
	printf("# Docker's configuration is planned in %llu us\n",
	       (unsigned long long)(best / 1000));
	check(plan->process->seccomp->instruction_count > 100);
}

int main(void)
{
	auto_arena arena = {0};
	auto_buf key = {0};
	char path[] = "/tmp/test-seccomp-cache-XXXXXX";
	struct program program, found;
	auto_fd int dir = FD_NONE;
	struct err e;

	if (!mkdtemp(path))
		return 1;
	dir = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	test_key();
	seccomp_key_write(seccomp_of(&arena, "read", OCI_SECCOMP_ALLOW), 7, &key);
	check(seccomp_compile(&arena, seccomp_of(&arena, "read", OCI_SECCOMP_ALLOW), &program,
			      &e) == 0);
	check(!seccomp_cache_find(&arena, dir, &key, &found));
	check(!seccomp_cache_find(&arena, STDIN_FILENO, &key, &found));
	seccomp_cache_store(dir, &key, &program);
	check(seccomp_cache_find(&arena, dir, &key, &found) && is_same(&found, &program));
	test_trust(&arena, dir, &key);
	test_collision(&arena, dir, &key);
	test_bound(&arena, dir);
	test_speed(&arena, dir);
	check(tree_remove(AT_FDCWD, path, &e) == 0);
	return tap_done();
}
