/**
 * An error with a stable code that crosses the seam between host and renderer.
 * Codes read `<area>.<whatHappened>`; the renderer translates them, the
 * message is the English sentence for logs and for codes it does not know.
 */
export class HostError extends Error {
  readonly code: string;
  /** Values the sentence speaks of (a path, a fingerprint, a serial); never a secret. */
  readonly detail: Readonly<Record<string, string | number | boolean>>;

  constructor(
    code: string,
    message: string,
    detail: Readonly<Record<string, string | number | boolean>> = {},
  ) {
    super(message);
    this.name = 'HostError';
    this.code = code;
    this.detail = detail;
  }
}

export interface WireError {
  readonly code: string;
  readonly message: string;
  readonly detail: Readonly<Record<string, string | number | boolean>>;
}

const CODE = /^[a-z][A-Za-z]*\.[a-z][A-Za-z0-9]*$/;

/**
 * Turns anything thrown into what may cross the seam. Errors that carry one
 * of our codes pass; everything else becomes `host.internal` without its text,
 * because a stack or a path of the machine is nobody's business on a screen.
 */
export function toWireError(thrown: unknown): WireError {
  if (thrown instanceof Error) {
    const { code, detail } = thrown as { code?: unknown; detail?: unknown };
    if (typeof code === 'string' && CODE.test(code)) {
      return { code, message: thrown.message, detail: isDetail(detail) ? detail : {} };
    }
    if (thrown.name === 'AbortError') return cancelled;
  }
  return {
    code: 'host.internal',
    message: 'The host could not do this. Its log names the reason.',
    detail: {},
  };
}

/** The answer to a call that its caller cancelled. */
export const cancelled: WireError = { code: 'host.cancelled', message: 'Cancelled.', detail: {} };

function isDetail(value: unknown): value is WireError['detail'] {
  return (
    typeof value === 'object' &&
    value !== null &&
    Object.values(value).every((v) => ['string', 'number', 'boolean'].includes(typeof v))
  );
}

/** The code of an error of ours, `undefined` for any other. */
export function errorCode(thrown: unknown): string | undefined {
  const code = thrown instanceof Error ? (thrown as { code?: unknown }).code : undefined;
  return typeof code === 'string' && CODE.test(code) ? code : undefined;
}
