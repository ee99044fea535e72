/** All times of the engine, in milliseconds. */
export interface EngineTiming {
  /** Floor of polling: correctness never depends on a poke. */
  readonly pollMs: number;
  readonly firstPauseMs: number;
  readonly longestPauseMs: number;
  /** The server may ask for a longer pause than ours, up to this: a typing error in a proxy must not silence a laptop for a week. */
  readonly longestRetryAfterMs: number;
  /** A greeting, a push or a refresh that takes longer is given up. More than the client's own limit, which is the rule. */
  readonly answerMs: number;
  /** An upload of which nothing arrives for so long is given up. */
  readonly uploadSilenceMs: number;
  /** The server says something on the poke line every 25 s. */
  readonly pokeSilenceMs: number;
  /** Changing identity and wiping: they have to fetch, write and delete. */
  readonly identityMs: number;
  /** A revoked device that reaches nobody keeps unsent work this long before it is sealed into a file and wiped. */
  readonly revokedGraceMs: number;
  /** The clock is measured again when the best measurement is older. */
  readonly clockSampleMs: number;
}

export const ENGINE_TIMING: EngineTiming = {
  pollMs: 60_000,
  firstPauseMs: 1_000,
  longestPauseMs: 60_000,
  longestRetryAfterMs: 15 * 60_000,
  answerMs: 90_000,
  uploadSilenceMs: 120_000,
  pokeSilenceMs: 60_000,
  identityMs: 10 * 60_000,
  revokedGraceMs: 14 * 24 * 3_600_000,
  clockSampleMs: 10 * 60_000,
};
