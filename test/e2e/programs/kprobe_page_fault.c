/* kprobe in the memory manager: faults by process, with the size of its address space. */
#include <linux/mm_types.h>
#include <linux/mm.h>
#include <linux/ptrace.h>
#include <linux/sched.h>
#include "bpf.h"

struct faults {
	u64 count;
	u64 last_address;
	u64 pages;
};

MAP(BPF_MAP_TYPE_HASH, u32, struct faults, 4096) by_process SEC(".maps");

SEC("kprobe/handle_mm_fault")
int on_fault(struct pt_regs *regs)
{
	struct vm_area_struct *area = (void *)ARGUMENT_1(regs);
	struct faults *known, first = { .count = 1 };
	u32 process = bpf_current_ids() >> 32;

	known = bpf_map_lookup(&by_process, &process);
	if (known) {
		known->count++;
		known->last_address = ARGUMENT_2(regs);
		return 0;
	}
	first.last_address = ARGUMENT_2(regs);
	first.pages = FIELD(FIELD(area, vm_mm), total_vm);
	bpf_map_update(&by_process, &process, &first, BPF_NOEXIST);
	return 0;
}
