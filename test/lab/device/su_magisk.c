// SPDX-License-Identifier: Apache-2.0
/*
 * su as Magisk has it (native/src/core/su in its source), client and daemon.
 *
 * The client asks the daemon over a Unix socket and passes its standard streams. The daemon starts the root shell as
 * its own child in a session of its own: no signal for the client reaches it, only the end of its input does. The
 * client waits for the status; at a hang-up it closes its streams and goes on waiting.
 * `su -c STRING` runs STRING; whatever follows a user (`su 0 sh -c ...`) is ignored, and the root shell reads its
 * commands from standard input.
 *
 * `su_magisk --daemon grant|refuse|hang`: what the person with the device answers. `hang`: nobody taps on the screen.
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#define SHELL "/system/bin/sh"
#define NAME "\0lab-su"
#define STREAMS 3
#define COMMAND_SIZE 131072

static const struct sockaddr_un address = { .sun_family = AF_UNIX, .sun_path = NAME };
static const socklen_t address_length = offsetof(struct sockaddr_un, sun_path) + sizeof(NAME) - 1;

_Noreturn static void fail(const char *what)
{
	perror(what);
	exit(1);
}

/* The client's side of what is sent: one message with the command and the three streams. */
static void send_request(int connection, const char *command)
{
	static const int streams[STREAMS] = { 0, 1, 2 };
	char space[CMSG_SPACE(sizeof(streams))] = { 0 };
	struct iovec content = { .iov_base = (void *)command, .iov_len = strlen(command) + 1 };
	struct msghdr message = {
		.msg_iov = &content, .msg_iovlen = 1, .msg_control = space, .msg_controllen = sizeof(space)
	};
	struct cmsghdr *header = CMSG_FIRSTHDR(&message);

	header->cmsg_level = SOL_SOCKET;
	header->cmsg_type = SCM_RIGHTS;
	header->cmsg_len = CMSG_LEN(sizeof(streams));
	memcpy(CMSG_DATA(header), streams, sizeof(streams));
	if (sendmsg(connection, &message, 0) < 0)
		fail("sendmsg");
}

/* Takes the command and makes the client's streams this process's own. */
static int receive_request(int connection, char *command)
{
	char space[CMSG_SPACE(STREAMS * sizeof(int))];
	struct iovec content = { .iov_base = command, .iov_len = COMMAND_SIZE - 1 };
	struct msghdr message = {
		.msg_iov = &content, .msg_iovlen = 1, .msg_control = space, .msg_controllen = sizeof(space)
	};
	ssize_t length = recvmsg(connection, &message, 0);
	struct cmsghdr *header = CMSG_FIRSTHDR(&message);
	int streams[STREAMS];

	if (length <= 0 || !header || header->cmsg_len != CMSG_LEN(sizeof(streams)))
		return -1;
	command[length] = '\0';
	memcpy(streams, CMSG_DATA(header), sizeof(streams));
	for (int at = 0; at < STREAMS; at++) {
		dup2(streams[at], at);
		close(streams[at]);
	}
	return 0;
}

static void release_streams(void)
{
	int nothing = open("/dev/null", O_RDWR);

	for (int at = 0; at < STREAMS; at++)
		dup2(nothing, at);
	close(nothing);
}

_Noreturn static void serve(int connection, const char *answer)
{
	static char command[COMMAND_SIZE];
	int refused = strcmp(answer, "refuse") == 0, status;
	char byte;
	pid_t child;

	if (receive_request(connection, command) != 0)
		exit(1);
	if (strcmp(answer, "hang") == 0) {
		release_streams();
		read(connection, &byte, 1);
		exit(0);
	}
	write(connection, &refused, sizeof(refused));
	if (refused)
		exit(0);
	child = fork();
	if (child == 0) {
		close(connection);
		setsid();
		if (command[0])
			execl(SHELL, SHELL, "-c", command, NULL);
		else
			execl(SHELL, SHELL, NULL);
		fail(SHELL);
	}
	release_streams();
	if (waitpid(child, &status, 0) < 0)
		exit(1);
	status = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
	write(connection, &status, sizeof(status));
	exit(0);
}

_Noreturn static void run_daemon(const char *answer)
{
	int listener = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);

	signal(SIGCHLD, SIG_IGN);
	if (bind(listener, (const struct sockaddr *)&address, address_length) != 0 || listen(listener, 64) != 0)
		fail("su daemon");
	for (;;) {
		int connection = accept(listener, NULL, NULL);

		if (connection < 0)
			continue;
		if (fork() == 0) {
			signal(SIGCHLD, SIG_DFL);
			close(listener);
			serve(connection, answer);
		}
		close(connection);
	}
}

static void close_streams(int number)
{
	(void)number;
	for (int at = 0; at < STREAMS; at++)
		close(at);
}

/* What the daemon says; 1 where it is gone. */
static int receive_number(int connection)
{
	int number;
	ssize_t length;

	do
		length = read(connection, &number, sizeof(number));
	while (length < 0 && errno == EINTR);
	return length == sizeof(number) ? number : 1;
}

static char *joined(char *const *words)
{
	static char text[COMMAND_SIZE];
	size_t length = 0;

	for (; *words; words++)
		length += (size_t)snprintf(text + length, sizeof(text) - length, "%s%s", length ? " " : "", *words);
	return text;
}

int main(int argc, char **argv)
{
	static const int deadly[] = { SIGHUP, SIGINT, SIGTERM };
	int connection, option;
	const char *command = "";

	if (argc == 3 && strcmp(argv[1], "--daemon") == 0)
		run_daemon(argv[2]);
	while ((option = getopt(argc, argv, "+c:lmMps:vV")) != -1) {
		switch (option) {
		case 'c':
			command = joined(argv + optind - 1);
			optind = argc;
			break;
		case 'v':
			puts("27.0:MAGISKSU");
			return 0;
		case 'V':
			puts("27000");
			return 0;
		case '?':
			fputs("Usage: su [options] [-] [user [argument...]]\n", stderr);
			return 2;
		}
	}
	connection = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);
	if (connect(connection, (const struct sockaddr *)&address, address_length) != 0)
		fail("su");
	send_request(connection, command);
	if (receive_number(connection) != 0) {
		fprintf(stderr, "%s\n", strerror(EACCES));
		return EACCES;
	}
	for (size_t at = 0; at < sizeof(deadly) / sizeof(deadly[0]); at++)
		signal(deadly[at], close_streams);
	return receive_number(connection);
}
