/*
 * Loads an object with libbpf, attaches its program, opens a file, and prints what the program kept of this process.
 * Arguments: the object, and BTF for CO-RE; without it libbpf looks for the kernel's own.
 */
#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

struct parent {
	__u32 tgid;
	char name[16];
};

int main(int count, char **arguments)
{
	LIBBPF_OPTS(bpf_object_open_opts, options, .btf_custom_path = count > 2 ? arguments[2] : NULL);
	struct bpf_object *object = bpf_object__open_file(arguments[1], &options);
	struct bpf_program *program;
	struct parent parent;
	__u32 pid = getpid();

	if (!object || bpf_object__load(object))
		return 1;
	program = bpf_object__next_program(object, NULL);
	if (!bpf_program__attach(program))
		return 2;
	close(open("/proc/version", O_RDONLY));
	if (bpf_map_lookup_elem(bpf_object__find_map_fd_by_name(object, "parents"), &pid, &parent))
		return 3;
	printf("parent %u of %.16s, in truth %d\n", parent.tgid, parent.name, getppid());
	return 0;
}
