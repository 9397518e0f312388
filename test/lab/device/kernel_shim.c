// SPDX-License-Identifier: Apache-2.0
/*
 * Preloaded into every program of a simulated device, so that an invented kernel can be told of although the host's
 * kernel runs: some files of /proc are taken from /lab/proc instead (a missing one is missing), uname(2) says what is
 * in them, and reading the archive can be slowed down. Servers listen on the loopback address alone.
 */
#include <arpa/inet.h>
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/utsname.h>
#include <time.h>
#include <unistd.h>

#define ARCHIVE "/sys/kernel/kheaders.tar.xz"
#define NANOSECONDS 1000000000LL

/* Calls the function of the C library that this file's one of the same name hides. */
#define LIBRARY(function) ((typeof(&function))dlsym(RTLD_NEXT, #function))

static const char *const invented[] = {
	"/proc/config.gz",
	"/proc/modules",
	"/proc/sys/kernel/osrelease",
	"/proc/sys/kernel/random/boot_id",
	"/proc/sys/kernel/version",
	"/proc/version",
};

/* Bytes a second that the archive gives, of /lab/read-rate; 0 where it is not slowed down. */
static long long read_rate;

static size_t read_text(const char *path, char *text, size_t size)
{
	int file = LIBRARY(open)(path, O_RDONLY | O_CLOEXEC);
	ssize_t length = file < 0 ? 0 : LIBRARY(read)(file, text, size - 1);

	if (file >= 0)
		close(file);
	if (length < 0)
		length = 0;
	while (length > 0 && text[length - 1] == '\n')
		length--;
	text[length] = '\0';
	return (size_t)length;
}

__attribute__((constructor)) static void read_settings(void)
{
	char text[32];

	if (read_text("/lab/read-rate", text, sizeof(text)) > 0)
		read_rate = atoll(text);
}

/* The place from which a file is really taken; `space` holds it where it is another one. */
static const char *real_path(const char *path, char *space, size_t size)
{
	for (size_t at = 0; path && at < sizeof(invented) / sizeof(invented[0]); at++) {
		if (strcmp(path, invented[at]) != 0)
			continue;
		snprintf(space, size, "/lab%s", path);
		return space;
	}
	return path;
}

#define REAL(path) real_path(path, (char[64]){ 0 }, 64)

static mode_t mode_of(int flags, va_list arguments)
{
	return flags & (O_CREAT | O_TMPFILE) ? va_arg(arguments, mode_t) : 0;
}

int open(const char *path, int flags, ...)
{
	va_list arguments;
	mode_t mode;

	va_start(arguments, flags);
	mode = mode_of(flags, arguments);
	va_end(arguments);
	return LIBRARY(open)(REAL(path), flags, mode);
}

int open64(const char *path, int flags, ...)
{
	va_list arguments;
	mode_t mode;

	va_start(arguments, flags);
	mode = mode_of(flags, arguments);
	va_end(arguments);
	return LIBRARY(open64)(REAL(path), flags, mode);
}

int openat64(int folder, const char *path, int flags, ...)
{
	va_list arguments;
	mode_t mode;

	va_start(arguments, flags);
	mode = mode_of(flags, arguments);
	va_end(arguments);
	return LIBRARY(openat64)(folder, REAL(path), flags, mode);
}

FILE *fopen(const char *path, const char *mode)
{
	return LIBRARY(fopen)(REAL(path), mode);
}

FILE *fopen64(const char *path, const char *mode)
{
	return LIBRARY(fopen64)(REAL(path), mode);
}

int stat(const char *path, struct stat *status)
{
	return LIBRARY(stat)(REAL(path), status);
}

int stat64(const char *path, struct stat64 *status)
{
	return LIBRARY(stat64)(REAL(path), status);
}

int lstat(const char *path, struct stat *status)
{
	return LIBRARY(lstat)(REAL(path), status);
}

int lstat64(const char *path, struct stat64 *status)
{
	return LIBRARY(lstat64)(REAL(path), status);
}

int fstatat64(int folder, const char *path, struct stat64 *status, int flags)
{
	return LIBRARY(fstatat64)(folder, REAL(path), status, flags);
}

int access(const char *path, int mode)
{
	return LIBRARY(access)(REAL(path), mode);
}

int faccessat(int folder, const char *path, int mode, int flags)
{
	return LIBRARY(faccessat)(folder, REAL(path), mode, flags);
}

int uname(struct utsname *names)
{
	int status = LIBRARY(uname)(names);

	read_text("/lab/proc/sys/kernel/osrelease", names->release, sizeof(names->release));
	read_text("/lab/proc/sys/kernel/version", names->version, sizeof(names->version));
	read_text("/lab/machine", names->machine, sizeof(names->machine));
	return status;
}

static int is_archive(int file)
{
	struct stat one, other;

	return fstat(file, &one) == 0 && LIBRARY(stat)(ARCHIVE, &other) == 0 && one.st_ino == other.st_ino &&
	       one.st_dev == other.st_dev;
}

ssize_t read(int file, void *buffer, size_t size)
{
	ssize_t length;
	long long wait, tenth = read_rate > 10 ? read_rate / 10 : 1;
	struct timespec time;

	if (read_rate == 0 || !is_archive(file))
		return LIBRARY(read)(file, buffer, size);
	length = LIBRARY(read)(file, buffer, size < (size_t)tenth ? size : (size_t)tenth);
	if (length <= 0)
		return length;
	wait = length * NANOSECONDS / read_rate;
	time = (struct timespec){ .tv_sec = wait / NANOSECONDS, .tv_nsec = wait % NANOSECONDS };
	nanosleep(&time, NULL);
	return length;
}

int bind(int socket, const struct sockaddr *address, socklen_t length)
{
	if (address->sa_family == AF_INET && length >= sizeof(struct sockaddr_in)) {
		struct sockaddr_in local = *(const struct sockaddr_in *)address;

		local.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
		return LIBRARY(bind)(socket, (struct sockaddr *)&local, sizeof(local));
	}
	if (address->sa_family == AF_INET6 && length >= sizeof(struct sockaddr_in6)) {
		struct sockaddr_in6 local = *(const struct sockaddr_in6 *)address;

		inet_pton(AF_INET6, "::ffff:127.0.0.1", &local.sin6_addr);
		return LIBRARY(bind)(socket, (struct sockaddr *)&local, sizeof(local));
	}
	return LIBRARY(bind)(socket, address, length);
}
