/* What eBPF programs need beside the kernel's headers: sections, maps described by BTF, and the kernel's helpers. */
#ifndef PROGRAMS_BPF_H
#define PROGRAMS_BPF_H

#include <linux/types.h>
#include <uapi/linux/bpf.h>

#define SEC(name) __attribute__((section(name), used))
#define MAP(map_type, key_type, value_type, entries) \
	struct { \
		int (*type)[map_type]; \
		key_type *key; \
		value_type *value; \
		int (*max_entries)[entries]; \
	}
#define PERF_EVENTS \
	struct { \
		int (*type)[BPF_MAP_TYPE_PERF_EVENT_ARRAY]; \
		int (*key_size)[sizeof(u32)]; \
		int (*value_size)[sizeof(u32)]; \
	}

static void *(*bpf_map_lookup)(void *map, const void *key) = (void *)BPF_FUNC_map_lookup_elem;
static long (*bpf_map_update)(void *map, const void *key, const void *value, u64 flags) = (void *)BPF_FUNC_map_update_elem;
static long (*bpf_map_delete)(void *map, const void *key) = (void *)BPF_FUNC_map_delete_elem;
static long (*bpf_read_kernel)(void *to, u32 size, const void *from) = (void *)BPF_FUNC_probe_read_kernel;
static long (*bpf_read_kernel_text)(void *to, u32 size, const void *from) = (void *)BPF_FUNC_probe_read_kernel_str;
static long (*bpf_read_user_text)(void *to, u32 size, const void *from) = (void *)BPF_FUNC_probe_read_user_str;
static u64 (*bpf_now)(void) = (void *)BPF_FUNC_ktime_get_ns;
static u64 (*bpf_current_ids)(void) = (void *)BPF_FUNC_get_current_pid_tgid;
static u64 (*bpf_current_task)(void) = (void *)BPF_FUNC_get_current_task;
static long (*bpf_current_name)(void *to, u32 size) = (void *)BPF_FUNC_get_current_comm;
static long (*bpf_send_event)(void *context, void *map, u64 flags, void *data, u64 size) = (void *)BPF_FUNC_perf_event_output;

/* A field of a structure that lies in the kernel's memory; zero where it cannot be read. */
#define FIELD(pointer, field) \
	({ \
		typeof((pointer)->field) value_of_field; \
		bpf_read_kernel((void *)&value_of_field, sizeof(value_of_field), &(pointer)->field); \
		value_of_field; \
	})

/* The arguments of a function under a kprobe. */
#if defined(__TARGET_ARCH_x86)
#define ARGUMENT_1(regs) ((regs)->di)
#define ARGUMENT_2(regs) ((regs)->si)
#define RESULT(regs) ((regs)->ax)
#elif defined(__TARGET_ARCH_arm64)
#define ARGUMENT_1(regs) ((regs)->regs[0])
#define ARGUMENT_2(regs) ((regs)->regs[1])
#define RESULT(regs) ((regs)->regs[0])
#else
#error "the registers of this architecture are not known"
#endif

char program_license[] SEC("license") = "GPL";

#endif
