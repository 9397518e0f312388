/** A set-up of vitest, which runs it anew for each file: what is imported here is done once in a process. */
import "./equal-bytes.js";
