import { useCallback, useEffect, useRef, useState } from 'react';
import { explainError } from '../../app/explain.ts';

export interface Loaded<T> {
  readonly value: T | undefined;
  /** Why it could not be asked. */
  readonly trouble: string | undefined;
  /** Why the last act was not done, until the next one or {@link forget}. */
  readonly refusal: string | undefined;
  /** Does something and asks again. @returns whether it was done. */
  readonly act: (work: () => Promise<unknown>) => Promise<boolean>;
  /** The refusal was read. */
  readonly forget: () => void;
}

/** Something asked of the server, and asked again after each change; what is shown stays until the answer is there. `load` has to stay the same between renders. */
export function useLoaded<T>(load: () => Promise<T>): Loaded<T> {
  const [value, setValue] = useState<T>();
  const [trouble, setTrouble] = useState<string>();
  const [refusal, setRefusal] = useState<string>();
  const asked = useRef(0);
  const reload = useCallback(async (): Promise<void> => {
    const turn = ++asked.current;
    // An answer that a later question has overtaken is not what is looked for any more.
    const unlessOvertaken = (show: () => void): void => (turn === asked.current ? show() : undefined);
    const failed = await troubleOf(async () => {
      const answer = await load();
      unlessOvertaken(() => setValue(answer));
    });
    unlessOvertaken(() => setTrouble(failed));
  }, [load]);
  useEffect(() => {
    void reload();
  }, [reload]);
  const act = useCallback(
    async (work: () => Promise<unknown>): Promise<boolean> => {
      const refused = await troubleOf(work);
      setRefusal(refused);
      if (refused === undefined) await reload();
      return refused === undefined;
    },
    [reload],
  );
  const forget = useCallback(() => setRefusal(undefined), []);
  return { value, trouble, refusal, act, forget };
}

async function troubleOf(work: () => Promise<unknown>): Promise<string | undefined> {
  try {
    await work();
    return undefined;
  } catch (thrown) {
    return explainError(thrown);
  }
}
