/** A header that tracers include, and a type that they know from it. */
export interface TracerHeader {
  readonly header: string;
  readonly type: string;
}

/** What the tools of bcc and bpftrace include most, from scheduling to devices. All of it is older than kheaders itself. */
export const tracerHeaders: readonly TracerHeader[] = [
  { header: "linux/sched.h", type: "struct task_struct" },
  { header: "linux/sched/signal.h", type: "struct signal_struct" },
  { header: "linux/cred.h", type: "struct cred" },
  { header: "linux/nsproxy.h", type: "struct nsproxy" },
  { header: "linux/pid_namespace.h", type: "struct pid_namespace" },
  { header: "linux/cgroup.h", type: "struct cgroup" },
  { header: "linux/mm_types.h", type: "struct mm_struct" },
  { header: "linux/mm.h", type: "struct vm_fault" },
  { header: "linux/oom.h", type: "struct oom_control" },
  { header: "linux/fs.h", type: "struct file" },
  { header: "linux/dcache.h", type: "struct dentry" },
  { header: "linux/fdtable.h", type: "struct fdtable" },
  { header: "linux/blkdev.h", type: "struct request_queue" },
  { header: "linux/blk-mq.h", type: "struct blk_mq_hw_ctx" },
  { header: "linux/bio.h", type: "struct bio" },
  { header: "linux/skbuff.h", type: "struct sk_buff" },
  { header: "linux/netdevice.h", type: "struct net_device" },
  { header: "net/sock.h", type: "struct sock" },
  { header: "net/inet_sock.h", type: "struct inet_sock" },
  { header: "net/tcp.h", type: "struct tcp_sock" },
  { header: "linux/ptrace.h", type: "struct pt_regs" },
  { header: "linux/kprobes.h", type: "struct kprobe" },
  { header: "linux/perf_event.h", type: "struct perf_event" },
  { header: "linux/bpf.h", type: "struct bpf_map" },
  { header: "linux/interrupt.h", type: "struct irqaction" },
  { header: "linux/workqueue.h", type: "struct work_struct" },
];

/** A program that compiles only if the header does, and defines its type. */
export function programFor({ header, type }: TracerHeader): string {
  return `#include <${header}>\n\nunsigned long size_of_type(void)\n{\n\treturn sizeof(${type});\n}\n`;
}
