import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { DEEP_LINK_PLACES, deepLinkIn, formatDeepLink, parseDeepLink } from './deep-link.ts';

describe('a deep link', () => {
  it('names a place and an id', () => {
    expect(parseDeepLink('faultline://ticket/SZ03-000123')).toEqual({ place: 'ticket', id: 'SZ03-000123' });
  });

  it('may end in a slash, as Windows adds one', () => {
    expect(parseDeepLink('faultline://asset/AB.12/')).toEqual({ place: 'asset', id: 'AB.12' });
  });

  it.each([
    'faultline://settings/x',
    'faultline://ticket',
    'faultline://ticket/',
    'faultline://ticket/../asset',
    'faultline://ticket/a/b',
    'faultline://ticket/a%2Fb',
    'faultline://ticket/a?run=1',
    'faultline://ticket/a#b',
    'faultline://me:secret@ticket/a',
    'faultline://ticket:80/a',
    'faultline:ticket/a',
    `faultline://ticket/${'a'.repeat(81)}`,
    'https://ticket/a',
    '--ticket',
    '',
  ])('is nothing when it reads %s', (text) => {
    expect(parseDeepLink(text)).toBeUndefined();
  });

  it('reads back as it was written', () => {
    const links = fc.record({
      place: fc.constantFrom(...DEEP_LINK_PLACES),
      id: fc.stringMatching(/^[A-Za-z0-9][A-Za-z0-9_-]{0,30}$/),
    });
    fc.assert(
      fc.property(links, (link) => {
        expect(parseDeepLink(formatDeepLink(link))).toEqual(link);
      }),
    );
  });

  it('never throws, whatever another program hands over', () => {
    fc.assert(
      fc.property(fc.string(), (text) => {
        const link = parseDeepLink(`faultline://${text}`);
        expect(link === undefined || DEEP_LINK_PLACES.includes(link.place)).toBe(true);
      }),
    );
  });

  it('is found among the arguments of a second start', () => {
    expect(deepLinkIn(['/usr/bin/faultline', '--data=/x', 'faultline://ticket/7'])).toEqual({
      place: 'ticket',
      id: '7',
    });
    expect(deepLinkIn(['/usr/bin/faultline'])).toBeUndefined();
  });
});
