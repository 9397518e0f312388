import { printable } from "../../../shared/printable.js";
import { overLimit, refused } from "../errors.js";
import type { ArchiveLimits } from "../limits.js";
import type { TarMember } from "./members.js";
import { leavingLink, linkedTree, memberPath, standsForFile, targetComponents } from "./names.js";

/**
 * A checked part of a tree. Paths are relative to its root, with `/` between components, none of them `.` or `..`, and
 * each is given once, after the folders in which it lies.
 */
export type Member =
  | { readonly type: "folder"; readonly path: string }
  | {
      readonly type: "file";
      readonly path: string;
      readonly executable: boolean;
      /** Good only until more of the archive is asked for. */
      readonly content: Uint8Array;
    }
  /** A symbolic link. Its relative target stays in the tree, but need not be there. */
  | { readonly type: "link"; readonly path: string; readonly target: string };

export interface TreeRules {
  readonly limits: ArchiveLimits;
  /** Refuse names that are the same on a file system that does not tell upper from lower case. */
  readonly caseInsensitive: boolean;
}

/** What has a name. An implied folder has so far only been named by what lies in it. */
type Place = Member["type"] | "implied-folder";

interface Link {
  readonly path: string;
  readonly target: string;
  /** Components of the folder in which it lies. */
  readonly folder: readonly string[];
  readonly components: readonly string[];
}

/** A link that leaves the tree, and how. */
interface LeavingLink {
  readonly path: string;
  readonly target: string;
  readonly reason: string;
}

/** `x` for the owner, who is the user that unpacks. The other mode bits belong to the build machine and are dropped. */
const executableBit = 0o100;

/**
 * Checks that members, one after the other, make a tree: every name inside it and there once, folders above every member,
 * links that stay inside. A few links that stand for files elsewhere are left out; many are refused. All is decided by
 * names; no file system is looked at.
 */
export class TreeCheck {
  readonly #rules: TreeRules;
  readonly #places = new Map<string, Place>();
  /** How names are spelled, on a file system that ignores case. */
  readonly #spellings = new Map<string, string>();
  readonly #links = new Map<string, Link>();
  readonly #leftOut: LeavingLink[] = [];
  #folders = 0;
  /** Of all paths and link targets. */
  #pathBytes = 0;

  constructor(rules: TreeRules) {
    this.#rules = rules;
  }

  /** Paths of the links that were left out because they stand for files outside the tree. */
  get leftOut(): readonly string[] {
    return this.#leftOut.map(({ path }) => path);
  }

