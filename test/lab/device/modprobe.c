// SPDX-License-Identifier: Apache-2.0
/*
 * modprobe that behaves as Android's own does since Android 11 (system/core/toolbox/modprobe.cpp and
 * system/core/libmodprobe): it looks into the folders given with -d for `modules.dep`, else into /lib/modules; it takes
 * "already loaded" for success; of a failure it says little, and removing a module always succeeds.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/utsname.h>
#include <unistd.h>

#define MAX_FOLDERS 32
#define LIB_MODULES "/lib/modules/"

static const char *folders[MAX_FOLDERS];
static int folder_count;
static bool quiet;

static void add_folder(const char *path)
{
	if (folder_count < MAX_FOLDERS)
		folders[folder_count++] = path;
}

static void say_error(const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	fputs("modprobe: ", stderr);
	vfprintf(stderr, format, arguments);
	fputc('\n', stderr);
	va_end(arguments);
}

/* Adds the folders below /lib/modules that are named for this kernel's series, and /lib/modules itself. */
static bool add_default_folders(void)
{
	char series[65];
	struct utsname names;
	unsigned int major, minor;
	struct dirent *entry;
	DIR *directory = opendir(LIB_MODULES);

	if (!directory) {
		say_error("Failed to scan dir " LIB_MODULES ": %s", strerror(errno));
		return false;
	}
	if (uname(&names) == 0 && sscanf(names.release, "%u.%u", &major, &minor) == 2) {
		snprintf(series, sizeof(series), "%u.%u", major, minor);
		while ((entry = readdir(directory))) {
			char *path;

			if (strncmp(entry->d_name, series, strlen(series)) != 0)
				continue;
			if (asprintf(&path, LIB_MODULES "%s", entry->d_name) < 0)
				exit(EXIT_FAILURE);
			add_folder(path);
		}
	}
	closedir(directory);
	add_folder(LIB_MODULES);
	return true;
}

/* Whether the path of a module file names `module`; `-` and `_` are the same. */
static bool names_module(const char *path, size_t length, const char *module)
{
	const char *name = path;

	for (size_t at = 0; at < length; at++)
		if (path[at] == '/')
			name = path + at + 1;
	length -= (size_t)(name - path);
	if (length < 3 || memcmp(name + length - 3, ".ko", 3) != 0 || strlen(module) != length - 3)
		return false;
	for (size_t at = 0; at < length - 3; at++)
		if ((name[at] == '-' ? '_' : name[at]) != (module[at] == '-' ? '_' : module[at]))
			return false;
	return true;
}

/* The path of `module` as the `modules.dep` of one of the folders gives it, or NULL. */
static char *find_module(const char *module)
{
	for (int at = 0; at < folder_count; at++) {
		char *list, *path = NULL, *line = NULL;
		size_t size = 0;
		FILE *file;

		if (asprintf(&list, "%s/modules.dep", folders[at]) < 0)
			exit(EXIT_FAILURE);
		file = fopen(list, "re");
		free(list);
		while (file && !path && getline(&line, &size, file) > 0) {
			size_t length = strcspn(line, ":");

			if (!names_module(line, length, module))
				continue;
			line[length] = '\0';
			if (line[0] == '/')
				path = strdup(line);
			else if (asprintf(&path, "%s/%s", folders[at], line) < 0)
				exit(EXIT_FAILURE);
		}
		free(line);
		if (file)
			fclose(file);
		if (path)
			return path;
	}
	return NULL;
}

static bool load(const char *module, const char *parameters)
{
	char *path = find_module(module);
	struct stat status;
	int failure = ENOENT;

	if (path && stat(path, &status) == 0 && S_ISREG(status.st_mode)) {
		int file = open(path, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);

		if (!quiet)
			printf("Loading module %s with args '%s'\n", path, parameters);
		fflush(stdout);
		if (syscall(SYS_finit_module, file, parameters, 0) == 0 || errno == EEXIST)
			return true;
		failure = errno;
		say_error("Failed to insmod '%s' with args '%s'", path, parameters);
	}
	say_error("LoadWithAliases was unable to load %s, tried: %s", module, module);
	say_error("Failed to load module %s: %s", module, strerror(failure));
	return false;
}

int main(int argc, char **argv)
{
	const char *parameters = "";
	bool removing = false, failed = false;
	int option, modules = 0;

	while ((option = getopt(argc, argv, "abd:qrsv")) != -1) {
		switch (option) {
		case 'd':
			add_folder(optarg);
			break;
		case 'q':
			quiet = true;
			break;
		case 'r':
			removing = true;
			break;
		case 'a':
		case 'b':
		case 's':
		case 'v':
			break;
		default:
			say_error("Unrecognized option: %d", option);
			return EXIT_FAILURE;
		}
	}
	for (int at = optind; at < argc; at++) {
		if (strchr(argv[at], '='))
			parameters = argv[at];
		else
			modules++;
	}
	if (folder_count == 0 && !add_default_folders())
		return EXIT_FAILURE;
	if (modules == 0) {
		say_error("No modules given.");
		return EXIT_FAILURE;
	}
	for (int at = optind; at < argc; at++) {
		if (strchr(argv[at], '='))
			continue;
		if (!removing)
			failed |= !load(argv[at], parameters);
		else if (syscall(SYS_delete_module, argv[at], O_NONBLOCK) != 0)
			say_error("Failed to remove module '%s': %s", argv[at], strerror(errno));
	}
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
