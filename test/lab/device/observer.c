// SPDX-License-Identifier: Apache-2.0
/*
 * Tells on the console when the module kheaders comes and goes. It looks at /proc/modules itself, and needs neither adbd
 * nor a link to the workstation.
 */
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static const useconds_t pause_microseconds = 50 * 1000;

static int is_loaded(void)
{
	FILE *modules = fopen("/proc/modules", "re");
	char line[512];
	int found = 0;

	if (!modules)
		return 0;
	while (!found && fgets(line, sizeof(line), modules))
		found = strncmp(line, "kheaders ", strlen("kheaders ")) == 0;
	fclose(modules);
	return found;
}

int main(void)
{
	int before = -1;

	/* It lives on when the shell that started it is gone. */
	if (daemon(0, 0) != 0)
		return 1;
	for (;;) {
		int now = is_loaded();

		if (now != before) {
			int console = open("/dev/console", O_WRONLY | O_CLOEXEC);

			dprintf(console, "observer: the module is %s\n", now ? "loaded" : "gone");
			close(console);
		}
		before = now;
		usleep(pause_microseconds);
	}
}
