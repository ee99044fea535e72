import { expect, test } from 'vitest';
import { bytesPerSecond, NEW_METER, secondsLeft, withBytes } from './rate-meter.ts';

test('[SY88] a rate is measured over the last seconds, and the time left follows from it', () => {
  let meter = NEW_METER;
  expect(bytesPerSecond(meter, 0)).toBe(null);
  meter = withBytes(meter, 0, 1_000_000);
  expect(bytesPerSecond(meter, 100)).toBe(null);
  for (let at = 1_000; at <= 5_000; at += 1_000) meter = withBytes(meter, at, 50_000);
  expect(bytesPerSecond(meter, 5_000)).toBe(50_000);
  expect(secondsLeft(475_000, bytesPerSecond(meter, 5_000))).toBe(10);
});

test('[SY88] it follows a change, falls to nothing when nothing comes, and the last one is remembered', () => {
  let meter = NEW_METER;
  for (let at = 0; at <= 10_000; at += 1_000) meter = withBytes(meter, at, 100_000);
  for (let at = 11_000; at <= 30_000; at += 1_000) meter = withBytes(meter, at, 1_000);
  expect(bytesPerSecond(meter, 30_000)).toBe(1_000);
  expect(bytesPerSecond(meter, 60_000)).toBe(0);
  expect(secondsLeft(100, 0)).toBe(null);
  expect(secondsLeft(100, null)).toBe(null);
  expect(meter.lastBytesPerSecond).toBe(1_000);
  expect(meter.samples.length).toBeLessThanOrEqual(10);
});
