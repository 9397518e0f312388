/* file system: which files are written, with the type of their file system. */
#include <linux/dcache.h>
#include <linux/fs.h>
#include <linux/ptrace.h>
#include "bpf.h"

struct event {
	u64 inode;
	s64 size;
	char file_system[16];
	char folder[64];
	char name[64];
};

PERF_EVENTS events SEC(".maps");

SEC("kprobe/vfs_write")
int on_write(struct pt_regs *regs)
{
	struct file *file = (void *)ARGUMENT_1(regs);
	struct inode *inode = FIELD(file, f_inode);
	struct dentry *entry = FIELD(file, f_path.dentry);
	struct event event = {};

	if (!S_ISREG(FIELD(inode, i_mode)))
		return 0;
	event.inode = FIELD(inode, i_ino);
	event.size = FIELD(inode, i_size);
	bpf_read_kernel_text(event.file_system, sizeof(event.file_system), FIELD(FIELD(FIELD(inode, i_sb), s_type), name));
	bpf_read_kernel_text(event.folder, sizeof(event.folder), FIELD(FIELD(entry, d_parent), d_name.name));
	bpf_read_kernel_text(event.name, sizeof(event.name), FIELD(entry, d_name.name));
	bpf_send_event(regs, &events, BPF_F_CURRENT_CPU, &event, sizeof(event));
	return 0;
}
