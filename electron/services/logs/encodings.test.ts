import { encode } from 'iconv-lite';
import { describe, expect, it } from 'vitest';
import { decode, detectEncoding } from './encodings.ts';

const chinese = '2026-11-22 12:00:00 整流模块故障，输出电压异常\n系统已恢复正常运行\n';

describe('guessing the encoding', () => {
  it.each([
    ['utf-8', Buffer.from('plain\n')],
    ['utf-8', Buffer.alloc(0)],
    ['utf-8', Buffer.from(chinese)],
    ['utf-8', Buffer.from('naïve café ÄÖÜ ß\n')],
    ['gb18030', encode(chinese, 'gb18030')],
    ['utf-16le', Buffer.from(`\uFEFF${chinese}`, 'utf16le')],
    ['utf-16le', Buffer.from('no byte order mark\r\n', 'utf16le')],
    ['utf-16be', Buffer.from('no byte order mark\r\n', 'utf16le').swap16()],
    ['utf-8', Buffer.from('a log with a \0 or \0 two\n')],
  ] as const)('[L7] finds %s', (expected, bytes) => {
    expect(detectEncoding(bytes, [])).toBe(expected);
  });

  it('[L7] forgives characters cut at the edge of a sample', () => {
    const bytes = Buffer.from('漢字漢字漢字');
    for (let from = 0; from < 4; from += 1) {
      for (let to = bytes.length - 4; to <= bytes.length; to += 1) {
        expect(detectEncoding(Buffer.from('head\n'), [bytes.subarray(from, to)])).toBe('utf-8');
      }
    }
  });

  it('[L7] looks beyond a head in plain ASCII', () => {
    expect(detectEncoding(Buffer.from('head\n'), [encode(`\n${chinese}`, 'gb18030')])).toBe('gb18030');
  });
});

describe('decoding', () => {
  it('[L7] drops a byte order mark at the start of the file only', () => {
    expect(decode(Buffer.from('\uFEFFa'), 'utf-8', true)).toBe('a');
    expect(decode(Buffer.from('\uFEFFa'), 'utf-8', false)).toBe('\uFEFFa');
  });

  it('[L7] shows malformed bytes as replacement characters', () => {
    expect(decode(Buffer.from([0x61, 0xff, 0x62]), 'utf-8', false)).toBe('a\uFFFDb');
  });
});
