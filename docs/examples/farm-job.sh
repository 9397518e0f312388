#!/bin/sh
# A job of a device farm: compiles an eBPF program for the kernel of each connected device, once a kernel.
#   sh farm-job.sh PROGRAM FOLDER
# The folder gets an object for each kernel, and devices.json: one line for each device, with its object, or with its error.
# The exit status is that of the pull; 1 if the program does not compile for a kernel.
set -eu
program=$1
folder=$2
mkdir -p "$folder"

status=0
kheaders pull --all --timeout 120 --json >"$folder/pulled.json" || status=$?

for digest in $(jq -r 'select(.error == null) | .digest' "$folder/pulled.json" | sort -u); do
  kheaders bpf "$program" --tree "$digest" -o "$folder/$digest.o" >&2 || status=1
done

jq -c '{serial, release, object: (if .digest then .digest + ".o" else null end), error}' \
  "$folder/pulled.json" >"$folder/devices.json"
cat "$folder/devices.json"

# Keeps the cache of the host small.
kheaders cache prune --max-size 20GB --quiet >&2 || true
exit "$status"
