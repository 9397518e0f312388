import fc from "fast-check";
import { archiveLimits } from "../../host/archive/limits.js";
import type { Member } from "../../host/archive/reader.js";

/** Names that file systems take, odd ones among them. */
function names(): fc.Arbitrary<string> {
  const few = fc.constantFrom("a", "b", "include", "linux", "A", "x.h");
  const odd = fc
    .string({ unit: "binary", minLength: 1, maxLength: 60 })
    .filter(
      (name) => !/[\p{Cc}/]/u.test(name) && name !== "." && name !== ".." && Buffer.byteLength(name) <= 255,
    );
  const long = fc.constantFrom("n".repeat(99), "n".repeat(100), "n".repeat(101), "\u00e9".repeat(120));
  return fc.oneof(
    { weight: 6, arbitrary: few },
    { weight: 2, arbitrary: odd },
    { weight: 1, arbitrary: long },
  );
}

/** Trees, with every folder before what lies in it. */
export function trees(): fc.Arbitrary<Member[]> {
  const path = fc.array(names(), { minLength: 1, maxLength: 4 });
  const content = fc.uint8Array({ maxLength: 1_200 });
  const wish = fc.oneof(
    fc.record({ type: fc.constant("folder" as const), path }),
    fc.record({ type: fc.constant("file" as const), path, executable: fc.boolean(), content }),
    fc.record({
      type: fc.constant("link" as const),
      path,
      up: fc.nat(4),
      down: fc.array(names(), { maxLength: 3 }),
    }),
  );
  return fc.array(wish, { maxLength: 12 }).map((wishes) => {
    const tree = new Map<string, Member>();
    for (const wished of wishes) {
      const parents = wished.path.slice(0, -1).map((_, depth) => wished.path.slice(0, depth + 1).join("/"));
      const name = wished.path.join("/");
      const isFree =
        !tree.has(name) && parents.every((parent) => (tree.get(parent)?.type ?? "folder") === "folder");
      if (!isFree || Buffer.byteLength(name) > archiveLimits.pathBytes) continue;
      for (const parent of parents) tree.set(parent, { type: "folder", path: parent });
      if (wished.type !== "link") {
        tree.set(name, { ...wished, path: name });
        continue;
      }
      const target = [...Array<string>(wished.up).fill(".."), ...wished.down].join("/") || ".";
      const made: Member = { type: "link", path: name, target };
      const links = [...tree.values(), made].filter((entry) => entry.type === "link");
      const isShort = Buffer.byteLength(target) <= archiveLimits.pathBytes;
      if (isShort && links.every((each) => staysInside(each, links))) tree.set(name, made);
    }
    return [...tree.values()];
  });
}

type Link = Extract<Member, { type: "link" }>;

/** Links in a few folders that lead anywhere, often through each other. */
export function links(): fc.Arbitrary<Link> {
  const path = fc.tuple(fc.constantFrom("", "d/", "d/e/"), fc.constantFrom("a", "b", "c"));
  const steps = fc.array(fc.constantFrom("..", "..", "a", "b", "c", "d", "e", "."), {
    minLength: 1,
    maxLength: 5,
  });
  return fc.record({
    type: fc.constant("link" as const),
    path: path.map(([folder, name]) => `${folder}${name}`),
    target: steps.map((names) => names.join("/")),
  });
}

/** Whether a link leads to a place inside, both by its text alone and with the other links on its way. */
export function staysInside(link: Link, links: readonly Link[]): boolean {
  return leadsInside(link, []) && leadsInside(link, links);
}

/** Follows a link as the kernel does, from folder to folder; too many links on the way count as leaving. */
function leadsInside(link: Link, links: readonly Link[]): boolean {
  const byPath = new Map(links.map((each) => [each.path, each.target]));
  let hops = 0;
  const walk = (folder: string[], target: string): string[] | undefined => {
    if (target.startsWith("/")) return undefined;
    let place: string[] | undefined = folder;
    for (const name of target.split("/")) {
      if (place === undefined) return undefined;
      if (name === "" || name === ".") continue;
      if (name === "..") {
        if (place.length === 0) return undefined;
        place = place.slice(0, -1);
        continue;
      }
      const next = byPath.get([...place, name].join("/"));
      if (next === undefined) {
        place = [...place, name];
        continue;
      }
      hops += 1;
      if (hops > archiveLimits.linkHops) return undefined;
      place = walk(place, next);
    }
    return place;
  };
  return walk(link.path.split("/").slice(0, -1), link.target) !== undefined;
}
