import { describe, expect, it } from 'vitest';
import { createPageMessages } from './page-messages.ts';

const link = (id: string) => ({ t: 'open', link: { place: 'ticket', id } }) as const;

describe('messages to the page', () => {
  it('wait until the page listens, and keep their order', () => {
    const posted: unknown[] = [];
    const messages = createPageMessages((channel, message) => posted.push([channel, message]));
    messages.send(link('1'));
    messages.send({ t: 'command', id: 'ticket.new' });
    expect(posted).toEqual([]);
    messages.ready();
    messages.send(link('2'));
    expect(posted).toEqual([
      ['faultline:shell', link('1')],
      ['faultline:shell', { t: 'command', id: 'ticket.new' }],
      ['faultline:shell', link('2')],
    ]);
  });

  it('wait again while a page that crashed is replaced', () => {
    const posted: unknown[] = [];
    const messages = createPageMessages((_channel, message) => posted.push(message));
    messages.ready();
    messages.pause();
    messages.send(link('1'));
    expect(posted).toEqual([]);
    messages.ready();
    expect(posted).toEqual([link('1')]);
  });

  it('keep twenty and no more', () => {
    const posted: unknown[] = [];
    const messages = createPageMessages((_channel, message) => posted.push(message));
    for (let i = 0; i < 100; i++) messages.send(link(String(i)));
    messages.ready();
    expect(posted.length).toBe(20);
  });
});
