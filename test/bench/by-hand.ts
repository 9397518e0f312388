/**
 * What a careful person types to get headers off a device without kheaders, for `sh -eu -c`, with the device in
 * ANDROID_SERIAL. `$1` is an empty folder.
 */
export const byHand = `
fingerprint=$(adb shell getprop ro.build.fingerprint)
release=$(adb shell uname -r)
adb shell modprobe -d /system/lib/modules kheaders
adb pull /sys/kernel/kheaders.tar.xz "$1/kheaders.tar.xz"
on_device=$(adb shell sha256sum /sys/kernel/kheaders.tar.xz)
adb shell rmmod kheaders
on_host=$(sha256sum "$1/kheaders.tar.xz")
[ "\${on_device%% *}" = "\${on_host%% *}" ]
mkdir "$1/tree"
tar -xJf "$1/kheaders.tar.xz" -C "$1/tree"
echo "$fingerprint $release"
`;

/** The same without asking which kernel runs, and without checksums. */
export const bare = `
adb shell modprobe -d /system/lib/modules kheaders
adb pull /sys/kernel/kheaders.tar.xz "$1/kheaders.tar.xz"
adb shell rmmod kheaders
mkdir "$1/tree"
tar -xJf "$1/kheaders.tar.xz" -C "$1/tree"
`;
