import { readFile, rename } from 'node:fs/promises';
import type { z } from 'zod';
import { writeAtomically } from './write-atomically.ts';

/** A small file: read whole, checked, replaced whole. */
export class JsonFile<S extends z.ZodType> {
  readonly #path: string;
  readonly #schema: S;
  readonly #onDamage: () => never | undefined;
  #saving: Promise<void> = Promise.resolve();

  /** @param onDamage may throw; without it a damaged file is set aside as `*.damaged` and counts as none. */
  constructor(path: string, schema: S, onDamage: () => never | undefined = () => undefined) {
    this.#path = path;
    this.#schema = schema;
    this.#onDamage = onDamage;
  }

  /** `undefined` when there is none. */
  async read(): Promise<z.output<S> | undefined> {
    let text: string;
    try {
      text = await readFile(this.#path, 'utf8');
    } catch (thrown) {
      if ((thrown as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
      throw thrown;
    }
    try {
      return this.#schema.parse(JSON.parse(text));
    } catch {
      this.#onDamage();
      // Kept for whoever wants to look; the application starts without it.
      await rename(this.#path, `${this.#path}.damaged`);
      return undefined;
    }
  }

  write(value: z.input<S>): Promise<void> {
    const text = JSON.stringify(value, undefined, 2);
    const write = this.#saving.then(() => writeAtomically(this.#path, text));
    this.#saving = write.catch(() => undefined);
    return write;
  }
}
