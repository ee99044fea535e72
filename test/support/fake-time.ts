import { existsSync, writeFileSync } from 'node:fs';
import path from 'node:path';

const LIBRARIES = [
  '/usr/lib/x86_64-linux-gnu/faketime/libfaketime.so.1',
  '/usr/lib/aarch64-linux-gnu/faketime/libfaketime.so.1',
];

/** The wall clock of a process that can be set while it runs; the monotonic clock goes on as it does. */
export class FakeTime {
  readonly #file: string;
  readonly #library: string;
  #shiftMs = 0;

  private constructor(library: string, file: string) {
    this.#library = library;
    this.#file = file;
    this.set('+0s');
  }

  /** @returns `undefined` where libfaketime is not installed. */
  static in(folder: string): FakeTime | undefined {
    const library = LIBRARIES.find((file) => existsSync(file));
    return library === undefined ? undefined : new FakeTime(library, path.join(folder, 'faketime'));
  }

  /** `+2d`, `-3600s`, `@1970-01-02 00:00:00`: as libfaketime understands it. */
  set(spec: string): void {
    writeFileSync(this.#file, `${spec}\n`);
  }

  /** So many milliseconds ahead of ours; behind it when negative. */
  shift(ms: number): void {
    this.#shiftMs = Math.round(ms / 1000) * 1000;
    this.set(`${ms < 0 ? '' : '+'}${this.#shiftMs / 1000}s`);
  }

  /** By how much {@link shift} was told. */
  get shiftMs(): number {
    return this.#shiftMs;
  }

  /** For the process that is to live in this time. */
  get env(): Record<string, string> {
    return {
      LD_PRELOAD: this.#library,
      FAKETIME_TIMESTAMP_FILE: this.#file,
      FAKETIME_CACHE_DURATION: '1',
      FAKETIME_DONT_FAKE_MONOTONIC: '1',
    };
  }
}
