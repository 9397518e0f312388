import { expect, it } from "vitest";
import type { HeadersReport } from "../../../host/agent/conversation.js";
import { parseDotConfig } from "../../../host/kernel/config.js";
import { headersOf } from "../../../host/pull/headers-offer.js";

const bare: HeadersReport = {
  uid: 2000,
  su: false,
  debuggable: false,
  archive: undefined,
  readable: false,
  loaded: "no",
  module: undefined,
  denied: [],
};
const archive = "/sys/kernel/kheaders.tar.xz";
const module = "/lib/modules/6.6.1/extra/kheaders.ko.xz";
const denied = ["/system_dlkm/lib/modules"];

it.each<{ what: string; report: Partial<HeadersReport>; config?: string; offer: string }>([
  { what: "an archive that can be read", report: { archive, readable: true }, offer: "built-in" },
  {
    what: "an archive of a loaded module",
    report: { archive, readable: true, loaded: "yes" },
    offer: "loaded",
  },
  { what: "an archive that cannot be read", report: { archive }, offer: "needs-root" },
  { what: "a module file", report: { module }, offer: "module" },
  {
    what: "a module file, whatever the configuration says",
    report: { module },
    config: "CONFIG_A=y\n",
    offer: "module",
  },
  { what: "a loaded module that shows no archive", report: { module, loaded: "yes" }, offer: "none" },
  { what: "closed folders", report: { denied }, offer: "needs-root" },
  { what: "closed folders, to root", report: { denied, uid: 0 }, offer: "none" },
  {
    what: "closed folders and CONFIG_IKHEADERS=m",
    report: { denied },
    config: "CONFIG_IKHEADERS=m\n",
    offer: "needs-root",
  },
  {
    what: "closed folders and no CONFIG_IKHEADERS",
    report: { denied },
    config: "CONFIG_A=y\n",
    offer: "none",
  },
  { what: "nothing", report: {}, offer: "none" },
])("$what: $offer", ({ report, config, offer }) => {
  expect(headersOf({ ...bare, ...report }, config === undefined ? undefined : parseDotConfig(config))).toBe(
    offer,
  );
});
