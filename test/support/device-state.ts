import type { Attached, Workstation } from "./workstation.js";

/** Whether the device's kernel lists the module, in /proc/modules. */
export async function isLoaded(host: Workstation, device: Attached): Promise<boolean> {
  return /^kheaders /m.test(await host.shell(device, "cat /proc/modules"));
}

/**
 * How many events the device's kernel has told of (Documentation/ABI/testing/sysfs-uevent, lib/kobject_uevent.c): one when
 * a module is loaded and one when it is unloaded, and nothing else happens on an idle virtual device.
 */
export async function kernelEvents(host: Workstation, device: Attached): Promise<number> {
  return Number(await host.shell(device, "cat /sys/kernel/uevent_seqnum"));
}

/** Every file and folder of the device's storage, with type, size, and times of content and status. */
export async function storage(host: Workstation, device: Attached): Promise<string[]> {
  const apart = ["/proc", "/sys", "/dev"].map((folder) => `-path ${folder}`).join(" -o ");
  const listing = await host.shell(
    device,
    `find / \\( ${apart} \\) -prune -o -exec stat -c '%n %f %s %y %z' {} +`,
  );
  return listing.trim().split("\n").sort();
}
