/** What a server wants to be told of who asks: a scheme in lower case, and its parameters by name in lower case. */
export interface Challenge {
  readonly scheme: string;
  readonly parameters: ReadonlyMap<string, string>;
}

/** A registry needs some 200 characters. */
const maxLength = 8 * 1024;

/** token and quoted-string as RFC 9110, 5.6.2 and 5.6.4, have them; token68 as 11.2. */
const token = "[!#$%&'*+.^_`|~0-9A-Za-z-]+";
const item = new RegExp(
  `[\\s,]*(?:(${token})[ \\t]*=[ \\t]*(?:"((?:[^"\\\\]|\\\\.)*)"|(${token}))|(${token})(?:[ \\t]+([0-9A-Za-z._~+/-]+=*)(?=[ \\t]*(?:,|$)))?)`,
  "ys",
);

/**
 * Parses the value of `WWW-Authenticate` (RFC 9110, 11.6.1): challenges are separated by commas, and so are the parameters of
 * each. What cannot be understood ends the list.
 */
export function parseChallenges(value: string): Challenge[] {
  const challenges: { scheme: string; parameters: Map<string, string> }[] = [];
  if (value.length > maxLength) return challenges;
  item.lastIndex = 0;
  while (item.lastIndex < value.length) {
    const match = item.exec(value);
    if (match === null) break;
    const [, name, quoted, plain, scheme] = match;
    if (scheme !== undefined) challenges.push({ scheme: scheme.toLowerCase(), parameters: new Map() });
    else if (name !== undefined)
      challenges.at(-1)?.parameters.set(name.toLowerCase(), plain ?? (quoted ?? "").replace(/\\(.)/gs, "$1"));
  }
  return challenges;
}
