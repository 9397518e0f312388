/* Stands for libbpf's bpf_tracing.h, which it includes. */
#pragma GCC system_header
#include "expected_by_libbpf.h"

#if __has_include_next(<bpf/bpf_tracing.h>)
#include_next <bpf/bpf_tracing.h>
#elif __has_include("/usr/local/include/bpf/bpf_tracing.h")
#include "/usr/local/include/bpf/bpf_tracing.h"
#elif __has_include("/usr/include/bpf/bpf_tracing.h")
#include "/usr/include/bpf/bpf_tracing.h"
#else
#error <bpf/bpf_tracing.h> is part of libbpf: install it (Debian: apt install libbpf-dev), or name the folder that has it with -I
#include_next <bpf/bpf_tracing.h>
#endif
