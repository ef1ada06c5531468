/*
 * Words to the outside. Until READY the runtime listens on the handshake socket, after it the
 * process that calls `start` reads the result FIFO; an error is one datagram, or one write of less
 * than PIPE_BUF bytes, so it arrives whole. Only write(2) and read(2) are used: behind a filter
 * little else may be left.
 */
#include "launch.h"

#include <linux/errno.h>

/* The compiler calls these two by itself. */
void *memcpy(void *to, const void *from, size_t size);
void *memset(void *to, int value, size_t size);

void *memcpy(void *to, const void *from, size_t size)
{
	for (size_t i = 0; i < size; i++)
		((char *)to)[i] = ((const char *)from)[i];
	return to;
}

void *memset(void *to, int value, size_t size)
{
	for (size_t i = 0; i < size; i++)
		((char *)to)[i] = (char)value;
	return to;
}

unsigned int text_length(const char *text)
{
	unsigned int length = 0;

	while (text[length])
		length++;
	return length;
}

bool text_is(const char *a, const char *b)
{
	while (*a && *a == *b) {
		a++;
		b++;
	}
	return *a == *b;
}

void error_text(struct launch_error *error, const char *text)
{
	unsigned int at = text_length(error->text);

	while (*text && at < sizeof(error->text) - 1)
		error->text[at++] = *text++;
	error->text[at] = '\0';
}

void error_number(struct launch_error *error, long number)
{
	char digits[24];
	unsigned int at = sizeof(digits) - 1;
	unsigned long rest = number < 0 ? 0UL - (unsigned long)number : (unsigned long)number;

	digits[at] = '\0';
	do {
		digits[--at] = (char)('0' + rest % 10);
		rest /= 10;
	} while (rest);
	if (number < 0)
		digits[--at] = '-';
	error_text(error, digits + at);
}

_Noreturn void launch_exit(int status)
{
	/* A filter may forbid either; what is left then is a deadly fault. */
	SYS(__NR_exit_group, status);
	SYS(__NR_exit, status);
	__builtin_trap();
}

static void write_message(const struct launch *launch, const struct launch_message *message,
			  unsigned int size)
{
	long result;

	do {
		result = SYS(__NR_write, launch->blob->sync_fd, message, size);
	} while (result == -EINTR);
	if (result < 0)
		launch_exit(EXIT_FAILED);
}

static int exit_status(long code)
{
	if (code == ENOENT || code == ENOTDIR)
		return EXIT_NOT_FOUND;
	if (code == EACCES || code == ENOEXEC || code == EISDIR || code == EPERM)
		return EXIT_NOT_RUNNABLE;
	return EXIT_FAILED;
}

_Noreturn void launch_give_up(const struct launch *launch, struct launch_error *error)
{
	const struct launch_blob *blob = launch->blob;

	if (launch->is_ready && blob->result_fd >= 0) {
		SYS(__NR_write, blob->result_fd, error, sizeof(*error));
	} else {
		struct launch_message message = {.kind = MESSAGE_ERROR, .error = *error};

		write_message(launch, &message, sizeof(message));
	}
	launch_exit(exit_status(error->code));
}

static void error_make(struct launch_error *error, long code, const char *what, const char *object)
{
	error->code = (int32_t)(code < 0 ? -code : code);
	error->text[0] = '\0';
	error_text(error, what);
	if (object) {
		error_text(error, " '");
		error_text(error, object);
		error_text(error, "'");
	}
}

_Noreturn void launch_fail(const struct launch *launch, long code, const char *what,
			   const char *object)
{
	struct launch_error error = {.show_errno = 1};

	error_make(&error, code, what, object);
	launch_give_up(launch, &error);
}

_Noreturn void launch_refuse(const struct launch *launch, long code, const char *what,
			     const char *object)
{
	struct launch_error error = {.show_errno = 0};

	error_make(&error, code, what, object);
	launch_give_up(launch, &error);
}

void launch_announce(const struct launch *launch)
{
	struct launch_error nothing = {.code = 0};

	if (launch->blob->result_fd >= 0)
		SYS(__NR_write, launch->blob->result_fd, &nothing, sizeof(nothing));
}

void launch_warn(const struct launch *launch, const char *text, long number)
{
	struct launch_message message = {.kind = MESSAGE_LOG, .number = 1 /* LOG_LEVEL_WARNING */};

	error_text(&message.error, text);
	error_number(&message.error, number);
	write_message(launch, &message, sizeof(message));
}

void launch_send(const struct launch *launch, enum launch_message_kind kind, long number)
{
	struct launch_message message = {.kind = kind, .number = (int32_t)number};

	write_message(launch, &message, LAUNCH_MESSAGE_SHORT);
}

enum launch_message_kind launch_receive(const struct launch *launch)
{
	struct launch_message message = {.kind = 0};
	long result;

	do {
		result = SYS(__NR_read, launch->blob->sync_fd, &message, sizeof(message));
	} while (result == -EINTR);
	if (result < (long)LAUNCH_MESSAGE_SHORT)
		launch_exit(EXIT_FAILED);
	return message.kind;
}
