// SPDX-License-Identifier: Apache-2.0
/*
 * Android's getprop over a folder: the value of a property is the content of the file of its name. So a value can hold
 * any bytes.
 */
#include <dirent.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define PROPERTIES "/lab/properties"

static bool print_value(int folder, const char *name)
{
	char block[4096];
	ssize_t length;
	int file = openat(folder, name, O_RDONLY | O_CLOEXEC);

	if (file < 0)
		return false;
	while ((length = read(file, block, sizeof(block))) > 0)
		fwrite(block, 1, (size_t)length, stdout);
	close(file);
	return true;
}

static void print_all(int folder)
{
	DIR *directory = fdopendir(folder);
	struct dirent *entry;

	while (directory && (entry = readdir(directory))) {
		if (entry->d_name[0] == '.')
			continue;
		printf("[%s]: [", entry->d_name);
		print_value(folder, entry->d_name);
		puts("]");
	}
}

int main(int argc, char **argv)
{
	int folder = open(PROPERTIES, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	if (argc < 2) {
		print_all(folder);
		return 0;
	}
	if (!strchr(argv[1], '/') && print_value(folder, argv[1]))
		putchar('\n');
	else
		puts(argc > 2 ? argv[2] : "");
	return 0;
}
