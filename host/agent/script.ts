import agentText from "../../device/agent.sh";

/** Parameters of one conversation. */
export interface AgentParameters {
  /** Opens each hello, so that it is told from a banner: letters and digits. */
  readonly nonce: string;
  /** Seconds after which the agent ends a transfer that does not move. */
  readonly stallSeconds: number;
}

/** The agent's text as it is sent, the same to all devices. */
let agent: string | undefined;

/** The command line that runs the agent. It carries its own text a second time, quoted, to be started again as root. */
export function agentCommand(parameters: AgentParameters): string {
  agent ??= withoutComments(agentText);
  const variables = {
    KH_NONCE: parameters.nonce,
    KH_STALL: String(parameters.stallSeconds),
    KH_ROLE: "shell",
    KH_AGENT: agent,
  };
  const assignments = Object.entries(variables).map(([name, value]) => `${name}=${quote(value)}\n`);
  return `${assignments.join("")}eval "$KH_AGENT"`;
}

/** Comments are for readers of the script; without them less goes over the cable and into each request. */
function withoutComments(script: string): string {
  return script.replace(/^\s*#.*\n/gm, "").replace(/^ +/gm, "");
}

function quote(text: string): string {
  return `'${text.replaceAll("'", "'\\''")}'`;
}
