// SPDX-License-Identifier: Apache-2.0
/*
 * Unloads the module kheaders when another process has read a part of its archive, as somebody else may: from the device
 * itself, for a command that comes over the link can come too late.
 */
#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

static const char archive[] = "/sys/kernel/kheaders.tar.xz";
static const useconds_t pause_microseconds = 1000;

/* Whether a part of what the descriptor is open on has been read. */
static int is_begun(const char *pid, const char *fd)
{
	char path[64];
	unsigned long long position = 0;
	FILE *info;

	snprintf(path, sizeof(path), "/proc/%.10s/fdinfo/%.10s", pid, fd);
	info = fopen(path, "re");
	if (!info)
		return 0;
	if (fscanf(info, "pos: %llu", &position) != 1)
		position = 0;
	fclose(info);
	return position > 0;
}

static int reads_archive(const char *pid)
{
	char path[64], target[sizeof(archive)];
	struct dirent *entry;
	int found = 0;
	DIR *fds;

	snprintf(path, sizeof(path), "/proc/%.10s/fd", pid);
	fds = opendir(path);
	while (fds && !found && (entry = readdir(fds))) {
		ssize_t length = readlinkat(dirfd(fds), entry->d_name, target, sizeof(target));

		found = length == sizeof(archive) - 1 && memcmp(target, archive, length) == 0 &&
			is_begun(pid, entry->d_name);
	}
	if (fds)
		closedir(fds);
	return found;
}

int main(void)
{
	for (;;) {
		DIR *processes = opendir("/proc");
		struct dirent *entry;

		while (processes && (entry = readdir(processes)))
			if (entry->d_name[0] >= '1' && entry->d_name[0] <= '9' && reads_archive(entry->d_name))
				return syscall(SYS_delete_module, "kheaders", O_NONBLOCK) != 0;
		if (processes)
			closedir(processes);
		usleep(pause_microseconds);
	}
}
