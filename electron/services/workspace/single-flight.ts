/** Work that, asked for again while it is under way, is the same work: everybody gets the one outcome. */
export class SingleFlight<T> {
  #underWay: Promise<T> | undefined;

  run(work: () => Promise<T>): Promise<T> {
    this.#underWay ??= work().finally(() => {
      this.#underWay = undefined;
    });
    return this.#underWay;
  }
}
