/** Longest part of a name in an anchor. */
const maxName = 200;

/** Gives the places of the page their names: letters, digits and `._/-`, each name once. */
export class Anchors {
  readonly #given = new Set<string>();

  /**
   * @param prefix Says what it is the place of: `struct`, `file`.
   * @returns `struct-task_struct`; of a name that was given before, the same with a number.
   */
  of(prefix: string, name: string): string {
    const plain = `${prefix}-${name.slice(0, maxName).replace(/[^\w./-]/g, encoded)}`;
    let anchor = plain;
    for (let number = 2; this.#given.has(anchor); number += 1) anchor = `${plain}~${number}`;
    this.#given.add(anchor);
    return anchor;
  }
}

function encoded(character: string): string {
  return `~${character.charCodeAt(0).toString(16)}.`;
}
