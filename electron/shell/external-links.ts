import type { ExternalVerdict } from './ports.ts';
import { parseUrl } from './addresses.ts';

/**
 * Which addresses may be given to the operating system, which opens them with
 * whatever program it likes. A scheme without a line is refused: `file:`,
 * `ssh:`, `ms-msdt:` and their kin start programs with arguments from data.
 */
export const EXTERNAL_SCHEMES = [
  { scheme: 'https:', verdict: 'ask', reason: 'vendor manuals; the person sees the host name first' },
  { scheme: 'mailto:', verdict: 'ask', reason: 'writing to a customer; the person sees the address first' },
] as const;

/** Hosts that open without a question. Empty: no site is so frequent that the question is in the way. */
export const TRUSTED_HOSTS: readonly string[] = [];

/** Says what to do with an address that came from data. Credentials in it are refused: they disguise the host. */
export function judgeExternal(address: string, trustedHosts = TRUSTED_HOSTS): 'open' | 'ask' | 'refuse' {
  const url = parseUrl(address);
  if (url === undefined || url.username !== '' || url.password !== '') return 'refuse';
  const line = EXTERNAL_SCHEMES.find((known) => known.scheme === url.protocol);
  if (line === undefined) return 'refuse';
  return url.protocol === 'https:' && trustedHosts.includes(url.host) ? 'open' : line.verdict;
}

/** Opens an address outside if the table and, where it says so, the person agree. */
export async function openOutside(
  address: string,
  { open, ask }: { open(address: string): Promise<void>; ask(address: string): Promise<boolean> },
): Promise<ExternalVerdict> {
  const verdict = judgeExternal(address);
  if (verdict === 'refuse') return 'refused';
  if (verdict === 'ask' && !(await ask(address))) return 'declined';
  await open(new URL(address).href);
  return 'opened';
}
