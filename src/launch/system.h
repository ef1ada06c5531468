/* System calls without a libc: numbers from the kernel's headers, one inline function for each
 * machine, and the entry of the program. The only place with #if in this layer. */
#ifndef SYSTEM_H
#define SYSTEM_H

#include <asm/unistd.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* The signal action as the kernel takes it; every machine here has 64 signals in one word. */
#if defined(__x86_64__)

struct system_sigaction {
	void (*handler)(int);
	unsigned long flags;
	void (*restorer)(void);
	uint64_t mask;
};
#define SYSTEM_SA_FLAGS 0x04000000UL /* SA_RESTORER: the kernel delivers nothing without */

static inline long system_call(long number, long a, long b, long c, long d, long e, long f)
{
	register long r10 __asm__("r10") = d;
	register long r8 __asm__("r8") = e;
	register long r9 __asm__("r9") = f;
	long result;

	__asm__ volatile("syscall"
			 : "=a"(result)
			 : "a"(number), "D"(a), "S"(b), "d"(c), "r"(r10), "r"(r8), "r"(r9)
			 : "rcx", "r11", "memory");
	return result;
}

#define SYSTEM_ENTRY                  \
	__asm__(".globl _start\n"     \
		"_start:\n"           \
		"	xor %ebp, %ebp\n"   \
		"	mov %rsp, %rdi\n"   \
		"	and $-16, %rsp\n"   \
		"	call launch_main\n" \
		"	hlt\n")

#elif defined(__aarch64__)

struct system_sigaction {
	void (*handler)(int);
	unsigned long flags;
	void (*restorer)(void);
	uint64_t mask;
};
#define SYSTEM_SA_FLAGS 0UL

static inline long system_call(long number, long a, long b, long c, long d, long e, long f)
{
	register long x8 __asm__("x8") = number;
	register long x0 __asm__("x0") = a;
	register long x1 __asm__("x1") = b;
	register long x2 __asm__("x2") = c;
	register long x3 __asm__("x3") = d;
	register long x4 __asm__("x4") = e;
	register long x5 __asm__("x5") = f;

	__asm__ volatile("svc #0"
			 : "+r"(x0)
			 : "r"(x8), "r"(x1), "r"(x2), "r"(x3), "r"(x4), "r"(x5)
			 : "memory");
	return x0;
}

#define SYSTEM_ENTRY                \
	__asm__(".globl _start\n"   \
		"_start:\n"         \
		"	mov x29, #0\n"    \
		"	mov x30, #0\n"    \
		"	mov x0, sp\n"     \
		"	bl launch_main\n" \
		"	brk #1\n")

#elif defined(__riscv) && __riscv_xlen == 64

struct system_sigaction {
	void (*handler)(int);
	unsigned long flags;
	uint64_t mask;
};
#define SYSTEM_SA_FLAGS 0UL

static inline long system_call(long number, long a, long b, long c, long d, long e, long f)
{
	register long a7 __asm__("a7") = number;
	register long a0 __asm__("a0") = a;
	register long a1 __asm__("a1") = b;
	register long a2 __asm__("a2") = c;
	register long a3 __asm__("a3") = d;
	register long a4 __asm__("a4") = e;
	register long a5 __asm__("a5") = f;

	__asm__ volatile("ecall"
			 : "+r"(a0)
			 : "r"(a7), "r"(a1), "r"(a2), "r"(a3), "r"(a4), "r"(a5)
			 : "memory");
	return a0;
}

#define SYSTEM_ENTRY                          \
	__asm__(".globl _start\n"             \
		"_start:\n"                   \
		"	.option push\n"             \
		"	.option norelax\n"          \
		"	la gp, __global_pointer$\n" \
		"	.option pop\n"              \
		"	mv a0, sp\n"                \
		"	andi sp, sp, -16\n"         \
		"	call launch_main\n"         \
		"	ebreak\n")

#else
#error "the launch program knows x86_64, aarch64 and riscv64"
#endif

#ifndef __NR_close_range
#define __NR_close_range 436
#endif
#ifndef __NR_faccessat2
#define __NR_faccessat2 439
#endif

/* Results are the kernel's: -errno on failure. */
#define SYS_SELECT(_1, _2, _3, _4, _5, _6, name, ...) name
#define SYS1(n, a)				      system_call(n, (long)(a), 0, 0, 0, 0, 0)
#define SYS2(n, a, b)				      system_call(n, (long)(a), (long)(b), 0, 0, 0, 0)
#define SYS3(n, a, b, c)			      system_call(n, (long)(a), (long)(b), (long)(c), 0, 0, 0)
#define SYS4(n, a, b, c, d)			      system_call(n, (long)(a), (long)(b), (long)(c), (long)(d), 0, 0)
#define SYS5(n, a, b, c, d, e) \
	system_call(n, (long)(a), (long)(b), (long)(c), (long)(d), (long)(e), 0)
#define SYS6(n, a, b, c, d, e, f) \
	system_call(n, (long)(a), (long)(b), (long)(c), (long)(d), (long)(e), (long)(f))
#define SYS(n, ...) SYS_SELECT(__VA_ARGS__, SYS6, SYS5, SYS4, SYS3, SYS2, SYS1, )(n, __VA_ARGS__)

#define SYSTEM_AT_FDCWD -100

#endif
