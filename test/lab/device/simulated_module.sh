#!/system/bin/sh
# modprobe, insmod and rmmod of a simulated device, by the name they are called by. Loading puts the archive into
# /sys/kernel and a line into /proc/modules, as the kernel does for kheaders.ko; removing takes both away. Each load and
# unload adds a line to /lab/events. A loader may be killed at any time: nothing of it goes on then, and rmmod takes away
# what it has loaded so far.
set -u
tool=${0##*/}
archive=/lab/sys-kernel/kheaders.tar.xz

fail() {
  echo "$tool: $2" >&2
  exit "$1"
}

is_loaded() {
  [ -e "$archive" ] || grep -q '^kheaders ' /lab/proc/modules
}

load() {
  exec 0</lab/module.lock
  flock -x 0
  if is_loaded; then
    [ "$tool" = modprobe ] && exit 0
    fail 1 "failed to load $1: File exists"
  fi
  [ -r /lab/load-delay ] && sleep "$(cat /lab/load-delay)"
  if [ -r /lab/load-failure ]; then
    cat /lab/load-failure >&2
    exit "$(cat /lab/load-failure-status)"
  fi
  echo 'kheaders 4042752 0 - Live 0x0000000000000000 (E)' >>/lab/proc/modules
  echo load >>/lab/events
  [ -e /lab/archive ] || exit 0
  exec ln /lab/archive "$archive"
}

unload() {
  exec 0</lab/module.lock
  flock -x 0
  is_loaded || fail 1 "failed to unload kheaders: No such file or directory"
  case $(tail -n 1 /lab/events) in load) echo unload >>/lab/events ;; esac
  rm -f "$archive"
  grep -v '^kheaders ' /proc/modules >/lab/proc/modules.new
  mv /lab/proc/modules.new /lab/proc/modules
  exit 0
}

[ "$(id -u)" = 0 ] || fail 1 "Operation not permitted"
case $tool in
insmod)
  [ -e "$1" ] || fail 1 "$1: No such file or directory"
  load "$1"
  ;;
rmmod)
  [ "$1" = kheaders ] || fail 1 "failed to unload $1: No such file or directory"
  unload
  ;;
esac

# As Android's own: folders with -d, else /lib/modules, which Android does not have.
while getopts abd:qrsv option; do
  case $option in
  d) [ -e "$OPTARG/kheaders.ko" ] && found=$OPTARG/kheaders.ko ;;
  r) unload ;;
  a | b | q | s | v) ;;
  *) fail 1 "Unrecognized option: $option" ;;
  esac
done
[ -n "${found-}" ] || fail 1 "Failed to load module kheaders: No such file or directory"
load "$found"
