/* kprobe: who opens which file, with the parent of who does. */
#include <linux/sched.h>
#include <linux/ptrace.h>
#include "bpf.h"

struct event {
	u32 pid;
	u32 parent;
	char name[TASK_COMM_LEN];
	char path[128];
};

PERF_EVENTS events SEC(".maps");

SEC("kprobe/do_sys_openat2")
int on_open(struct pt_regs *regs)
{
	struct task_struct *task = (void *)bpf_current_task();
	struct event event = {};

	event.pid = FIELD(task, tgid);
	event.parent = FIELD(FIELD(task, real_parent), tgid);
	bpf_current_name(event.name, sizeof(event.name));
	bpf_read_user_text(event.path, sizeof(event.path), (void *)ARGUMENT_2(regs));
	bpf_send_event(regs, &events, BPF_F_CURRENT_CPU, &event, sizeof(event));
	return 0;
}
