import { describe, expect, it } from "vitest";
import {
  addressesOf,
  chooseEndpoint,
  describeEndpoint,
  type Endpoint,
  type EndpointOptions,
  isLocal,
  parsePort,
  parseSocketSpec,
} from "../../../host/adb/endpoint.js";

const tcp = (host: string, port: number): Endpoint => ({ kind: "tcp", host, port });
const unix = (path: string): Endpoint => ({ kind: "unix", path });
const usageError = expect.objectContaining({ code: "usage" });

describe("the adb server that is meant", () => {
  const everything = {
    ADB_SERVER_SOCKET: "localfilesystem:/run/adb",
    ANDROID_ADB_SERVER_ADDRESS: "lab",
    ANDROID_ADB_SERVER_PORT: "6000",
  };

  it.each<{ what: string; options: EndpointOptions; environment: NodeJS.ProcessEnv; meant: Endpoint }>([
    { what: "adb's own by default", options: {}, environment: {}, meant: tcp("localhost", 5037) },
    { what: "the socket of the environment", options: {}, environment: everything, meant: unix("/run/adb") },
    {
      what: "address and port of the environment",
      options: {},
      environment: { ANDROID_ADB_SERVER_ADDRESS: "lab", ANDROID_ADB_SERVER_PORT: "6000" },
      meant: tcp("lab", 6000),
    },
    {
      what: "-L over all of the environment",
      options: { socket: "tcp:7000" },
      environment: everything,
      meant: tcp("localhost", 7000),
    },
    {
      what: "-H over the socket, with the environment's port",
      options: { host: "bench" },
      environment: everything,
      meant: tcp("bench", 6000),
    },
    {
      what: "-P over the socket, with the environment's address",
      options: { port: 7000 },
      environment: everything,
      meant: tcp("lab", 7000),
    },
    {
      what: "-H and -P over everything",
      options: { host: "bench", port: 7000 },
      environment: everything,
      meant: tcp("bench", 7000),
    },
    {
      what: "the default where the environment is empty",
      options: {},
      environment: { ADB_SERVER_SOCKET: "", ANDROID_ADB_SERVER_ADDRESS: "", ANDROID_ADB_SERVER_PORT: "" },
      meant: tcp("localhost", 5037),
    },
  ])("is $what", ({ options, environment, meant }) => {
    expect(chooseEndpoint(options, environment)).toEqual(meant);
  });

  it.each([{ host: "bench" }, { port: 7000 }])("is not both -L and %o", (other) => {
    expect(() => chooseEndpoint({ socket: "tcp:5037", ...other }, {})).toThrow(usageError);
  });

  it("is none for a port in the environment that is no port, which the error names", () => {
    expect(() => chooseEndpoint({}, { ANDROID_ADB_SERVER_PORT: "adb" })).toThrow(
      /ANDROID_ADB_SERVER_PORT.*"adb"/,
    );
    expect(() => chooseEndpoint({}, { ADB_SERVER_SOCKET: "vsock:1:2" })).toThrow(
      /ADB_SERVER_SOCKET.*"vsock:1:2"/,
    );
  });
});

describe("a socket specification", () => {
  it.each<[spec: string, endpoint: Endpoint]>([
    ["tcp:5038", tcp("localhost", 5038)],
    ["tcp:bench:5038", tcp("bench", 5038)],
    ["tcp:10.0.0.7:5038", tcp("10.0.0.7", 5038)],
    ["tcp:[::1]:5038", tcp("::1", 5038)],
    ["localfilesystem:/tmp/a:b", unix("/tmp/a:b")],
    ["localabstract:adb", unix("\0adb")],
  ])("%s", (spec, endpoint) => {
    expect(parseSocketSpec(spec, "-L")).toEqual(endpoint);
  });

  it.each(["", "tcp", "tcp:", "tcp:x", "tcp:bench:", "tcp:bench:70000", "localfilesystem:", "usb:1", "5037"])(
    "is not %j",
    (spec) => {
      expect(() => parseSocketSpec(spec, "-L")).toThrow(usageError);
      expect(() => parseSocketSpec(spec, "-L")).toThrow(/^-L: /);
    },
  );

  it.each([tcp("bench", 5038), unix("/run/adb"), unix("\0adb")])("is how %o is told to adb", (endpoint) => {
    expect(parseSocketSpec(describeEndpoint(endpoint), "-L")).toEqual(endpoint);
  });
});

describe("a port", () => {
  it.each(["1", "5037", "65535"])("may be %s", (text) => {
    expect(parsePort(text, "-P")).toBe(Number(text));
  });

  it.each(["0", "65536", "-1", "5037 ", "0x10", "", "1e3"])("may not be %j", (text) => {
    expect(() => parsePort(text, "-P")).toThrow(usageError);
  });
});

describe("a server on this machine", () => {
  it.each([tcp("localhost", 1), tcp("127.0.0.1", 1), tcp("127.8.0.1", 1), tcp("::1", 1), unix("/run/adb")])(
    "is %o",
    (endpoint) => expect(isLocal(endpoint)).toBe(true),
  );

  it.each([tcp("bench", 1), tcp("10.0.0.7", 1), tcp("127.0.0.1.example", 1), tcp("localhost.example", 1)])(
    "is not %o",
    (endpoint) => expect(isLocal(endpoint)).toBe(false),
  );
});

describe("the addresses of a server", () => {
  it("are both loopback addresses for localhost, IPv4 first, as for adb", () => {
    expect(addressesOf(tcp("localhost", 5037))).toEqual([
      { host: "127.0.0.1", port: 5037 },
      { host: "::1", port: 5037 },
    ]);
  });

  it("are what was named otherwise", () => {
    expect(addressesOf(tcp("bench", 1))).toEqual([{ host: "bench", port: 1 }]);
    expect(addressesOf(unix("/run/adb"))).toEqual([{ path: "/run/adb" }]);
  });
});
