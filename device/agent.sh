# The device's half of kheaders: the only thing that runs on a device. One POSIX script for mksh (Android's
# /system/bin/sh), dash and busybox ash. It writes nothing to the device's storage: no file, and no here-document,
# for mksh makes a temporary file of each.
#
# The host sets these before it evaluates the script:
#   KH_NONCE  a random word that opens every hello, so that the host tells it from a banner
#   KH_STALL  seconds after which a transfer that does not move is ended
#   KH_ROLE   "shell" as started by adbd, "root" as started by su
#   KH_AGENT  this script's own text, which the root role is started with
#
# The conversation: the host writes one command a line. The agent answers with a block of `key=value` lines that ends with
# a line of one dot, and the raw bytes that the block announced. What tools print goes to standard error.
#   facts            sizes of /proc/config.gz and /sys/kernel/notes, then both
#   headers          how this device offers its headers; loads nothing
#   root STYLE       goes on as root by way of su (STYLE: command or user), see become_root
#   send KEEP [facts]  the archive: a block, the raw bytes, a closing block; then the agent exits. KEEP 1 leaves the
#                    module loaded; `facts` sends these as well, before the archive or with a refusal
#   unload           unloads the module, unless another process reads the archive; then the agent exits
#   modules          lists the kernel modules in the module folders, and the names of those that are loaded
#   take COUNT [sizes]  reads COUNT paths, one a line: a block, the raw bytes of these files in order, a closing block;
#                    `sizes` tells their sizes in the first block
# The end of standard input ends the agent, which first unloads what it loaded: no other signal reaches a root shell that
# su started in another session. Exit statuses: 1 refused, 2 the transfer stalled, 3 the archive went away during the
# transfer, 4 a file could not be read to the end.
#
# shellcheck shell=sh
# each_module calls functions by name:
# shellcheck disable=SC2317

set -u
LC_ALL=C
export LC_ALL

protocol=1
lock_file=/proc/version
release=
version=
machine=
child=
starting=
ending=
asking=
watcher=
guard=
ours=
archive=
with_facts=
hurry=
# Where Android keeps modules; since 6.1 kheaders is a GKI module and lies in system_dlkm.
module_folders='/system/lib/modules /system_dlkm/lib/modules /vendor/lib/modules /vendor_dlkm/lib/modules
/odm/lib/modules /odm_dlkm/lib/modules /lib/modules'

# mksh's printf is a program, its print a builtin; dash and ash have a builtin printf.
if [ -n "${KSH_VERSION-}" ]; then
  # shellcheck disable=SC3044
  out() { print -r -- "$1"; }
  # shellcheck disable=SC3034
  read_all() { text=$(<"$1"); }
  # Its read can wait, for a host that says nothing meanwhile; sleep is a process.
  # shellcheck disable=SC3045
  pause() { read -t 1 -r _ <&3 || [ $? -gt 128 ] || sleep 1; }
else
  out() { printf '%s\n' "$1"; }
  read_all() { text=$(cat "$1"); }
  pause() { sleep 1; }
fi

newline='
'
block=

# Adds a line to the answer.
tell() { block=$block$1$newline; }

# Sends the answer, in one piece: adb carries each write by itself, and waits for the other side in between.
tell_all() {
  out "$block."
  block=
}

note() { out "kheaders: $1" >&2; }

# Reads the first line of file $1 into `line` without a fork; empty where the file cannot be read.
first_line() {
  line=
  { read -r line <"$1"; } 2>/dev/null
}

# uname costs a fork; the sysctls do not, but SELinux may close them, and `arch` is there from 6.1 on.
read_kernel() {
  first_line /proc/sys/kernel/osrelease
  release=$line
  first_line /proc/sys/kernel/version
  version=$line
  first_line /proc/sys/kernel/arch
  machine=$line
  if [ -z "$release" ] || [ -z "$version" ] || [ -z "$machine" ]; then
    line=$(uname -r -v -m)
    release=${line%% *}
    machine=${line##* }
    line=${line#* }
    version=${line% *}
  fi
}

hello_shell() {
  read_kernel
  tell "kheaders $protocol $KH_NONCE"
  tell "fingerprint=$(getprop ro.build.fingerprint 2>/dev/null)"
  tell "release=$release"
  tell "version=$version"
  tell "machine=$machine"
  first_line /proc/sys/kernel/random/boot_id
  tell "boot=$line"
  tell "uid=$uid"
  tell_all
}

hello_root() {
  tell "root $protocol $KH_NONCE"
  tell "uid=$uid"
  tell_all
}

# Sets `uid` to the effective user id, the second of those that the kernel lists.
read_uid() {
  uid=
  while read -r key _ uid _ && [ "$key" != Uid: ]; do :; done </proc/self/status
}

# Sets `facts` to the files that tell kernels apart and may be read; answers for the others that they are not there or
# denied.
find_facts() {
  facts=
  for file in /proc/config.gz /sys/kernel/notes; do
    if [ -r "$file" ]; then
      facts="$facts $file"
    elif [ -e "$file" ]; then
      tell_fact "$file" denied
    else
      tell_fact "$file" none
    fi
  done
}

# Answers with the size of file $1, a fact.
tell_fact() {
  case $1 in *config.gz) tell "config=$2" ;; *) tell "notes=$2" ;; esac
}

