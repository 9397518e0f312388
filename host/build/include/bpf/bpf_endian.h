/* Stands for libbpf's bpf_endian.h, which it includes. */
#pragma GCC system_header
#include "expected_by_libbpf.h"

#if __has_include_next(<bpf/bpf_endian.h>)
#include_next <bpf/bpf_endian.h>
#elif __has_include("/usr/local/include/bpf/bpf_endian.h")
#include "/usr/local/include/bpf/bpf_endian.h"
#elif __has_include("/usr/include/bpf/bpf_endian.h")
#include "/usr/include/bpf/bpf_endian.h"
#else
#error <bpf/bpf_endian.h> is part of libbpf: install it (Debian: apt install libbpf-dev), or name the folder that has it with -I
#include_next <bpf/bpf_endian.h>
#endif
