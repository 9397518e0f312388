import { completionScripts, type Shell, shells } from "../../completion/scripts.js";
import { command } from "../../options/command.js";
import type { GlobalFlags } from "../../options/global.js";
import { argument } from "../../options/option.js";

export const add = command<GlobalFlags, [shell: Shell]>({
  name: "completion",
  summary: "print what makes a shell complete commands, devices and more",
  arguments: [argument("<shell>", "the shell").choices(shells)],
  details: `Completes commands, options, files, serials of connected devices, and digests and releases of cached kernels. It asks an adb
server that runs, and starts none.

To install it:
  bash  in ~/.bashrc: source <(kheaders completion bash)
  zsh   in ~/.zshrc, after compinit: source <(kheaders completion zsh)
  fish  kheaders completion fish > ~/.config/fish/completions/kheaders.fish`,
  examples: ["source <(kheaders completion bash)"],
  async run(_, shell) {
    return { json: [{ shell, script: completionScripts[shell] }], lines: [completionScripts[shell]] };
  },
});
