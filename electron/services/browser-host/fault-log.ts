import { appendFileSync, closeSync, openSync } from 'node:fs';

/** Faults repeat; a log that fills the disk would cost the journal its room. */
const MAX_LINES = 5000;

/** The host's log of faults without a code of ours: where, and the stack. Never what was said in a call. */
export function openFaultLog(file: string): {
  write: (where: string, thrown: unknown) => void;
  close: () => void;
} {
  const handle = openSync(file, 'a', 0o600);
  let lines = 0;
  let isClosed = false;
  return {
    write: (where, thrown) => {
      if (isClosed || lines++ >= MAX_LINES) return;
      const text = thrown instanceof Error ? (thrown.stack ?? thrown.message) : String(thrown);
      appendFileSync(
        handle,
        `${JSON.stringify({ at: new Date().toISOString(), where, text: text.slice(0, 4000) })}\n`,
      );
    },
    close: () => {
      if (isClosed) return;
      isClosed = true;
      closeSync(handle);
    },
  };
}
