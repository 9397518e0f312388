// Lists the connected devices with their kernels, and loads nothing:
//   node devices.mjs
import { survey } from "kheaders";

for (const { serial, kernel, headers, cached, problem } of await survey()) {
  console.log(
    serial,
    kernel?.release ?? problem?.message,
    headers ?? "unknown",
    cached ? "cached" : "not cached",
  );
}
