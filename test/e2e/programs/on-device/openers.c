/* kprobe: keeps of each process that opens a file what its task_struct says, for a test to compare. */
#include <linux/sched.h>
#include <linux/ptrace.h>
#include "../bpf.h"

struct opener {
	u32 tgid;
	u32 parent;
	char name[TASK_COMM_LEN];
};

MAP(BPF_MAP_TYPE_HASH, u32, struct opener, 1024) openers SEC(".maps");

SEC("kprobe/do_sys_openat2")
int on_open(struct pt_regs *regs)
{
	struct task_struct *task = (void *)bpf_current_task();
	struct opener opener = {};
	u32 pid = bpf_current_ids() >> 32;

	opener.tgid = FIELD(task, tgid);
	opener.parent = FIELD(FIELD(task, real_parent), tgid);
	bpf_read_kernel_text(opener.name, sizeof(opener.name), task->comm);
	bpf_map_update(&openers, &pid, &opener, BPF_ANY);
	return 0;
}
