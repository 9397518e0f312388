import { cacheDir } from "../../../cache/index.js";
import { command } from "../../options/command.js";

export const add = command({
  name: "dir",
  summary: "print the path of the cache's folder",
  examples: ['du -sh "$(kheaders cache dir)"'],
  async run({ flags }) {
    const dir = await cacheDir(process.env, flags.cacheDir);
    return { json: [{ dir }], lines: [dir] };
  },
});
