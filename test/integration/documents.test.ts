import { beforeAll, describe, expect, test } from 'vitest';
import { loadDocumentFonts, type DocumentFonts } from '#electron/services/documents/fonts.ts';
import { renderServiceRecord } from '#electron/services/documents/service-record.ts';
import type { ServiceRecordModel } from '#shared/domain/report/service-record.ts';
import { aPng } from '#test/support/pictures.ts';
import { overlaps, readPdf, type ReadPdf } from '#test/support/read-pdf.ts';
import { aServiceRecord, at } from '#test/support/service-record-model.ts';

let fonts: DocumentFonts;
beforeAll(async () => {
  fonts = await loadDocumentFonts();
});

const print = async (changes: Partial<ServiceRecordModel> = {}): Promise<ReadPdf> =>
  readPdf(await renderServiceRecord(aServiceRecord(changes), { fonts }));
const count = (text: string, character: string): number => text.split(character).length - 1;
/** Without the spaces and line ends that a layout adds. */
const dense = (text: string): string => text.replaceAll(/\s+/g, '');

const nothingKnown: Partial<ServiceRecordModel> = {
  letterhead: undefined,
  ticket: { number: 'SZ03-00001A', title: '' },
  customer: undefined,
  site: { zone: 'Asia/Shanghai' },
  asset: undefined,
  contact: undefined,
  engineer: ' ',
  times: {},
  promises: [],
  recovery: undefined,
  fix: undefined,
  causeCode: undefined,
  rootCause: undefined,
  treatment: undefined,
  parts: [],
  evidence: [],
  consent: undefined,
  signature: undefined,
  notes: undefined,
  lastEventHash: undefined,
};

describe('what stands on the paper', () => {
  test('[D1] everything that is known', async () => {
    const model = aServiceRecord();
    const text = dense((await print()).text);
    const facts = [
      model.ticket.number,
      model.ticket.alias,
      model.ticket.title,
      model.ticket.symptom,
      model.ticket.environment,
      '监控告警',
      model.customer,
      model.site.name,
      model.site.room,
      ...Object.values(model.asset ?? {}),
      ...Object.values(model.contact ?? {}),
      model.engineer,
      '2026-03-1709:27',
      model.recovery?.plan,
      model.recovery?.result,
      model.fix?.plan,
      model.fix?.result,
      model.causeCode,
      model.rootCause,
      model.treatment,
      ...model.parts.flatMap((part) => [
        part.name,
        part.partNumber,
        part.serialOut,
        part.serialIn,
        part.slot,
        part.rmaLine,
      ]),
      ...model.evidence.map(({ name }) => name),
      'a3a3a3a3a3a3a3a3',
      '418.2kB',
      model.consent?.by,
      model.consent?.systems,
      '屏幕手指签字',
      model.notes,
      model.lastEventHash,
      '▲超时',
      '✓达成',
      '◐存疑',
    ];
    for (const fact of facts) expect(text).toContain(dense(fact ?? 'missing from the model'));
  });

  test('[D1] says what is missing and invents nothing', async () => {
    const { text } = await print({ ...nothingKnown, language: 'en' });
    for (const said of [
      'Not graded yet',
      'not recorded',
      'not yet',
      'No promises on record.',
      'No parts on record.',
      'No consent on record.',
      'No evidence on record.',
      'Not signed yet',
      'No hash of the event chain',
    ]) {
      expect(text).toContain(said);
    }
    expect(text).not.toMatch(/undefined|null|NaN|\{\w+\}/);
  });

  test('[D1] tells a confirmation by phone and a refusal from a signature', async () => {
    const phone = await print({
      signature: { kind: 'remote', who: '周敏', at: at('12:06'), by: 'phone', reference: '回访录音 114' },
    });
    expect(phone.text).toContain('由具名人员电话确认，无手写签字');
    expect(phone.text).toContain('回访录音 114');
    const refused = await print({
      language: 'en',
      signature: {
        kind: 'refused',
        who: 'Li Wentao',
        at: at('12:06'),
        reason: 'Wants to watch it for 72 h first.',
      },
    });
    expect(refused.text).toContain('The customer refused to sign');
    expect(dense(refused.text)).toContain('Wantstowatchitfor72hfirst.');
  });

  test('[D2] one language, or both side by side', async () => {
    const [zh, en, both] = [
      await print(),
      await print({ language: 'en' }),
      await print({ language: 'both' }),
    ];
    expect(zh.text).toContain('客户确认');
    expect(zh.text).not.toContain('Customer confirmation');
    expect(en.text).toContain('Customer confirmation');
    expect(en.text).not.toContain('客户确认');
    expect(both.text).toMatch(/客户确认\s+Customer confirmation/);
    expect(both.text).toMatch(/第 1 页，共 2 页 Page 1 of 2/);
  });
});

