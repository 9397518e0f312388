import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect } from "vitest";
import type { Attached, Workstation } from "./workstation.js";

/**
 * Writes a module of what such modules are made of: a parameter, a kernel probe that counts the opening of files, and a
 * thread, which is called through a pointer. What it counted is a parameter, too.
 */
export function writeProbeModule(folder: string): void {
  writeFileSync(join(folder, "Kbuild"), "obj-m := probe.o\n");
  writeFileSync(join(folder, "probe.c"), source);
}

/** Loads the module of a folder with no forcing, and expects that all of it works, and that it goes again. */
export async function expectProbeModuleWorks(
  host: Workstation,
  { serial }: Attached,
  folder: string,
): Promise<void> {
  const target = "/data/local/tmp/probe.ko";
  await host.adb.adb("-s", serial, "push", join(folder, "probe.ko"), target);
  const log = await host.shell({ serial }, script(target));
  expect(log).toMatch(/^status=0$/m);
  // F would say that it was forced (Documentation/admin-guide/tainted-kernels.rst).
  expect(log).toMatch(/^answer=7 taint=[OE]*$/m);
  expect(Number(/^hits=(\d+)$/m.exec(log)?.[1])).toBeGreaterThan(0);
  expect(log).toMatch(/^probe-thread$/m);
  expect(log).toMatch(/^removed=0$/m);
  expect(log).toContain("probe: gone");
  expect(log).not.toMatch(/no symbol version|disagrees about version/);
}

const script = (path: string): string =>
  [
    "dmesg -c >/dev/null",
    `insmod ${path} answer=7 2>&1; echo status=$?`,
    "cd /sys/module/probe && echo answer=$(cat parameters/answer) taint=$(cat taint)",
    "cat /proc/version >/dev/null; echo hits=$(cat parameters/hits)",
    "cat /proc/[0-9]*/comm 2>/dev/null | grep -x probe-thread",
    "cd /; rmmod probe 2>&1; echo removed=$?",
    "dmesg",
  ].join("; ");

const source = `// SPDX-License-Identifier: GPL-2.0
#include <linux/delay.h>
#include <linux/kprobes.h>
#include <linux/kthread.h>
#include <linux/module.h>

static int answer = 42;
module_param(answer, int, 0444);
static int hits;
module_param(hits, int, 0444);

static struct task_struct *thread;

static int work(void *unused)
{
	while (!kthread_should_stop())
		msleep_interruptible(100);
	return 0;
}

static int on_open(struct kprobe *probe, struct pt_regs *regs)
{
	hits++;
	return 0;
}

static struct kprobe probe = { .symbol_name = "do_sys_openat2", .pre_handler = on_open };

static int __init probe_init(void)
{
	int (*volatile function)(void *) = work;
	int error = register_kprobe(&probe);

	if (error)
		return error;
	thread = kthread_run(function, NULL, "probe-thread");
	if (IS_ERR(thread)) {
		unregister_kprobe(&probe);
		return PTR_ERR(thread);
	}
	pr_info("probe: the answer is %d\\n", answer);
	return 0;
}

static void __exit probe_exit(void)
{
	kthread_stop(thread);
	unregister_kprobe(&probe);
	pr_info("probe: gone\\n");
}

module_init(probe_init);
module_exit(probe_exit);
MODULE_DESCRIPTION("Counts the opening of files");
MODULE_LICENSE("GPL");
`;
