import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** An object file with the BTF that clang makes of a source: of what its variables and functions use. */
export function compiledBtf(source: string, target: "bpfel" | "bpfeb" = "bpfel"): Buffer {
  const folder = mkdtempSync(join(tmpdir(), "kheaders-btf-"));
  try {
    const input = join(folder, "source.c");
    const output = join(folder, "source.o");
    writeFileSync(input, source);
    execFileSync("clang", ["-target", target, "-g", "-O2", "-w", "-c", input, "-o", output], {
      stdio: "pipe",
    });
    return readFileSync(output);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** Structs with what structs of a kernel have, and of each kind of type what clang 14 makes. */
export const sampleSource = `
enum color { RED = 1, GREEN = 5 };
union number { int whole; float part; };
struct opaque;
typedef struct { int counter; } atomic_t;
struct inner { char first; long second; char last; };
struct sample {
  const char *name;
  volatile int state;
  unsigned int low:3, high:5;
  unsigned long wide:40;
  struct { int x; union { short y; char z[6]; }; };
  struct inner inner[2];
  int (*callback)(struct sample *, const char *format, ...);
  struct opaque *hidden;
  char __attribute__((btf_type_tag("user"))) *buffer;
  enum color color;
  atomic_t count __attribute__((btf_decl_tag("counted")));
  union number number;
  struct inner single;
  char *names[4][2];
  char rest[];
};
struct sample variable;
static int local __attribute__((used));
int work(struct sample *it, const char *restrict text) { return it->low; }
`;
