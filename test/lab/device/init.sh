#!/lab-bin/busybox sh
# The first process of a virtual device. What it is to be is in /lab/options, as shell variables:
# user (root, shell); restricted, config, built_in, root_adbd (0, 1); su_daemon (none, grant, refuse, hang).
# shellcheck disable=SC2154 # they are set there
busybox=/lab-bin/busybox

$busybox mount -t devtmpfs -o mode=0755 dev /dev
exec </dev/console >/dev/console 2>&1
$busybox mkdir -p /dev/pts
$busybox mount -t devpts -o mode=0620,gid=2000,ptmxmode=0666 devpts /dev/pts
$busybox mount -t proc proc /proc
$busybox mount -t sysfs sysfs /sys
$busybox mount -t tracefs tracefs /sys/kernel/tracing
$busybox mount -t bpf bpf /sys/fs/bpf
$busybox ln -s /proc/self/fd /dev/fd
$busybox hostname localhost
$busybox chmod 0755 /

# shellcheck source=/dev/null
. /lab/options
while read -r driver; do
  $busybox insmod "/lab/drivers/$driver" || echo "lab: the driver $driver does not load"
done </lab/drivers/order
[ "$config" = 1 ] && $busybox insmod /lab/kconfig_gz.ko
[ "$built_in" = 1 ] && $busybox insmod /lab/built-in.ko
$busybox rm -rf /lab/drivers /lab/kconfig_gz.ko /lab/built-in.ko
while read -r path; do
  $busybox rm -f "$path"
done </lab/without

if [ "$restricted" = 1 ]; then
  # Android's policy for the shell user: names in /sys/kernel may be listed, nothing there stat'ed or read, and the
  # folders of modules not even listed.
  $busybox chmod 0744 /sys/kernel
  for folder in /system/lib/modules /vendor/lib/modules; do
    [ ! -d "$folder" ] || $busybox chmod 0700 "$folder"
  done
fi

$busybox ip link set lo up
$busybox ip address add 10.0.2.15/24 dev eth0
$busybox ip link set eth0 up
$busybox ip route add default via 10.0.2.2

export ANDROID_ROOT=/system ANDROID_DATA=/data TMPDIR=/data/local/tmp HOME=/ SHELL=/system/bin/sh
export PATH=/product/bin:/system_ext/bin:/system/bin:/system/xbin:/odm/bin:/vendor/bin:/vendor/xbin
[ "$su_daemon" = none ] || /lab-bin/su_daemon --daemon "$su_daemon" &
[ "$root_adbd" = 0 ] || ADBD_PORT=5556 /system/bin/adbd </dev/null &
cd /
while :; do
  if [ "$user" = shell ]; then
    /lab-bin/run_as shell /system/bin/adbd
  else
    /system/bin/adbd
  fi </dev/null
done
