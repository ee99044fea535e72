import type { RecordPhoto } from '#shared/domain/report/service-record.ts';
import { heading } from './blocks.ts';
import { drawColumns, type Column } from './columns.ts';
import type { PaperFormat } from './paper-format.ts';
import type { CheckedPicture, PictureFault } from './pictures.ts';
import { fitted, RULE, STYLES, type Sheet, type Size } from './sheet.ts';
import type { Words } from './words.ts';

export interface CheckedPhoto {
  readonly photo: RecordPhoto;
  readonly picture: CheckedPicture | PictureFault;
}

const COLUMNS = 2;
const GAP = 16;
const TALLEST = 190;
const PLACEHOLDER = 66;
/** Room for the first caption lines beside their pictures' foot. */
const CAPTION = 26;

/** Photos two by two with number, caption and time; a photo that cannot be shown leaves a box that says why. */
export function drawPhotoGrid(
  sheet: Sheet,
  words: Words,
  format: PaperFormat,
  photos: readonly CheckedPhoto[],
): void {
  const width = (sheet.width - GAP * (COLUMNS - 1)) / COLUMNS;
  const box = { width, height: TALLEST };
  for (let at = 0; at < photos.length; at += COLUMNS) {
    const row = photos.slice(at, at + COLUMNS);
    const tallest = Math.max(...row.map(({ picture }) => heightOf(picture, box)));
    if (at === 0) heading(sheet, words, 'section.photos', tallest + CAPTION);
    sheet.ensure(tallest + CAPTION);
    const top = sheet.y + 2;
    const captions: Column[] = row.map(({ photo, picture }, column) => {
      const x = sheet.left + column * (width + GAP);
      const name = words.line('photo.number', { number: at + column + 1 });
      if ('fault' in picture) {
        const text = words.line('photo.broken', { reason: faultWords(words, picture) });
        drawPlaceholder(sheet, text, { x, y: top, width, height: tallest });
      } else {
        sheet.picture(picture, x, top, box, `${name} ${sheet.clean(photo.caption)}`.trim());
        drawFrame(sheet, { x, y: top, ...fitted(picture, box) });
      }
      const taken = photo.taken === undefined ? '' : `  ${format.moment(photo.taken)}`;
      return {
        x,
        lines: [
          ...sheet.lines(`${name}${taken}`, STYLES.small, width),
          ...sheet.lines(photo.caption, STYLES.cell, width),
        ],
        element: sheet.element('Caption'),
        type: 'Caption',
      };
    });
    sheet.y = top + tallest + 3;
    drawColumns(sheet, captions);
    sheet.y += 10;
  }
}

/** Why a picture is not shown, in the words of the paper. */
export function faultWords(words: Words, fault: PictureFault): readonly string[] {
  return words.each(
    `picture.${fault.fault}`,
    fault.fault === 'tooLarge' ? { width: fault.width, height: fault.height } : {},
  );
}

function heightOf(picture: CheckedPicture | PictureFault, box: Size): number {
  return 'fault' in picture ? PLACEHOLDER : fitted(picture, box).height;
}

interface Box extends Size {
  readonly x: number;
  readonly y: number;
}

/** A hairline, so that a bright photo ends somewhere on white paper. */
function drawFrame(sheet: Sheet, { x, y, width, height }: Box): void {
  sheet.artifact('Layout', () => {
    sheet.doc.rect(x, y, width, height).lineWidth(0.35).stroke(RULE);
  });
}

function drawPlaceholder(sheet: Sheet, text: string, { x, y, width, height }: Box): void {
  sheet.artifact('Layout', () => {
    sheet.doc.roundedRect(x, y, width, height, 3).lineWidth(0.6).dash(3, { space: 2 }).stroke(RULE).undash();
  });
  sheet.inside(sheet.element('P'), 'P', () => {
    for (const [row, line] of sheet
      .lines(text, STYLES.cellMissing, width - 20)
      .slice(0, 4)
      .entries()) {
      sheet.draw(line, x + 10, y + 8 + row * line.style.lineHeight);
    }
  });
}
