import { expect, it } from "vitest";
import { Slots } from "../../../../host/pull/transfer/decoder-slots.js";

const never = new AbortController().signal;

/** Asks for a place, and notes in `order` when it is given. */
function ask(slots: Slots, name: string, order: string[], signal = never) {
  return slots.acquire(signal).then((slot) => {
    order.push(name);
    return slot;
  });
}

it("are given in the order in which they are asked for, as many at once as there are", async () => {
  const slots = new Slots(2);
  const order: string[] = [];
  const [one, two] = await Promise.all([ask(slots, "1", order), ask(slots, "2", order)]);
  const third = ask(slots, "3", order);
  const fourth = ask(slots, "4", order);
  await settled();
  expect(order).toEqual(["1", "2"]);
  two.release();
  await third;
  await settled();
  expect(order).toEqual(["1", "2", "3"]);
  one.release();
  await fourth;
  expect(order).toEqual(["1", "2", "3", "4"]);
});

it("given back twice are one place still", async () => {
  const slots = new Slots(1);
  const order: string[] = [];
  const first = await ask(slots, "1", order);
  first.release();
  first.release();
  await ask(slots, "2", order);
  void ask(slots, "3", order);
  await settled();
  expect(order).toEqual(["1", "2"]);
});

it("are not given to those who no longer wait", async () => {
  const slots = new Slots(1);
  const order: string[] = [];
  const first = await ask(slots, "1", order);
  const impatient = new AbortController();
  const second = ask(slots, "2", order, impatient.signal);
  const third = ask(slots, "3", order);
  impatient.abort(new Error("enough"));
  await expect(second).rejects.toThrow("enough");
  first.release();
  await third;
  expect(order).toEqual(["1", "3"]);
});

/** Lets everything run that can run now. */
function settled(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
