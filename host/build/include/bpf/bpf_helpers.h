/* Stands for libbpf's bpf_helpers.h, which it includes. */
#pragma GCC system_header
#include "expected_by_libbpf.h"

#if __has_include_next(<bpf/bpf_helpers.h>)
#include_next <bpf/bpf_helpers.h>
#elif __has_include("/usr/local/include/bpf/bpf_helpers.h")
#include "/usr/local/include/bpf/bpf_helpers.h"
#elif __has_include("/usr/include/bpf/bpf_helpers.h")
#include "/usr/include/bpf/bpf_helpers.h"
#else
#error <bpf/bpf_helpers.h> is part of libbpf: install it (Debian: apt install libbpf-dev), or name the folder that has it with -I
#include_next <bpf/bpf_helpers.h>
#endif
