import { test } from "vitest";
import { setTimeout as sleep } from "node:timers/promises";
import { execSync } from "node:child_process";
import { AgentSandbox } from "../../support/agent-sandbox.js";
import { findShell } from "../../support/device-shells.js";
test("x", async () => {
  let left = 0;
  for (let i = 0; i < 60; i++) {
    const d = new AgentSandbox(findShell("dash") as any);
    d.write("/module/archive", Buffer.alloc(2000000, "x"));
    d.write("/vendor/lib/modules/kheaders.ko", "");
    const a = d.start();
    await a.block();
    a.say("send 0");
    await a.block();
    a.closeInput();
    for (let j = 0; j < 100 && d.processes.length; j++) await sleep(20);
    if (d.processes.length) { left++; console.log(i, d.isLoaded, d.processes, a.diagnostics, execSync("ps -eo pid,ppid,stat,wchan:20,args | grep -E 'dash|cat|sleep' | cut -c1-100").toString()); }
    d.dispose();
  }
  console.log("left", left);
}, 100000);