describe('the file', () => {
  test('[D4] is sound, its text can be selected, its fonts are embedded as subsets, it stays under 300 kB', async () => {
    const bytes = await renderServiceRecord(aServiceRecord({ language: 'both' }), { fonts });
    expect(bytes.length).toBeLessThan(300_000);
    const { fonts: used } = await readPdf(bytes);
    expect(used.map(({ name }) => name.replace(/^\w+\+/, '')).sort()).toEqual([
      'NotoSansSC-Bold',
      'NotoSansSC-Regular',
    ]);
    for (const font of used)
      expect(font).toMatchObject({ isEmbedded: true, isSubset: true, hasUnicode: true });
  });

  test('[D5] is the same to the byte for the same record, whatever was made before it', async () => {
    const model = aServiceRecord({
      photos: [{ picture: { bytes: aPng({ colour: 6 }) } }, { picture: { bytes: aPng({ colour: 4 }) } }],
    });
    const first = await renderServiceRecord(model, { fonts });
    // The radical ⼀ (U+2F00) shares its glyph with the ideograph 一.
    await renderServiceRecord(aServiceRecord({ notes: '⼀⼆', language: 'both' }), { fonts });
    const again = await renderServiceRecord(structuredClone(model), { fonts });
    const elsewhere = await renderServiceRecord(model, { fonts: await loadDocumentFonts() });
    expect(Buffer.compare(first, again)).toBe(0);
    expect(Buffer.compare(first, elsewhere)).toBe(0);
    const { text } = await print({ notes: '一二' });
    expect(text).toContain('一二');
  });

  test('[D11] names itself, its language and its structure', async () => {
    const { info, structure } = await print({ language: 'en' });
    expect(info).toMatchObject({
      Title: 'Service record SZ03-00172K',
      Tagged: 'yes',
      'Page size': '595.28 x 841.89 pts (A4)',
    });
    expect(info['Author']).toBe('恒达通信电源技术服务有限公司');
    for (const type of ['Document', 'H1', 'H2', 'Table', 'TR', 'TH', 'TD', 'Figure'])
      expect(structure).toContain(type);
    const bytes = Buffer.from(await renderServiceRecord(aServiceRecord(), { fonts })).toString('latin1');
    expect(bytes).toContain('/Lang (zh-CN)');
  });
});

describe('[D6] the layout', () => {
  const long = '整流模块（48 V/50 A）故障，“通信中断”；详见《手册》——第3章。'.repeat(300).slice(0, 10_000);
  const parts = Array.from({ length: 60 }, (_, index) => ({
    action: (['swap', 'faultyOut', 'goodIn'] as const)[index % 3]!,
    partNumber: `02270-${index}`,
    name: index === 7 ? '整流模块'.repeat(60) : '整流模块 48V/50A',
    serialOut: `OUT${index}`,
    serialIn: index === 9 ? 'X'.repeat(90) : `IN${index}`,
    slot: `R${index}`,
    rmaLine: `RMA-2026-0311/${index}`,
  }));

  test.each(['zh-CN', 'en', 'both'] as const)(
    'cuts nothing and prints nothing over something, however much there is (%s)',
    async (language) => {
      const pdf = await print({
        language,
        ticket: {
          ...aServiceRecord().ticket,
          number: 'N'.repeat(200),
          alias: 'A'.repeat(200),
          title: '很长的标题'.repeat(60),
          grade: 'P2',
        },
        customer: '东岭电信股份有限公司'.repeat(40),
        asset: { name: 'W'.repeat(400), model: 'a b '.repeat(200), serial: '2102'.repeat(60) },
        rootCause: long,
        notes: 'W'.repeat(3_000),
        parts,
        photos: Array.from({ length: 12 }, (_, index) => ({
          picture: { bytes: aPng({ width: 40 + 300 * (index % 3), height: 300 }) },
          caption: index === 4 ? long.slice(0, 1_500) : '更换后',
        })),
        signature: { kind: 'refused', who: '李'.repeat(100), at: at('12:06'), reason: long.slice(0, 3_000) },
      });
      const written = [long, long.slice(0, 1_500), long.slice(0, 3_000)].join('');
      expect(count(pdf.text, '册')).toBe(count(written, '册'));
      expect(dense(pdf.text).match(/W/g)?.length).toBeGreaterThanOrEqual(3_400);
      for (const { serialOut } of parts) expect(pdf.text).toContain(serialOut);
      expect(pdf.images).toBe(12);
      expect(overlaps(pdf.words)).toEqual([]);
      for (const word of pdf.words) {
        expect(word.left, word.text).toBeGreaterThanOrEqual(43);
        expect(word.right, word.text).toBeLessThanOrEqual(595.28 - 43);
        expect(word.bottom, word.text).toBeLessThanOrEqual(841.89 - 20);
      }
    },
  );

  test('repeats the head of a table on every page it reaches', async () => {
    const { pages } = await print({ language: 'en', parts });
    const withParts = pages.filter((page) => /\bOUT\d+/.test(page));
    expect(withParts.length).toBeGreaterThan(1);
    for (const page of withParts) expect(page).toContain('Serial out');
  });

  test('numbers its pages', async () => {
    const { pages } = await print({ language: 'en', rootCause: long });
    for (const [index, page] of pages.entries())
      expect(page).toContain(`Page ${index + 1} of ${pages.length}`);
  });

  test('never parts the signature from its heading and its signer, wherever the page ends', async () => {
    for (let lines = 0; lines < 24; lines += 3) {
      const { pages } = await print({ language: 'en', notes: 'line\n'.repeat(lines) });
      const page = pages.find((text) => text.includes('Customer confirmation'));
      expect(page).toContain('Customer signature');
      expect(page).toContain('Signed on screen, finger');
    }
  });

  test('starts no line with a closing mark', async () => {
    const { words } = await print({ rootCause: long });
    const firstOfLine = words.filter(
      (word) =>
        !words.some((other) => other.page === word.page && other.top === word.top && other.left < word.left),
    );
    expect(firstOfLine.filter(({ text }) => /^[，。；：、）》”」！？]/.test(text))).toEqual([]);
  });
});
