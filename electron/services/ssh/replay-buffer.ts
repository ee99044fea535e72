/**
 * The last bytes of an output, in one block of memory that is allocated once: kept as frames they would
 * outlive V8's young generation, and a flood would grow the process by what waits for the next full collection.
 */
export class ReplayBuffer {
  readonly #ring: Uint8Array;
  /** Bytes ever remembered. */
  #total = 0;

  constructor(capacity: number) {
    this.#ring = new Uint8Array(capacity);
  }

  remember(data: Uint8Array): void {
    const capacity = this.#ring.byteLength;
    const kept = data.byteLength > capacity ? data.subarray(data.byteLength - capacity) : data;
    this.#total += data.byteLength - kept.byteLength;
    const at = this.#total % capacity;
    const untilEnd = Math.min(kept.byteLength, capacity - at);
    this.#ring.set(kept.subarray(0, untilEnd), at);
    this.#ring.set(kept.subarray(untilEnd), 0);
    this.#total += kept.byteLength;
  }

  /** A copy. When older bytes are gone it begins after a line end, so that no half escape sequence is drawn. */
  read(): Uint8Array {
    const capacity = this.#ring.byteLength;
    if (this.#total <= capacity) return this.#ring.slice(0, this.#total);
    const at = this.#total % capacity;
    const all = new Uint8Array(capacity);
    all.set(this.#ring.subarray(at));
    all.set(this.#ring.subarray(0, at), capacity - at);
    return all.slice(all.indexOf(10) + 1);
  }
}
