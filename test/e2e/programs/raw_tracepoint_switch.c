/* scheduler: how long a task waits for a processor after it was woken. */
#include <linux/sched.h>
#include "bpf.h"

struct latency {
	u64 total;
	u64 switches;
	int priority;
};

MAP(BPF_MAP_TYPE_HASH, u32, u64, 10240) woken SEC(".maps");
MAP(BPF_MAP_TYPE_HASH, u32, struct latency, 10240) waits SEC(".maps");

SEC("raw_tracepoint/sched_wakeup")
int on_wakeup(struct bpf_raw_tracepoint_args *context)
{
	struct task_struct *task = (void *)context->args[0];
	u32 thread = FIELD(task, pid);
	u64 time = bpf_now();

	bpf_map_update(&woken, &thread, &time, BPF_ANY);
	return 0;
}

SEC("raw_tracepoint/sched_switch")
int on_switch(struct bpf_raw_tracepoint_args *context)
{
	struct task_struct *next = (void *)context->args[2];
	u32 thread = FIELD(next, pid);
	u64 *time = bpf_map_lookup(&woken, &thread);
	struct latency *known, first = {};

	if (!time)
		return 0;
	first.total = bpf_now() - *time;
	first.switches = 1;
	first.priority = FIELD(next, prio);
	bpf_map_delete(&woken, &thread);
	known = bpf_map_lookup(&waits, &thread);
	if (known) {
		known->total += first.total;
		known->switches++;
	} else {
		bpf_map_update(&waits, &thread, &first, BPF_ANY);
	}
	return 0;
}
