/* Stands for libbpf's bpf_core_read.h, which it includes. */
#pragma GCC system_header
#include "expected_by_libbpf.h"

/*
 * Fields are read where these headers, which are the very kernel's, have them. A relocation (CO-RE) would need the
 * kernel to have BTF, and a clang that compiles for eBPF itself.
 */
#define __builtin_preserve_access_index(expression) (expression)
#define __builtin_preserve_field_info(...) KHEADERS_NO_RELOCATION
#define __builtin_preserve_type_info(...) KHEADERS_NO_RELOCATION
#define __builtin_preserve_enum_value(...) KHEADERS_NO_RELOCATION
#define __builtin_btf_type_id(...) KHEADERS_NO_RELOCATION
#define KHEADERS_NO_RELOCATION \
	({ \
		_Static_assert(0, "CO-RE does not work with kernel headers: use the field or type itself, or compile with kheaders bpf --core"); \
		0; \
	})

#if __has_include_next(<bpf/bpf_core_read.h>)
#include_next <bpf/bpf_core_read.h>
#elif __has_include("/usr/local/include/bpf/bpf_core_read.h")
#include "/usr/local/include/bpf/bpf_core_read.h"
#elif __has_include("/usr/include/bpf/bpf_core_read.h")
#include "/usr/include/bpf/bpf_core_read.h"
#else
#error <bpf/bpf_core_read.h> is part of libbpf: install it (Debian: apt install libbpf-dev), or name the folder that has it with -I
#include_next <bpf/bpf_core_read.h>
#endif
