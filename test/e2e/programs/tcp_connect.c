/* network: connections that are opened, from where and to where. */
#include <linux/ptrace.h>
#include <net/inet_sock.h>
#include <net/net_namespace.h>
#include <net/sock.h>
#include "bpf.h"

struct connection {
	u32 from;
	u32 to;
	u16 from_port;
	u16 to_port;
	u32 namespace;
	u32 pid;
};

PERF_EVENTS events SEC(".maps");

SEC("kprobe/tcp_connect")
int on_connect(struct pt_regs *regs)
{
	struct sock *sock = (void *)ARGUMENT_1(regs);
	struct connection connection = {};

	if (FIELD(sock, __sk_common.skc_family) != AF_INET)
		return 0;
	connection.from = FIELD(inet_sk(sock), inet_saddr);
	connection.to = FIELD(sock, __sk_common.skc_daddr);
	connection.from_port = FIELD(sock, __sk_common.skc_num);
	connection.to_port = FIELD(sock, __sk_common.skc_dport);
	connection.namespace = FIELD(FIELD(sock, __sk_common.skc_net.net), ns.inum);
	connection.pid = bpf_current_ids() >> 32;
	bpf_send_event(regs, &events, BPF_F_CURRENT_CPU, &connection, sizeof(connection));
	return 0;
}
