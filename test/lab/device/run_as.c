// SPDX-License-Identifier: Apache-2.0
/*
 * `run_as shell COMMAND...`: runs a command with the ids and groups that Android gives to its `shell` user
 * (system/core/libcutils/include/private/android_filesystem_config.h; adbd's main.cpp).
 */
#include <grp.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define AID_SHELL 2000

/* adb, log, input, sdcard_rw, inet, net_bw_stats, readproc */
static const gid_t groups[] = { 1011, 1007, 1004, 1015, 3003, 3006, 3009 };

int main(int argc, char **argv)
{
	if (argc < 3 || strcmp(argv[1], "shell") != 0) {
		fputs("usage: run_as shell COMMAND...\n", stderr);
		return 2;
	}
	if (setgroups(sizeof(groups) / sizeof(groups[0]), groups) != 0 || setgid(AID_SHELL) != 0 ||
	    setuid(AID_SHELL) != 0) {
		perror("run_as");
		return 1;
	}
	execv(argv[2], argv + 2);
	perror(argv[2]);
	return 1;
}
