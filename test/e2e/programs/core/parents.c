/* CO-RE: keeps of each process that opens a file who its parent is, by offsets that libbpf puts in when it loads this. */
#include "vmlinux.h"
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_tracing.h>
#include <bpf/bpf_core_read.h>

/* As the kernel's, by the rules of CO-RE, with its members in other places: nothing is right before it is relocated. */
struct task_struct___moved {
	int tgid;
	struct task_struct___moved *real_parent;
	char comm[16];
} __attribute__((preserve_access_index));

struct parent {
	__u32 tgid;
	char name[16];
};

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 1024);
	__type(key, __u32);
	__type(value, struct parent);
} parents SEC(".maps");

SEC("kprobe/do_sys_openat2")
int BPF_KPROBE(on_open)
{
	struct task_struct *task = (void *)bpf_get_current_task();
	struct task_struct___moved *moved = (void *)task;
	struct parent parent = { .tgid = BPF_CORE_READ(task, real_parent, tgid) };
	__u32 pid = bpf_get_current_pid_tgid() >> 32;

	/* Only if both ways lead to the same. */
	if (parent.tgid != (__u32)BPF_CORE_READ(moved, real_parent, tgid))
		return 0;
	BPF_CORE_READ_STR_INTO(&parent.name, moved, comm);
	bpf_map_update_elem(&parents, &pid, &parent, BPF_ANY);
	return 0;
}

char LICENSE[] SEC("license") = "GPL";
