import { useCallback, useEffect, useState } from 'react';
import { explainError } from '../../app/explain.ts';

export interface Loaded<T> {
  readonly value: T | undefined;
  readonly trouble: string | undefined;
  /** Asks again; what is shown stays until the answer is there. */
  readonly reload: () => Promise<void>;
  /** Does something and asks again; what goes wrong is shown. @returns whether it was done. */
  readonly act: (work: () => Promise<unknown>) => Promise<boolean>;
}

/** Something asked of the server, and asked again after each change. `load` has to stay the same between renders. */
export function useLoaded<T>(load: () => Promise<T>): Loaded<T> {
  const [value, setValue] = useState<T>();
  const [trouble, setTrouble] = useState<string>();
  const attempt = useCallback(async (work: () => Promise<unknown>): Promise<boolean> => {
    try {
      await work();
      setTrouble(undefined);
      return true;
    } catch (thrown) {
      setTrouble(explainError(thrown));
      return false;
    }
  }, []);
  const reload = useCallback(async (): Promise<void> => {
    await attempt(async () => setValue(await load()));
  }, [attempt, load]);
  useEffect(() => {
    void reload();
  }, [reload]);
  const act = useCallback(
    async (work: () => Promise<unknown>): Promise<boolean> => {
      const isDone = await attempt(work);
      if (isDone) await reload();
      return isDone;
    },
    [attempt, reload],
  );
  return { value, trouble, reload, act };
}
