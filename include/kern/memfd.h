/* Sealed anonymous files: memfd_create(2), fcntl(2) F_ADD_SEALS. */
#ifndef KERN_MEMFD_H
#define KERN_MEMFD_H

#include "base/err.h"
#include "base/own.h"

/* A file with these bytes that nobody can change any more (F_SEAL_SEAL, SHRINK, GROW, WRITE, and
 * EXEC where known), positioned at its start. Not executable unless asked for. */
int memfd_sealed(const char *name, const void *bytes, size_t size, bool executable, int *ret_fd,
		 struct err *e) must_check;
/* Whether all of SEAL, SHRINK, GROW and WRITE are set. */
bool memfd_is_sealed(int fd);
/* A writable one, not executable; seal it with memfd_seal() when full. */
int memfd_open(const char *name, int *ret_fd, struct err *e) must_check;
int memfd_seal(int fd, struct err *e) must_check;

/* A sealed executable copy of this program. */
int memfd_copy_self(int *ret_fd, struct err *e) must_check;

/*
 * Makes sure this process runs from a sealed copy of its program, so that nobody who gets hold of
 * /proc/PID/exe can write into the file on the host (CVE-2019-5736). Returns 0 when it does
 * already, which is decided by the seals of /proc/self/exe and nothing the caller controls;
 * otherwise executes the copy and does not return.
 */
int process_reexec_sealed(char *const argv[], char *const envp[], struct err *e) must_check;

/* program-file.c: a program that may only be executed, without a memfd; an O_PATH descriptor. Takes
 * CAP_SYS_ADMIN. */
int program_file(const char *name, const void *bytes, size_t size, int *ret_fd,
		 struct err *e) must_check;

#endif