# One process measures all files that are to be sent, and another sends them. Sets `sizes`, and `hurry` to what gives the
# other a higher priority: nice fails where root may not raise it, so this process tries it out.
measure() {
  sizes=
  hurry=
  if [ $# -eq 0 ]; then return; fi
  if [ "$uid" = 0 ] && sizes=$(nice -n -10 stat -c '%s %n' "$@" 2>/dev/null); then
    hurry='nice -n -10'
  else
    sizes=$(stat -c '%s %n' "$@" 2>/dev/null) || sizes=$(wc -c "$@" 2>/dev/null)
  fi
}

# Sets `size` to that of file $1, which was measured.
size_of() {
  case $sizes in
  *" $1"*)
    size=${sizes%%" $1"*}
    size=${size##*[!0-9]}
    ;;
  *) return 1 ;;
  esac
}

# Answers with the sizes of the facts that could be measured; the others leave the list.
tell_facts() {
  for file in $facts; do
    if size_of "$file"; then
      tell_fact "$file" "$size"
    else
      tell_fact "$file" denied
      facts=${facts%%" $file"*}${facts#*" $file"}
    fi
  done
}

# shellcheck disable=SC2086 # A list of words.
facts() {
  find_facts
  measure $facts
  tell_facts
  tell_all
  [ -z "$facts" ] || cat $facts
}

# Sets `archive`. By a glob, for SELinux lets the shell user list /sys/kernel but neither stat nor read what is there.
find_archive() {
  archive=
  for found in /sys/kernel/kheaders.tar.x[z] /proc/kheaders.tar.x[z]; do
    case $found in *']') continue ;; esac
    archive=$found
    return 0
  done
  return 1
}

# Sets `loaded` to yes, no, or unknown where /proc/modules cannot be read.
read_loaded() {
  { read_all /proc/modules; } 2>/dev/null || {
    loaded=unknown
    return
  }
  case $newline$text in
  *"${newline}kheaders "*) loaded=yes ;;
  *) loaded=no ;;
  esac
}

# Calls "$1 PATH" for each kheaders.ko until a call succeeds; leaves `path` there. The running release's own come first,
# over all folders: another kernel's may load as well.
each_module() { each_own_module "$1" || each_other_module "$1"; }

# GKI's system_dlkm has kheaders.ko below <release>/kernel/kernel, others in <release>/kernel, extra or updates.
each_own_module() {
  first_line /proc/sys/kernel/osrelease
  for folder in $module_folders; do
    for path in "$folder/$line/kernel/kernel/kheaders.ko" "$folder/$line"/*/kheaders.ko "$folder/$line/kheaders.ko"; do
      [ -f "$path" ] && "$1" "$path" && return 0
    done
  done
  set -- "$1"
  for folder in $module_folders; do
    [ -r "$folder/$line/modules.dep" ] && set -- "$@" "$folder/$line/modules.dep"
  done
  each_listed "$@"
}

# Flat, as in "flatten" images, or below a release that is not `uname -r`.
each_other_module() {
  first_line /proc/sys/kernel/osrelease
  for folder in $module_folders; do
    for path in "$folder/kheaders.ko" "$folder"/*/kernel/kernel/kheaders.ko "$folder"/*/*/kheaders.ko \
      "$folder"/*/kheaders.ko; do
      case $path in "$folder/$line/"*) continue ;; esac
      [ -f "$path" ] && "$1" "$path" && return 0
    done
  done
  set -- "$1"
  for folder in $module_folders; do
    for path in "$folder/modules.dep" "$folder"/*/modules.dep; do
      [ "$path" != "$folder/$line/modules.dep" ] && [ -r "$path" ] && set -- "$@" "$path"
    done
  done
  each_listed "$@"
}

