import agentText from "../../device/agent.sh";

/** Parameters of one conversation. */
export interface AgentParameters {
  /** Opens each hello, so that it is told from a banner: letters and digits. */
  readonly nonce: string;
  /** Seconds after which the agent ends a transfer that does not move. */
  readonly stallSeconds: number;
}

/** Comments are for readers of the script; without them less goes over the cable and into each request. */
const agent = agentText.replace(/^\s*#.*\n/gm, "").replace(/^ +/gm, "");

/** The command line that runs the agent. It carries its own text a second time, quoted, to be started again as root. */
export function agentCommand(parameters: AgentParameters): string {
  const variables = {
    KH_NONCE: parameters.nonce,
    KH_STALL: String(parameters.stallSeconds),
    KH_ROLE: "shell",
    KH_AGENT: agent,
  };
  const assignments = Object.entries(variables).map(([name, value]) => `${name}=${quote(value)}\n`);
  return `${assignments.join("")}eval "$KH_AGENT"`;
}

function quote(text: string): string {
  return `'${text.replaceAll("'", "'\\''")}'`;
}
