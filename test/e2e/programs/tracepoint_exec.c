/* tracepoint: programs that are started, with the user and the namespace in which it happens. */
#include <linux/cred.h>
#include <linux/nsproxy.h>
#include <linux/pid_namespace.h>
#include <linux/sched.h>
#include "bpf.h"

struct event {
	u32 pid;
	u32 user;
	u32 namespace;
	char name[TASK_COMM_LEN];
};

PERF_EVENTS events SEC(".maps");

SEC("tracepoint/sched/sched_process_exec")
int on_exec(void *context)
{
	struct task_struct *task = (void *)bpf_current_task();
	const struct cred *cred = FIELD(task, real_cred);
	struct nsproxy *namespaces = FIELD(task, nsproxy);
	struct event event = {};

	event.pid = bpf_current_ids() >> 32;
	event.user = FIELD(cred, uid).val;
	event.namespace = FIELD(FIELD(namespaces, pid_ns_for_children), ns.inum);
	bpf_current_name(event.name, sizeof(event.name));
	bpf_send_event(context, &events, BPF_F_CURRENT_CPU, &event, sizeof(event));
	return 0;
}
