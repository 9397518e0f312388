/* kprobe and kretprobe: how long vfs_read() takes, as a histogram of powers of two. */
#include <linux/ptrace.h>
#include <linux/log2.h>
#include "bpf.h"

MAP(BPF_MAP_TYPE_HASH, u64, u64, 10240) started SEC(".maps");
MAP(BPF_MAP_TYPE_ARRAY, u32, u64, 32) histogram SEC(".maps");

SEC("kprobe/vfs_read")
int on_read(struct pt_regs *regs)
{
	u64 thread = bpf_current_ids();
	u64 time = bpf_now();

	bpf_map_update(&started, &thread, &time, BPF_ANY);
	return 0;
}

SEC("kretprobe/vfs_read")
int on_read_done(struct pt_regs *regs)
{
	u64 thread = bpf_current_ids();
	u64 *time = bpf_map_lookup(&started, &thread);
	u64 microseconds, *count;
	u32 slot = 0;

	if (!time)
		return 0;
	microseconds = (bpf_now() - *time) / 1000;
	bpf_map_delete(&started, &thread);
	if ((long)RESULT(regs) < 0)
		return 0;
#pragma unroll
	for (int bit = 1; bit < 32; bit++)
		if (microseconds >> bit)
			slot = bit;
	count = bpf_map_lookup(&histogram, &slot);
	if (count)
		__sync_fetch_and_add(count, 1);
	return 0;
}
