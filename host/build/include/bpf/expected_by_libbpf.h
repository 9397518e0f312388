/*
 * What libbpf's headers expect to be there: types, `struct pt_regs`, and macros that they define only if the kernel does not,
 * which would then define them a second time.
 */
#pragma once
#include <linux/types.h>
#include <linux/kernel.h>
#include <linux/version.h>
#include <uapi/linux/bpf.h>
#include <asm/ptrace.h>

/*
 * include/linux/bpf.h of old kernels declares functions with the names of helpers: bpf_tail_call, bpf_get_stackid in Linux
 * 4.14, bpf_get_stack later; 6.1 has none. From here on these names mean libbpf's.
 */
#if LINUX_VERSION_CODE < KERNEL_VERSION(5, 15, 0)
#include <linux/bpf.h>
#define bpf_tail_call libbpf_tail_call
#define bpf_get_stackid libbpf_get_stackid
#define bpf_get_stack libbpf_get_stack
#endif
