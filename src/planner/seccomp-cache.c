/*
 * Compiled filters, kept in a directory: compiling one of Docker's size takes milliseconds, more
 * than all else that create does.
 *
 * A file is named by a hash of the key and holds a header, the whole key and the program. The key
 * is compared byte for byte, so that no collision, accidental or made, can select another filter.
 * The directory and the file must belong to us and be writable by nobody else; whoever can write
 * there could as well replace the runtime's state. Anything odd is a miss, and a miss is only slow.
 *
 * The number of files is bounded: a caller who changes his profile with every container must not
 * fill the state directory.
 */
#include "syscalls.h"

#include "base/fd.h"
#include "base/log.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>

#define CACHE_MAGIC "bulkhead-bpf-1\n" /* sixteen bytes with its NUL */

enum {
	CACHE_FILES_MAX = 64,
	CACHE_KEY_MAX = 1024 * 1024,
	CACHE_NAME_LENGTH = 16,
	CACHE_NAME_SIZE = CACHE_NAME_LENGTH + 1,
};

struct cache_header {
	char magic[16];
	uint64_t key_size;
	uint64_t instruction_count;
};

/* Eight bytes at a step; any good mixing will do, see above. */
static uint64_t key_hash(const struct buf *key)
{
	const uint64_t multiplier = 0x9e3779b97f4a7c15ULL;
	uint64_t hash = key->size * multiplier;

	for (size_t i = 0; i < key->size; i += sizeof(uint64_t)) {
		size_t left = key->size - i;
		uint64_t word = 0;

		memcpy(&word, key->data + i, left < sizeof(word) ? left : sizeof(word));
		hash = (hash ^ word) * multiplier;
		hash ^= hash >> 32;
	}
	return hash;
}

static void name_of(const struct buf *key, char *name)
{
	(void)snprintf(name, CACHE_NAME_SIZE, "%016llx", (unsigned long long)key_hash(key));
}

static bool is_private(const struct stat *status)
{
	return status->st_uid == geteuid() && (status->st_mode & (S_IWGRP | S_IWOTH)) == 0;
}

static bool is_trusted_directory(int fd)
{
	struct stat status;

	return fstat(fd, &status) == 0 && S_ISDIR(status.st_mode) && is_private(&status);
}

/* Reads the file into `ret` if it is as large as its header says and holds this key. */
static bool file_match(int fd, const struct buf *key, char *bytes, size_t size,
		       struct cache_header *ret)
{
	if (fd_read_full(fd, bytes, size) != (ssize_t)size)
		return false;
	memcpy(ret, bytes, sizeof(*ret));
	return memcmp(ret->magic, CACHE_MAGIC, sizeof(ret->magic)) == 0 &&
	       ret->key_size == key->size && ret->instruction_count > 0 &&
	       ret->instruction_count <= BPF_MAXINSNS &&
	       size == sizeof(*ret) + key->size +
			       ret->instruction_count * sizeof(struct sock_filter) &&
	       memcmp(bytes + sizeof(*ret), key->data, key->size) == 0;
}

bool seccomp_cache_find(struct arena *arena, int cache_fd, const struct buf *key,
			struct program *ret)
{
	char name[CACHE_NAME_SIZE];
	struct cache_header header;
	struct stat status;
	auto_fd int fd = FD_NONE;
	size_t size;
	char *bytes;

	if (key->size > CACHE_KEY_MAX || !is_trusted_directory(cache_fd))
		return false;
	name_of(key, name);
	fd = openat(cache_fd, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	if (fd < 0)
		return false;
	if (fstat(fd, &status) < 0 || !S_ISREG(status.st_mode) || !is_private(&status))
		return false;
	if (status.st_size <= (off_t)(sizeof(header) + key->size) ||
	    status.st_size >
		    (off_t)(sizeof(header) + key->size + BPF_MAXINSNS * sizeof(struct sock_filter)))
		return false;
	size = (size_t)status.st_size;
	bytes = arena_alloc(arena, size);
	if (!file_match(fd, key, bytes, size, &header))
		return false;
	/* Copied: behind the key it may be unaligned. */
	ret->instructions = arena_memdup(arena, bytes + sizeof(header) + key->size,
					 header.instruction_count * sizeof(struct sock_filter));
	ret->count = header.instruction_count;
	return true;
}

static bool is_cache_name(const char *name)
{
	return strlen(name) == CACHE_NAME_LENGTH && name[strspn(name, "0123456789abcdef")] == '\0';
}

/* Removes the oldest file when there are as many as there may be. */
static void cache_trim(int cache_fd)
{
	auto_dir DIR *directory = NULL;
	struct timespec oldest_time = {0};
	char oldest[CACHE_NAME_SIZE] = "";
	size_t count = 0;
	int fd = openat(cache_fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	directory = fd < 0 ? NULL : fdopendir(fd);
	if (!directory) {
		fd_close(&fd);
		return;
	}
	for (struct dirent *entry = readdir(directory); entry; entry = readdir(directory)) {
		struct stat status;

		if (!is_cache_name(entry->d_name) ||
		    fstatat(cache_fd, entry->d_name, &status, AT_SYMLINK_NOFOLLOW) < 0)
			continue;
		count++;
		if (*oldest == '\0' || status.st_mtim.tv_sec < oldest_time.tv_sec ||
		    (status.st_mtim.tv_sec == oldest_time.tv_sec &&
		     status.st_mtim.tv_nsec < oldest_time.tv_nsec)) {
			oldest_time = status.st_mtim;
			memcpy(oldest, entry->d_name, sizeof(oldest));
		}
	}
	if (count >= CACHE_FILES_MAX)
		(void)unlinkat(cache_fd, oldest, 0);
}

void seccomp_cache_store(int cache_fd, const struct buf *key, const struct program *program)
{
	struct cache_header header = {
		.magic = CACHE_MAGIC,
		.key_size = key->size,
		.instruction_count = program->count,
	};
	char name[CACHE_NAME_SIZE];
	auto_buf bytes = {0};
	struct err e;

	if (key->size > CACHE_KEY_MAX || !is_trusted_directory(cache_fd))
		return;
	cache_trim(cache_fd);
	name_of(key, name);
	buf_append(&bytes, &header, sizeof(header));
	buf_append(&bytes, key->data, key->size);
	buf_append(&bytes, program->instructions, program->count * sizeof(struct sock_filter));
	if (file_replace(cache_fd, name, bytes.data, bytes.size, 0600, &e) < 0)
		log_debug("the seccomp cache could not be written: %s", e.text);
}
