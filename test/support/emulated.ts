/**
 * For tests on virtual devices: QEMU emulates their processors, and whatever else the machine does slows them down. Such a
 * test gets more time and a second try; the reporter of second tries prints at the end which needed it.
 */
export const emulated = { retry: 1, timeout: 300_000 };
