export { KheadersError } from "../shared/errors.js";
export { pull } from "./pull.js";