# Calls "$1 PATH" for each kheaders.ko that the modules.dep files after it name: modprobe goes by these, wherever the file
# lies. Only modprobe loads a compressed one, and it looks into /lib/modules alone.
each_listed() {
  call=$1
  shift
  [ $# -gt 0 ] || return 1
  listed=$(grep -HE '^([^:]*/)?kheaders\.ko(\.[a-z0-9]+)?:' "$@" 2>/dev/null)
  while [ -n "$listed" ]; do
    path=${listed%%"$newline"*}
    listed=${listed#"$path"}
    listed=${listed#"$newline"}
    folder=${path%%/modules.dep:*}
    path=${path#"$folder/modules.dep:"}
    path=${path%%:*}
    case $path in /*) ;; *) path=$folder/$path ;; esac
    case $path in *.ko | /lib/modules/*) [ -f "$path" ] && "$call" "$path" && return 0 ;; esac
  done
  return 1
}

tell_module() {
  tell "module=$1"
}

tell_denied() {
  for folder in $module_folders; do
    if [ -d "$folder" ] && [ ! -r "$folder" ]; then tell "denied=$folder"; fi
  done
}

headers() {
  tell "uid=$uid"
  if command -v su >/dev/null 2>&1; then tell su=yes; fi
  tell "debuggable=$(getprop ro.debuggable 2>/dev/null)"
  if find_archive; then
    tell "archive=$archive"
    if [ -r "$archive" ]; then tell readable=yes; else tell readable=no; fi
  fi
  read_loaded
  tell "loaded=$loaded"
  each_module tell_module
  tell_denied
  tell_all
}

# A signal that comes between the start of a process and the assignment of its pid waits for `started`: otherwise that
# process would be left behind.
interrupted() {
  if [ -n "$starting" ]; then ending=$1; else finish "$1"; fi
}

started() {
  starting=
  [ -z "$ending" ] || finish "$ending"
}

# Runs "$@" so that a signal is handled at once: a shell runs its traps only when a foreground command has ended.
# Standard input is the null device, as for every command in the background. Returns the command's status.
run() {
  starting=1
  "$@" 3<&- 9<&- &
  child=$!
  started
  wait "$child"
  status=$?
  child=
  return "$status"
}

# Runs "$@" with its output on standard error, framed, so that the host can explain why it failed.
attempt() {
  note "run $*"
  run "$@" >&2
  status=$?
  note "status $status"
  return "$status"
}

load_by_modprobe() {
  attempt modprobe kheaders && find_archive
}

# A compressed module is left to modprobe: most insmods hand the file to the kernel as it is.
load_from() {
  case $1 in *.ko) attempt insmod "$1" && find_archive ;; *) return 1 ;; esac
}

# We hold the lock: a module that is in /proc/modules after this and was not before is ours.
load_module() {
  ours=1
  each_own_module load_from && return 0
  # Android has no /lib/modules, and without that its modprobe finds nothing: it is asked last.
  if [ -d /lib/modules ]; then load_by_modprobe && return 0; fi
  each_other_module load_from && return 0
  if [ ! -d /lib/modules ]; then load_by_modprobe && return 0; fi
  note "run dmesg"
  dmesg 2>/dev/null | tail -n 20 >&2
  note "status 0"
  return 1
}

# Neither sysfs nor procfs pins the module: rmmod would succeed and cut a reader off. Reads the links without following
# them: that could block on a dead file system.
is_read_by_others() {
  # Kernel threads, most of what is in /proc, have nothing open; any other process has one of the first ten open.
  set --
  last=
  for found in /proc/[0-9]*/fd/[0-9]; do
    [ "${found%/*}" = "$last" ] && continue
    last=${found%/*}
    set -- "$@" "$last"
  done
  case $(ls -l "$@" 2>/dev/null) in
  *"$archive"*) return 0 ;;
  esac
  return 1
}

# Unloads the module; sets `unloaded` to yes, no (rmmod failed) or in-use. Waits 2 s for other readers.
unload_module() {
  find_archive || archive=/sys/kernel/kheaders.tar.xz
  for pause in 0.5 0.5 0.5 0.5 ''; do
    if ! is_read_by_others; then
      note "run rmmod kheaders"
      rmmod kheaders >&2
      status=$?
      note "status $status"
      if [ "$status" -eq 0 ]; then unloaded=yes; else unloaded=no; fi
      return
    fi
    [ -z "$pause" ] || sleep "$pause" 2>/dev/null || sleep 1
  done
  unloaded=in-use
}

# Leaves the device as it was found: unloads only what this agent loaded. If a signal interrupts it, it starts again.
# Where there is an archive, the module is loaded: /proc/modules is read only where there is none.
restore() {
  [ -z "$ours" ] && return
  find_archive || read_loaded
  if [ -z "$archive" ] && [ "$loaded" = no ]; then unloaded=yes; else unload_module; fi
  ours=
}

finish() {
  trap '' HUP INT TERM PIPE
  [ -z "$watcher" ] || kill -9 "$watcher" 2>/dev/null
  end_guard
  # No wait: the root role ends at the end of standard input, a su that waits at its prompt at this signal.
  [ -z "$asking" ] || kill "$asking" 2>/dev/null
  # A loader left behind could load the module after `restore` has looked. Only KILL is sure to end it: before its exec
  # the child still has the shell's traps.
  if [ -n "$child" ]; then
    kill -9 "$child" 2>/dev/null
    wait "$child" 2>/dev/null
  fi
  restore
  exit "$1"
}

# Ends the agent when the host is gone. It holds none of the streams: they would stay open as long as it lives.
watch_host() {
  starting=1
  (
    while read -r _ <&3; do :; done
    kill -TERM $$
  ) </dev/null >/dev/null 2>&1 9<&- &
  watcher=$!
  started
}

# Ends process $1 when nothing that it reads has moved for KH_STALL seconds: a link can go silent without closing.
watch_transfer() {
  moved=
  idle=0
  while pause; do
    positions=
    for found in "/proc/$1/fdinfo"/*; do
      first_line "$found"
      positions="$positions $found $line"
    done
    [ -n "$line" ] || return
    if [ "$positions" = "$moved" ]; then idle=$((idle + 1)); else idle=0; fi
    moved=$positions
    if [ "$idle" -ge "$KH_STALL" ]; then kill "$1"; fi
  done
}

# One agent at a time on a device, whichever host it serves. The lock is on an existing file, so nothing is written. mksh
# closes descriptors above 2 on exec, so flock gets the open file as its standard input.
take_lock() {
  command -v flock >/dev/null 2>&1 && [ -r "$lock_file" ] || return 0
  exec 9<"$lock_file"
  flock -n -x 0 <&9 2>/dev/null && return
  out waiting=lock
  until flock -n -x 0 <&9 2>/dev/null; do
    run sleep 0.2 2>/dev/null || run sleep 1
  done
  out waiting=no
}

# Called before the last answer: on a link that went silent, that blocks until TCP gives up.
release_lock() {
  exec 9<&-
}

tell_refusal() {
  note refused
  tell "error=$1"
  tell_denied
  [ $# -lt 2 ] || tell "path=$2"
  if [ -n "$with_facts" ]; then facts; else tell_all; fi
}

refuse() {
  tell_refusal "$@"
  finish 1
}

# Only root loads modules, and on Android only root reads the archive. After a refusal here, the host can become root and
# ask again.
may_send() {
  if [ "$uid" = 0 ]; then return 0; fi
  find_archive || {
    if each_module :; then tell_refusal needs-root "$path"; else tell_refusal needs-root; fi
    return 1
  }
  [ -r "$archive" ] || {
    tell_refusal unreadable "$archive"
    return 1
  }
}

# Answers with source, path and size, the raw bytes, then unloaded and taint.
# shellcheck disable=SC2086 # `facts` is a list of words.
send() {
  with_facts=$2
  may_send || return
  watch_host
  take_lock
  read_loaded
  if find_archive; then
    if [ "$loaded" = yes ]; then origin=loaded; else origin=built-in; fi
    [ -r "$archive" ] || refuse unreadable "$archive"
  else
    [ "$uid" = 0 ] || refuse gone
    [ "$loaded" != unknown ] || refuse modules-unreadable
    [ "$loaded" = no ] || refuse no-archive
    load_module || explain_failure
    origin=module
  fi
  facts=
  if [ -n "$with_facts" ]; then find_facts; fi
  measure $facts "$archive"
  tell_facts
  size_of "$archive" || finish 3
  first_line /sys/module/kheaders/taint
  taint=$line
  tell "source=$origin"
  tell "path=$archive"
  tell "size=$size"
  tell_all
  transfer $facts "$archive" || finish 3
  unloaded=
  if [ "$1" = 1 ]; then ours=; fi
  restore
  release_lock
  tell "unloaded=$unloaded"
  tell "taint=$taint"
  tell_all
  finish 0
}

# At any other signal mksh would keep the guard, and with it the lock, until its sleep is over. The wait is for ash: it
# loses what it prints while it is told that a child has ended.
end_guard() {
  if [ -n "$guard" ]; then
    kill -9 "$guard"
    wait "$guard"
  fi 2>/dev/null
  guard=
}

# Sends the raw bytes of files, or fails if they cannot be read: when the module is unloaded, the kernel cuts the archive's
# readers off with ENODEV. Ends the agent when the transfer stalls.
# cat writes 4 KB at a time, and on one processor adbd would wake for each piece and send it alone. With a higher
# priority, cat fills the whole of adbd's buffer.
transfer() {
  starting=1
  # shellcheck disable=SC2086 # Words, or none.
  $hurry cat "$@" 3<&- 9<&- &
  child=$!
  started
  watch_transfer "$child" </dev/null >/dev/null 2>&1 9<&- &
  guard=$!
  wait "$child"
  status=$?
  child=
  end_guard
  [ "$status" -ne 143 ] || finish 2
  return "$status"
}

explain_failure() {
  read_loaded
  if [ "$loaded" = yes ]; then refuse no-archive; fi
  if each_module :; then refuse load-failed "$path"; fi
  refuse module-not-found
}

# Magisk and KernelSU take `su -c STRING`. AOSP's su takes a user and a command, and says that the user "-c" is invalid; the
# host then asks for STYLE user. Never in the other order: at `su 0 …` Magisk starts a shell that runs its standard input.
# The root role reads the host's commands itself, so the host sends none until it has seen the root role's hello.
become_root() {
  command="KH_NONCE='$KH_NONCE' KH_STALL='$KH_STALL' KH_ROLE=root KH_AGENT=:
$KH_AGENT"
  note "run su"
  starting=1
  case $1 in
  user) su 0 sh -c "$command" <&3 & ;;
  *) su -c "$command" <&3 & ;;
  esac
  asking=$!
  started
  wait "$asking"
  status=$?
  asking=
  note "status $status"
  tell "su=$status"
  tell_all
}

unload() {
  watch_host
  take_lock
  read_loaded
  unloaded=absent
  [ "$loaded" = no ] || unload_module
  release_lock
  tell "unloaded=$unloaded"
  tell_all
  finish 0
}

# Lists module files, one a line: mode in hexadecimal, size, device and inode, path. There may be hundreds: find does it all.
# A module folder may be a link, and so may a file.
modules() {
  set --
  for folder in $module_folders; do
    if [ -d "$folder" ]; then set -- "$@" "$folder/"; fi
  done
  tell_denied
  note "run find"
  status=0
  if [ $# -gt 0 ]; then
    odd=$(find "$@" -name '*.ko*' ! -type d -path "*$newline*" -print 2>/dev/null)
    [ -z "$odd" ] || tell odd=yes
    run find "$@" '(' -name '*.ko' -o -name '*.ko.*' ')' ! -type d ! -path "*$newline*" \
      -exec stat -L -c 'module=%f %s %d:%i %n' '{}' +
  fi
  # A module that is loaded fits this kernel, whatever kernel its file was built for.
  { while read -r name _; do tell "loaded=$name"; done </proc/modules; } 2>/dev/null || :
  note "status $status"
  tell "status=$status"
  tell_all
}

tell_sizes() {
  measure "$@"
  for path; do
    if size_of "$path"; then tell "size=$size"; fi
  done
}

# Sends the files whose paths follow the command, with one cat for all of them.
take() {
  count=$1
  with_sizes=$2
  set --
  while [ $# -lt "$count" ]; do
    IFS= read -r path <&3 || finish 0
    set -- "$@" "$path"
  done
  for path; do
    [ -r "$path" ] || {
      tell_refusal unreadable "$path"
      return
    }
  done
  tell "files=$#"
  if [ -n "$with_sizes" ]; then tell_sizes "$@"; fi
  tell_all
  transfer "$@" || finish 4
  tell "files=$#"
  tell_all
}

exec 3<&0
trap 'interrupted 129' HUP
trap 'interrupted 130' INT
trap 'interrupted 141' PIPE
trap 'interrupted 143' TERM
read_uid
if [ "$KH_ROLE" = root ]; then hello_root; else hello_shell; fi
while read -r verb argument option <&3; do
  case $verb in
  facts) facts ;;
  headers) headers ;;
  root) become_root "$argument" ;;
  send) send "$argument" "$option" ;;
  unload) unload ;;
  modules) modules ;;
  take) take "$argument" "$option" ;;
  *)
    tell "error=unknown-command"
    tell_all
    ;;
  esac
done
finish 0
