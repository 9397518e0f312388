/* block: how long requests are with the device. */
#include <linux/blk-mq.h>
#include <linux/blkdev.h>
#include "bpf.h"

struct sums {
	u64 requests;
	u64 bytes;
	u64 nanoseconds;
};

MAP(BPF_MAP_TYPE_HASH, struct request *, u64, 10240) issued SEC(".maps");
MAP(BPF_MAP_TYPE_HASH, u32, struct sums, 256) by_operation SEC(".maps");

SEC("raw_tracepoint/block_rq_issue")
int on_issue(struct bpf_raw_tracepoint_args *context)
{
	struct request *request = (void *)context->args[0];
	u64 time = bpf_now();

	bpf_map_update(&issued, &request, &time, BPF_ANY);
	return 0;
}

SEC("raw_tracepoint/block_rq_complete")
int on_complete(struct bpf_raw_tracepoint_args *context)
{
	struct request *request = (void *)context->args[0];
	u64 *time = bpf_map_lookup(&issued, &request);
	u32 operation = FIELD(request, cmd_flags) & REQ_OP_MASK;
	struct sums *sums, first = {};

	if (!time)
		return 0;
	first.requests = 1;
	first.bytes = context->args[2];
	first.nanoseconds = bpf_now() - *time;
	bpf_map_delete(&issued, &request);
	sums = bpf_map_lookup(&by_operation, &operation);
	if (sums) {
		sums->requests++;
		sums->bytes += first.bytes;
		sums->nanoseconds += first.nanoseconds;
	} else {
		bpf_map_update(&by_operation, &operation, &first, BPF_NOEXIST);
	}
	return 0;
}
