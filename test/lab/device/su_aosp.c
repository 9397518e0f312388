// SPDX-License-Identifier: Apache-2.0
/*
 * su as AOSP's userdebug builds have it (system/extras/su/su.cpp): `su [WHO [COMMAND...]]`. WHO is a user id or name, so
 * that `su -c` fails with "invalid uid/gid"; COMMAND is executed in this very process, with its session and signals.
 * Installed setuid root, mode 04750, group shell.
 */
#include <errno.h>
#include <error.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define AID_ROOT 0
#define AID_SHELL 2000

static uid_t id_of(const char *who)
{
	char *end;
	unsigned long id;

	if (strcmp(who, "root") == 0)
		return AID_ROOT;
	if (strcmp(who, "shell") == 0)
		return AID_SHELL;
	id = strtoul(who, &end, 10);
	if (end == who)
		error(1, 0, "invalid uid/gid '%s'", who);
	return (uid_t)id;
}

int main(int argc, char **argv)
{
	static char *const shell[] = { "/system/bin/sh", NULL };
	char *const *command = argc > 2 ? argv + 2 : shell;
	uid_t caller = getuid();
	uid_t id = argc > 1 ? id_of(argv[1]) : AID_ROOT;

	if (caller != AID_ROOT && caller != AID_SHELL)
		error(1, 0, "not allowed");
	if (setgid(id) != 0 || setuid(id) != 0)
		error(1, errno, "setuid failed");
	setenv("PATH",
	       "/product/bin:/apex/com.android.runtime/bin:/system_ext/bin:/system/bin:/system/xbin:/odm/bin:/vendor/bin",
	       1);
	unsetenv("IFS");
	execvp(command[0], command);
	error(1, errno, "failed to exec %s", command[0]);
}
