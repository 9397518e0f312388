/* network: packets that the kernel drops, by the device and the protocol. */
#include <linux/netdevice.h>
#include <linux/skbuff.h>
#include "bpf.h"

struct flow {
	char device[IFNAMSIZ];
	u16 protocol;
};

MAP(BPF_MAP_TYPE_HASH, struct flow, u64, 1024) dropped_bytes SEC(".maps");

SEC("raw_tracepoint/kfree_skb")
int on_drop(struct bpf_raw_tracepoint_args *context)
{
	struct sk_buff *skb = (void *)context->args[0];
	struct net_device *device = FIELD(skb, dev);
	struct flow flow = {};
	u64 bytes = FIELD(skb, len), *known;

	flow.protocol = FIELD(skb, protocol);
	if (device)
		bpf_read_kernel_text(flow.device, sizeof(flow.device), device->name);
	known = bpf_map_lookup(&dropped_bytes, &flow);
	if (known)
		__sync_fetch_and_add(known, bytes);
	else
		bpf_map_update(&dropped_bytes, &flow, &bytes, BPF_NOEXIST);
	return 0;
}
