# The first process of a simulated device, in namespaces of its own: puts its files together and runs adbd.
# Arguments: a busybox, the folder with the system, the device's own folder, the user (root, shell).
set -eu
busybox=$1 system=$2 own=$3 user=$4
root=$own/root

mounted() { "$busybox" mount "$@"; }

mounted -o bind "$system" "$root"
mounted -o remount,bind,ro "$root"
mounted -o bind "$own/lab" "$root/lab"
mounted -o bind "$own/lab/sys-kernel" "$root/sys/kernel"
mounted -o bind "$own/lab/modules" "$root/system/lib/modules"
mounted -t proc proc "$root/proc"
mounted -t tmpfs -o mode=0771 data "$root/data"
"$busybox" mkdir -p -m 0777 "$root/data/local/tmp"
mounted -t tmpfs -o mode=0755 dev "$root/dev"
for device in null zero full random urandom tty; do
  : >"$root/dev/$device"
  mounted -o bind "/dev/$device" "$root/dev/$device"
done
"$busybox" mkdir "$root/dev/pts"
mounted -t devpts -o newinstance,mode=0620,ptmxmode=0666 devpts "$root/dev/pts"
"$busybox" ln -s pts/ptmx "$root/dev/ptmx"
"$busybox" ln -s /proc/self/fd "$root/dev/fd"
while read -r file path; do
  mounted -o bind "$own/replaced/$file" "$root$path"
done <"$own/replaced/list"

"$busybox" hostname localhost
export ANDROID_ROOT=/system ANDROID_DATA=/data TMPDIR=/data/local/tmp HOME=/ SHELL=/system/bin/sh
export PATH=/product/bin:/system_ext/bin:/system/bin:/system/xbin:/odm/bin:/vendor/bin:/vendor/xbin
set -- /system/bin/adbd
[ "$user" = shell ] && set -- /lab-bin/run_as shell "$@"
# This shell stays: as the first process it takes in the orphans.
"$busybox" chroot "$root" "$@"