  /**
   * Takes the next member and adds to `into` what it adds to the tree: itself, after folders that only its path names;
   * nothing for the root, for a folder that was given before in this way, and for a link that is left out. Throws
   * `archive-refused`.
   */
  add(member: TarMember, into: Member[]): void {
    const { type } = member;
    const path = memberPath(member.path, type === "folder", this.#rules.limits);
    if (path === "") return;
    this.#addParents(path, into);
    const isNew = this.#claim(path, type);
    switch (type) {
      case "folder":
        if (isNew) into.push({ type, path });
        break;
      case "file":
        into.push({ type, path, executable: (member.mode & executableBit) !== 0, content: member.content });
        break;
      case "link":
        if (this.#addLink(path, member.target)) into.push({ type, path, target: member.target });
        break;
    }
  }

  /** To be called after the last member, because a link may lead through one that came later. Throws `archive-refused`. */
  end(): void {
    for (const link of this.#links.values()) {
      const reason = this.#leaving(link, (path) => this.#links.get(this.#key(path)));
      if (reason !== undefined) throw leavingLink(link.path, link.target, reason);
    }
    const filesAndLinks = this.#places.size - this.#folders;
    this.#checkLeftOut(filesAndLinks / 2);
  }

  #addParents(path: string, into: Member[]): void {
    const end = path.lastIndexOf("/");
    // If it was claimed in exactly this spelling, so were its parents: usually there is nothing to do.
    if (end === -1 || this.#isFolder(path.slice(0, end))) return;
    for (let slash = path.indexOf("/"); slash !== -1; slash = path.indexOf("/", slash + 1)) {
      const folder = path.slice(0, slash);
      const key = this.#key(folder);
      const place = this.#places.get(key);
      if (place === "file" || place === "link") {
        const above = printable(this.#spelling(key));
        throw refused(`"${printable(path)}" lies below the ${place} "${above}"`);
      }
      if (this.#claim(folder, "implied-folder")) into.push({ type: "folder", path: folder });
    }
  }

  #isFolder(path: string): boolean {
    const key = this.#key(path);
    const place = this.#places.get(key);
    return (place === "folder" || place === "implied-folder") && this.#spelling(key) === path;
  }

  /** Takes a name. False if it is a folder that is there already and may be named again. */
  #claim(path: string, place: Place): boolean {
    const key = this.#key(path);
    const taken = this.#places.get(key);
    if (taken !== undefined) {
      checkSame(this.#spelling(key), taken, path, place);
      if (taken === "implied-folder") this.#places.set(key, place);
      return false;
    }
    this.#places.set(key, place);
    if (key !== path) this.#spellings.set(key, path);
    if (place === "folder" || place === "implied-folder") this.#folders += 1;
    const { members } = this.#rules.limits;
    if (this.#places.size > members) throw overLimit("the number of members", members, "members");
    this.#countPath(path);
    return true;
  }

  #countPath(path: string): void {
    this.#pathBytes += Buffer.byteLength(path);
    const { allPathBytes } = this.#rules.limits;
    if (this.#pathBytes > allPathBytes)
      throw overLimit("the length of all paths together", allPathBytes, "bytes");
  }

  /** Takes a link. False if it is left out. */
  #addLink(path: string, target: string): boolean {
    const { limits } = this.#rules;
    const link = {
      path,
      target,
      folder: path.split("/").slice(0, -1),
      components: targetComponents(path, target, limits),
    };
    const reason = target.startsWith("/") ? "is absolute" : this.#leaving(link, () => undefined);
    if (reason !== undefined) {
      if (!standsForFile(path, target)) throw leavingLink(path, target, reason);
      this.#leftOut.push({ path, target, reason });
      this.#checkLeftOut(limits.leftOutLinks);
      return false;
    }
    this.#links.set(this.#key(path), link);
    if (this.#links.size > limits.links) throw overLimit("the number of links", limits.links, "links");
    this.#countPath(target);
    return true;
  }

  #checkLeftOut(max: number): void {
    const [first] = this.#leftOut;
    if (first !== undefined && this.#leftOut.length > max) {
      throw linkedTree(first.path, first.target, first.reason);
    }
  }

  /** Walks to a link's target as the kernel would. Tells how that leaves the tree, undefined if it does not. */
  #leaving(link: Link, linkAt: (path: string) => Link | undefined): string | undefined {
    const { depth, linkHops } = this.#rules.limits;
    const place = [...link.folder];
    const ahead = link.components.toReversed();
    let hops = 0;
    for (let next = ahead.pop(); next !== undefined; next = ahead.pop()) {
      if (next === "..") {
        if (place.pop() !== undefined) continue;
        return hops > 0 ? "leaves the tree through another link" : "leaves the tree";
      }
      place.push(next);
      if (place.length > depth) {
        throw overLimit(`the depth of the target of the link "${printable(link.path)}"`, depth, "components");
      }
      const through = linkAt(place.join("/"));
      if (through === undefined) continue;
      hops += 1;
      if (hops > linkHops) {
        throw refused(`the link "${printable(link.path)}" leads in a circle or through too many links`);
      }
      place.pop();
      ahead.push(...through.components.toReversed());
    }
    return undefined;
  }

  /** How the name of a key is written in the archive. */
  #spelling(key: string): string {
    return this.#spellings.get(key) ?? key;
  }

  #key(path: string): string {
    return this.#rules.caseInsensitive ? folded(path) : path;
  }
}

/** Throws unless the two are one folder, and at most one of them stands in the archive itself. */
function checkSame(takenPath: string, taken: Place, path: string, place: Place): void {
  const name = `"${printable(path)}"`;
  if (takenPath !== path) {
    throw refused(
      `"${printable(takenPath)}" and ${name} are one name on this cache's file system, which ignores case`,
      "Put the cache on a file system that tells upper from lower case (KHEADERS_CACHE_DIR, --cache-dir).",
    );
  }
  if (typeOf(taken) !== typeOf(place)) {
    throw refused(`${name} is there both as a ${typeOf(taken)} and as a ${typeOf(place)}`);
  }
  if (taken !== "implied-folder" && place !== "implied-folder") throw refused(`${name} is there twice`);
}

function typeOf(place: Place): Member["type"] {
  return place === "implied-folder" ? "folder" : place;
}

/**
 * Nearly Unicode's full case folding, in one normal form: what a case-insensitive file system (APFS, HFS+, ext4 with
 * casefold) takes for the same name is the same here, and perhaps a little more.
 */
function folded(path: string): string {
  return path.normalize("NFD").toUpperCase().toLowerCase().normalize("NFC");
}
