import { describe, expect, it } from 'vitest';
import { judgeExternal, openOutside } from './external-links.ts';

describe('links to the outside', () => {
  it.each([
    ['https://vendor.example/manual.pdf', 'ask'],
    ['mailto:noc@customer.example', 'ask'],
    ['http://vendor.example/', 'refuse'],
    ['https://user:pass@vendor.example/', 'refuse'],
    ['https://trusted.example@evil.example/', 'refuse'],
    ['file:///etc/passwd', 'refuse'],
    ['ssh://10.0.0.1', 'refuse'],
    ['ms-msdt:/id PCWDiagnostic', 'refuse'],
    ['javascript:alert(1)', 'refuse'],
    ['//vendor.example', 'refuse'],
    ['', 'refuse'],
  ])('%s: %s', (address, verdict) => {
    expect(judgeExternal(address)).toBe(verdict);
  });

  it('open without a question on a trusted host only', () => {
    expect(judgeExternal('https://docs.example/a', ['docs.example'])).toBe('open');
    expect(judgeExternal('https://docs.example.evil/a', ['docs.example'])).toBe('ask');
  });

  it('open when the person agrees, and only then', async () => {
    const opened: string[] = [];
    const shell = (answer: boolean) => ({
      open: async (address: string) => void opened.push(address),
      ask: async () => answer,
    });
    expect(await openOutside('https://a.example', shell(false))).toBe('declined');
    expect(await openOutside('file:///x', shell(true))).toBe('refused');
    expect(await openOutside('https://a.example', shell(true))).toBe('opened');
    expect(opened).toEqual(['https://a.example/']);
  });
});
