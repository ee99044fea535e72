export type Level = 'error' | 'warning' | 'notice' | 'debug';

/** The level stands in the first part of a line, before the message. */
const HEAD = 160;

const LEVELS: ReadonlyArray<readonly [Level, RegExp]> = [
  ['error', /\b(?:fatal|crit(?:ical)?|emerg(?:ency)?|panic|alert|error|err|severe)\b|紧急|严重|错误|故障/i],
  ['warning', /\b(?:warn(?:ing)?|minor|major)\b|警告|告警|预警/i],
  ['notice', /\b(?:notice|info(?:rmation)?)\b|信息|通知/i],
  ['debug', /\b(?:debug|trace|verbose|fine(?:r|st)?)\b|调试/i],
];

/** How grave a line says it is: the word that stands first. `undefined` when it says nothing. */
export function levelOf(text: string): Level | undefined {
  const head = text.slice(0, HEAD);
  let found: Level | undefined;
  let first = HEAD;
  for (const [level, words] of LEVELS) {
    const at = head.search(words);
    if (at !== -1 && at < first) {
      first = at;
      found = level;
    }
  }
  return found;
}
