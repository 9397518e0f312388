// SPDX-License-Identifier: GPL-2.0
/*
 * Shows a kernel's configuration as /proc/config.gz, as kernel/configs.c does where a kernel has CONFIG_IKCONFIG_PROC.
 */
#include <linux/fs.h>
#include <linux/init.h>
#include <linux/module.h>
#include <linux/proc_fs.h>
#include <linux/uaccess.h>

asm(
"	.pushsection .rodata, \"a\"		\n"
"	.global lab_config_data			\n"
"lab_config_data:				\n"
"	.incbin \"config_data.gz\"		\n"
"	.global lab_config_data_end		\n"
"lab_config_data_end:				\n"
"	.popsection				\n"
);

extern char lab_config_data[];
extern char lab_config_data_end[];

static ssize_t config_read(struct file *file, char __user *buffer, size_t length, loff_t *offset)
{
	return simple_read_from_buffer(buffer, length, offset, lab_config_data,
				       lab_config_data_end - lab_config_data);
}

static const struct proc_ops config_ops = {
	.proc_read = config_read,
	.proc_lseek = default_llseek,
};

static int __init config_init(void)
{
	struct proc_dir_entry *entry = proc_create("config.gz", S_IFREG | 0444, NULL, &config_ops);

	if (!entry)
		return -ENOMEM;
	proc_set_size(entry, lab_config_data_end - lab_config_data);
	return 0;
}

module_init(config_init);

MODULE_LICENSE("GPL");
MODULE_DESCRIPTION("The configuration of a stock kernel as /proc/config.gz");
