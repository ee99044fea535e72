import type { ServiceRecordModel } from '#shared/domain/report/service-record.ts';
import { drawColumns } from './columns.ts';
import { drawGradeSign } from './grade-sign.ts';
import type { PaperFormat } from './paper-format.ts';
import type { RecordPictures } from './service-record.ts';
import { STYLES, type Line, type Sheet } from './sheet.ts';
import type { Words } from './words.ts';

/** All that the parts of one paper need to draw themselves. */
export interface Paper {
  readonly sheet: Sheet;
  readonly words: Words;
  readonly format: PaperFormat;
  readonly model: ServiceRecordModel;
  readonly pictures: RecordPictures;
}

const LOGO = { width: 150, height: 36 };

/** First page: logo place and ticket number, the paper's name, grade and title. */
export function drawLetterhead(paper: Paper): void {
  const { sheet, words } = paper;
  const top = sheet.y;
  drawLogoPlace(paper, top);
  drawNumbers(paper, top);
  sheet.y = top + LOGO.height + 12;
  sheet.rule(sheet.y, { weight: 1.5, colour: '#111111' });
  sheet.y += 10;

  const [name = '', nameBeside = ''] = words.each('record.title');
  sheet.inside(sheet.element('H1'), 'H1', () => {
    sheet.draw({ text: name, style: STYLES.title }, sheet.left, sheet.y);
    const beside = sheet.left + sheet.widthOf(`${name} `, STYLES.title);
    sheet.draw(
      { text: nameBeside, style: { ...STYLES.headline, weight: 'regular', lineHeight: 29 } },
      beside,
      sheet.y,
    );
  });
  sheet.y += 30;
  drawHeadline(paper);
  sheet.y += 2;
}

function drawLogoPlace({ sheet, model, pictures }: Paper, top: number): void {
  const organisation = sheet.clean(model.letterhead?.organisation);
  if (pictures.logo !== undefined && !('fault' in pictures.logo)) {
    sheet.picture(pictures.logo, sheet.left, top, LOGO, organisation);
    return;
  }
  if (organisation === '') return;
  const lines = sheet.lines(organisation, STYLES.headline, sheet.width / 2);
  sheet.inside(sheet.element('P'), 'P', () => {
    for (const [row, line] of lines.slice(0, 2).entries())
      sheet.draw(line, sheet.left, top + row * line.style.lineHeight);
  });
}

function drawNumbers({ sheet, words, model }: Paper, top: number): void {
  const width = sheet.width / 2 - 20;
  const rows: Line[] = [
    { text: words.line('ticket.number'), style: STYLES.small },
    {
      text: sheet.shortened(model.ticket.number, STYLES.headline, width),
      style: { ...STYLES.headline, lineHeight: 16 },
    },
  ];
  const alias = sheet.clean(model.ticket.alias);
  if (alias !== '')
    rows.push({
      text: sheet.shortened(`${words.line('ticket.alias')} ${alias}`, STYLES.small, width),
      style: STYLES.small,
    });
  let y = top;
  sheet.inside(sheet.element('P'), 'P', () => {
    for (const line of rows) {
      sheet.drawRight(line, sheet.right, y);
      y += line.style.lineHeight;
    }
  });
}

/** Grade sign and its word, then the title over as many lines as it needs. */
function drawHeadline({ sheet, words, model }: Paper): void {
  const { grade, title } = model.ticket;
  const word = words.line(grade === undefined ? 'grade.none' : `grade.${grade}`);
  const element = sheet.element('P');
  sheet.ensure(STYLES.headline.lineHeight * 2);
  let x = sheet.left;
  sheet.inside(element, 'P', () => {
    if (grade !== undefined) x += drawGradeSign(sheet, grade, x, sheet.y + 1.5) + 6;
    sheet.draw(
      { text: word, style: { ...STYLES.strong, lineHeight: STYLES.headline.lineHeight } },
      x,
      sheet.y,
    );
  });
  x += sheet.widthOf(word, STYLES.strong) + 12;
  const lines = sheet.lines(title, STYLES.headline, sheet.right - x);
  const shown =
    lines.length > 0
      ? lines
      : [
          {
            text: words.line('missing.text'),
            style: { ...STYLES.missing, lineHeight: STYLES.headline.lineHeight },
          },
        ];
  drawColumns(sheet, [{ x, lines: shown, element: sheet.element('P'), type: 'P' }]);
}

/** What stands on every page: number and title above (from page 2 on), and below when it was made and which page this is. */
export function drawRunningLines({ sheet, words, format, model }: Paper, page: number, pages: number): void {
  const number = sheet.shortened(model.ticket.number, STYLES.small, sheet.width / 3);
  if (page > 1) {
    const top = 36;
    const name = words.line('record.title');
    const room = sheet.width - sheet.widthOf(name, STYLES.small) - 16;
    const text = sheet.shortened(`${number}  ${model.ticket.title}`, STYLES.small, room);
    sheet.draw({ text, style: STYLES.small }, sheet.left, top);
    sheet.drawRight({ text: name, style: STYLES.small }, sheet.right, top);
    thinLine(sheet, top + 14);
  }
  const top = sheet.doc.page.height - 40;
  thinLine(sheet, top - 5);
  const hash = model.lastEventHash === undefined ? '' : `  ·  ${model.lastEventHash.slice(0, 16)}`;
  const made = `${number}  ·  ${words.line('record.generated')} ${format.moment(model.generatedAt)}${hash}`;
  const pageText = words.line('record.page', { page, pages });
  sheet.draw(
    {
      text: sheet.shortened(made, STYLES.small, sheet.width - sheet.widthOf(pageText, STYLES.small) - 16),
      style: STYLES.small,
    },
    sheet.left,
    top,
  );
  sheet.drawRight({ text: pageText, style: STYLES.small }, sheet.right, top);
}

function thinLine(sheet: Sheet, y: number): void {
  sheet.doc.moveTo(sheet.left, y).lineTo(sheet.right, y).lineWidth(0.4).strokeColor('#c8c8c8').stroke();
}
