// SPDX-License-Identifier: GPL-2.0
/*
 * Shows an archive as /proc/kheaders.tar.xz, where the original patch has it and the kernels before 5.2 that took it over.
 * It is built as `kheaders.ko`.
 */
#include <linux/fs.h>
#include <linux/init.h>
#include <linux/module.h>
#include <linux/proc_fs.h>
#include <linux/uaccess.h>

#define NAME "kheaders.tar.xz"

asm(
"	.pushsection .rodata, \"a\"				\n"
"	.global lab_kheaders_data				\n"
"lab_kheaders_data:						\n"
"	.incbin \"kernel/kheaders_data.tar.xz\"			\n"
"	.global lab_kheaders_data_end				\n"
"lab_kheaders_data_end:						\n"
"	.popsection						\n"
);

extern char lab_kheaders_data[];
extern char lab_kheaders_data_end[];

static ssize_t kheaders_read(struct file *file, char __user *buffer, size_t length, loff_t *offset)
{
	return simple_read_from_buffer(buffer, length, offset, lab_kheaders_data,
				       lab_kheaders_data_end - lab_kheaders_data);
}

static const struct proc_ops kheaders_ops = {
	.proc_read = kheaders_read,
	.proc_lseek = default_llseek,
};

static int __init kheaders_init(void)
{
	struct proc_dir_entry *entry = proc_create(NAME, S_IFREG | 0444, NULL, &kheaders_ops);

	if (!entry)
		return -ENOMEM;
	proc_set_size(entry, lab_kheaders_data_end - lab_kheaders_data);
	return 0;
}

static void __exit kheaders_exit(void)
{
	remove_proc_entry(NAME, NULL);
}

module_init(kheaders_init);
module_exit(kheaders_exit);

MODULE_LICENSE("GPL");
MODULE_DESCRIPTION("What builds modules for a stock kernel, as /proc/" NAME);
