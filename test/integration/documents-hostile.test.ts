import { beforeAll, describe, expect, test } from 'vitest';
import { DocumentError } from '#electron/services/documents/document-error.ts';
import { loadDocumentFonts, type DocumentFonts } from '#electron/services/documents/fonts.ts';
import { renderServiceRecord } from '#electron/services/documents/service-record.ts';
import { SERVICE_RECORD_LIMITS, type ServiceRecordModel } from '#shared/domain/report/service-record.ts';
import { aPng, jpegShell } from '#test/support/pictures.ts';
import { readPdf, type ReadPdf } from '#test/support/read-pdf.ts';
import { aServiceRecord, at } from '#test/support/service-record-model.ts';

let fonts: DocumentFonts;
beforeAll(async () => {
  fonts = await loadDocumentFonts();
});

const print = async (changes: Partial<ServiceRecordModel> = {}): Promise<ReadPdf> =>
  readPdf(await renderServiceRecord(aServiceRecord(changes), { fonts }));

describe('hostile content', () => {
  test('[D8] shows what cannot be printed or must not act', async () => {
    const { text } = await print({ notes: '🔥 SN \u202e71104K2012\u202c \u0007 𠮷' });
    expect(text).toContain('[U+1F525] SN [U+202E]71104K2012[U+202C] [U+0007] [U+20BB7]');
  });

  test('[D9] leaves a placeholder for a picture that cannot be shown', async () => {
    const giant = Buffer.from(aPng());
    giant.writeUInt32BE(90_000, 16);
    giant.writeUInt32BE(90_000, 20);
    const pdf = await print({
      language: 'en',
      letterhead: { organisation: 'Hengda', logo: { bytes: new Uint8Array(10) } },
      photos: [new Uint8Array(), giant, jpegShell({ isCut: true }), aPng({ interlace: 1 })].map((bytes) => ({
        picture: { bytes },
      })),
      signature: {
        kind: 'picture',
        who: 'Zhou Min',
        at: at('12:06'),
        method: 'finger',
        picture: { bytes: new Uint8Array(3) },
      },
    });
    const text = pdf.text.replaceAll(/\s+/g, ' ');
    expect(text).toContain('The photo cannot be shown: not a JPEG or PNG picture');
    expect(text).toContain('the picture is too large (90000 × 90000)');
    expect(text).toContain('the picture is incomplete or damaged');
    expect(text).toContain('this kind of picture is not supported');
    expect(text).toContain('The signature cannot be shown: not a JPEG or PNG picture');
    expect(text).toContain('Hengda');
    expect(pdf.images).toBe(0);
  });

  test('[D9] draws strokes of any size and none at all', async () => {
    const strokes = [
      [
        [-1e308, 0, 0],
        [1e308, 1e-308, 1],
      ],
      [[0, 0, 2]],
    ] as [number, number, number][][];
    const signed = { kind: 'strokes', who: '周敏', at: at('12:06'), method: 'pen' } as const;
    await print({ signature: { ...signed, strokes } });
    const empty = await print({ signature: { ...signed, strokes: [[]] } });
    expect(empty.text).toContain('签字中没有笔迹');
  });

  test('[D10] refuses what is beyond its limits with a code', async () => {
    const refusal = async (changes: Partial<ServiceRecordModel>): Promise<string> => {
      const thrown = await renderServiceRecord(aServiceRecord(changes), { fonts }).catch(
        (error: unknown) => error,
      );
      expect(thrown).toBeInstanceOf(DocumentError);
      return (thrown as DocumentError).code;
    };
    const photo = { picture: { bytes: aPng() } };
    const [part] = aServiceRecord().parts;
    const limits = SERVICE_RECORD_LIMITS;
    expect(await refusal({ photos: Array.from({ length: limits.photos + 1 }, () => photo) })).toBe(
      'documents.tooManyPhotos',
    );
    expect(await refusal({ photos: [{ picture: { bytes: new Uint8Array(limits.pictureBytes + 1) } }] })).toBe(
      'documents.pictureTooBig',
    );
    const large = new Uint8Array(limits.pictureBytes);
    expect(await refusal({ photos: Array.from({ length: 5 }, () => ({ picture: { bytes: large } })) })).toBe(
      'documents.picturesTooBig',
    );
    expect(await refusal({ parts: Array.from({ length: limits.parts + 1 }, () => part!) })).toBe(
      'documents.tooManyRows',
    );
    expect(await refusal({ notes: 'x'.repeat(limits.textLength + 1) })).toBe('documents.textTooLong');
    expect(await refusal({ language: 'fr' as 'en' })).toBe('documents.badModel');
  });
});

test('[D4] says which font is missing', async () => {
  const thrown = await loadDocumentFonts({ regular: '/nowhere/a.ttf', bold: '/nowhere/b.ttf' }).catch(
    (error: unknown) => error,
  );
  expect(thrown).toMatchObject({ code: 'documents.fontUnavailable', detail: { path: '/nowhere/a.ttf' } });
});
