import { ServiceRecordModel, type Picture } from '#shared/domain/report/service-record.ts';
import { drawBody } from './service-record-body.ts';
import { drawLetterhead, drawRunningLines } from './service-record-frame.ts';
import { DocumentError } from './document-error.ts';
import type { DocumentFonts } from './fonts.ts';
import { checkLimits, PictureBudget } from './limits.ts';
import { paperFormat } from './paper-format.ts';
import type { CheckedPhoto } from './photo-grid.ts';
import { checkPicture, type CheckedPicture, type PictureFault, type ReadBlob } from './pictures.ts';
import { Sheet } from './sheet.ts';
import { wordsFor } from './words.ts';

export interface RenderOptions {
  readonly fonts: DocumentFonts;
  /** Needed where the model names pictures by hash; without it they count as absent. */
  readonly readBlob?: ReadBlob;
}

export interface RenderedDocument {
  readonly bytes: Uint8Array;
  readonly pages: number;
}

/** The pictures of one record, each looked at before anything is drawn. */
export interface RecordPictures {
  readonly logo: CheckedPicture | PictureFault | undefined;
  readonly signature: CheckedPicture | PictureFault | undefined;
  readonly photos: readonly CheckedPhoto[];
}

/**
 * Makes the service record as PDF bytes (A4, tagged, fonts embedded as
 * subsets). The same model gives the same bytes, so the file's hash can be
 * checked by making it again. See docs/spec/documents.md.
 * @throws DocumentError where the model is malformed or above a limit
 */
export async function renderServiceRecord(
  model: ServiceRecordModel,
  options: RenderOptions,
): Promise<Uint8Array> {
  return (await layOutServiceRecord(model, options)).bytes;
}

/** The same, with the number of pages. */
export async function layOutServiceRecord(
  input: ServiceRecordModel,
  { fonts, readBlob = nothingKept }: RenderOptions,
): Promise<RenderedDocument> {
  const model = parseModel(input);
  checkLimits(model);
  const pictures = await gatherPictures(model, readBlob);
  const words = wordsFor(model.language);
  const format = paperFormat(model.site.zone, model.generatedAt, model.language);
  const sheet = new Sheet(fonts, {
    title: `${words.line('record.title')} ${model.ticket.number}`,
    author: model.letterhead?.organisation ?? words.each('record.author')[0] ?? '',
    keywords: [model.ticket.number, model.ticket.alias, model.lastEventHash]
      .filter((word) => word !== undefined)
      .join(' '),
    language: model.language === 'en' ? 'en' : 'zh-CN',
    createdAt: new Date(model.generatedAt.at),
  });
  const paper = { sheet, words, format, model, pictures };
  drawLetterhead(paper);
  drawBody(paper);
  return sheet.finish((page, pages) => drawRunningLines(paper, page, pages));
}

const nothingKept: ReadBlob = async () => ({ fault: 'absent' });

function parseModel(input: ServiceRecordModel): ServiceRecordModel {
  const parsed = ServiceRecordModel.safeParse(input);
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  const place = issue?.path.join('.') ?? '';
  throw new DocumentError(
    'documents.badModel',
    `The service record is malformed at ${place}: ${issue?.message ?? ''}.`,
    { place },
  );
}

async function gatherPictures(model: ServiceRecordModel, readBlob: ReadBlob): Promise<RecordPictures> {
  const budget = new PictureBudget();
  const look = async (picture: Picture): Promise<CheckedPicture | PictureFault> => {
    const bytes = 'bytes' in picture ? picture.bytes : await readBlob(picture.blob);
    if ('fault' in bytes) return bytes;
    budget.take(bytes.length);
    return checkPicture(bytes);
  };
  const photos: CheckedPhoto[] = [];
  for (const photo of model.photos) photos.push({ photo, picture: await look(photo.picture) });
  const { signature, letterhead } = model;
  return {
    logo: letterhead?.logo === undefined ? undefined : await look(letterhead.logo),
    signature: signature?.kind === 'picture' ? await look(signature.picture) : undefined,
    photos,
  };
}
