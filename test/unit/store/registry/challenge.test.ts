import { expect, test } from "vitest";
import { parseChallenges } from "../../../../host/store/registry/challenge.js";

const read = (value: string) =>
  parseChallenges(value).map(({ scheme, parameters }) => ({ scheme, ...Object.fromEntries(parameters) }));

test("the challenge of a registry with a token server", () => {
  const value =
    'Bearer realm="https://auth.example.com/token",service="registry",scope="repository:lab/kernels:pull,push"';
  expect(read(value)).toEqual([
    {
      scheme: "bearer",
      realm: "https://auth.example.com/token",
      service: "registry",
      scope: "repository:lab/kernels:pull,push",
    },
  ]);
});

test("several challenges, with all that RFC 9110 lets them have", () => {
  const value =
    'Newauth realm="apps", type=1 , title="Login to \\"apps\\", please", Negotiate, Custom abc==, , BASIC realm = "simple"';
  expect(read(value)).toEqual([
    { scheme: "newauth", realm: "apps", type: "1", title: 'Login to "apps", please' },
    { scheme: "negotiate" },
    { scheme: "custom" },
    { scheme: "basic", realm: "simple" },
  ]);
});

test.each([
  ["", []],
  ['realm="x"', []],
  ['Basic realm="never ends', [{ scheme: "basic" }, { scheme: "realm" }]],
  ["Basic \u0000", [{ scheme: "basic" }]],
  [`Basic ${"a".repeat(10_000)}`, []],
])("what is not well formed ends the list: %j", (value, challenges) => {
  expect(read(value)).toEqual(challenges);
});
