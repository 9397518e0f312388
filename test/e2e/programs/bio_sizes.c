/* block: the sizes of what is submitted, by disk. */
#include <linux/bio.h>
#include <linux/blkdev.h>
#include <linux/ptrace.h>
#include "bpf.h"

struct disk {
	int major;
	int first_minor;
};

MAP(BPF_MAP_TYPE_HASH, struct disk, u64, 256) bytes_of SEC(".maps");

SEC("kprobe/submit_bio")
int on_submit(struct pt_regs *regs)
{
	struct bio *bio = (void *)ARGUMENT_1(regs);
	struct gendisk *gendisk = FIELD(FIELD(bio, bi_bdev), bd_disk);
	struct disk disk = { FIELD(gendisk, major), FIELD(gendisk, first_minor) };
	u64 bytes = FIELD(bio, bi_iter.bi_size), *known;

	known = bpf_map_lookup(&bytes_of, &disk);
	if (known)
		__sync_fetch_and_add(known, bytes);
	else
		bpf_map_update(&bytes_of, &disk, &bytes, BPF_NOEXIST);
	return 0;
}
