export type SlaErrorCode = 'invalidInstant' | 'invalidTarget' | 'invalidCalendar' | 'unknownCalendar';

/**
 * Input that no promise clock can be computed from. Thrown, not returned: it is
 * a broken configuration or a malformed record, which the schemas at the
 * boundary refuse before it comes here.
 */
export class SlaError extends Error {
  readonly code: SlaErrorCode;

  constructor(code: SlaErrorCode, message: string) {
    super(message);
    this.name = 'SlaError';
    this.code = code;
  }
}
