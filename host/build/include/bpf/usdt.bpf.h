/* Stands for libbpf's usdt.bpf.h, which it includes. */
#pragma GCC system_header
#include "expected_by_libbpf.h"

#if __has_include_next(<bpf/usdt.bpf.h>)
#include_next <bpf/usdt.bpf.h>
#elif __has_include("/usr/local/include/bpf/usdt.bpf.h")
#include "/usr/local/include/bpf/usdt.bpf.h"
#elif __has_include("/usr/include/bpf/usdt.bpf.h")
#include "/usr/include/bpf/usdt.bpf.h"
#else
#error <bpf/usdt.bpf.h> is part of libbpf: install it (Debian: apt install libbpf-dev), or name the folder that has it with -I
#include_next <bpf/usdt.bpf.h>
#endif
