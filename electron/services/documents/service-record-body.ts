import type { RecordPlan, RecordPromise } from '#shared/domain/report/service-record.ts';
import { factGrid, factList, heading, nothingHere, valueLines } from './blocks.ts';
import { drawColumns } from './columns.ts';
import { writeSize } from './paper-format.ts';
import { drawPhotoGrid } from './photo-grid.ts';
import type { Paper } from './service-record-frame.ts';
import { drawSignatureBlock } from './signature-block.ts';
import { STYLES } from './sheet.ts';
import { drawTable, type Cell } from './table.ts';
import type { WordKey } from './words.ts';

/** The sections in the order of the work: what failed, what was promised, what was done, who confirmed, what proves it. */
export function drawBody(paper: Paper): void {
  const { sheet, words, format, model, pictures } = paper;
  drawFacts(paper);
  drawFault(paper);
  drawTimes(paper);
  drawPromises(paper);
  drawPlan(paper, 'section.recovery', model.recovery);
  drawPlan(paper, 'section.fix', model.fix);
  heading(sheet, words, 'section.cause');
  factList(sheet, words, [
    { label: 'cause.code', value: model.causeCode },
    { label: 'cause.root', value: model.rootCause },
    { label: 'cause.treatment', value: model.treatment },
  ]);
  drawParts(paper);
  drawConsent(paper);
  heading(sheet, words, 'section.notes');
  const notes = valueLines(sheet, words, model.notes, sheet.width);
  drawColumns(sheet, [{ x: sheet.left, lines: notes, element: sheet.element('P'), type: 'P' }]);
  drawSignatureBlock(sheet, words, format, model.signature, pictures.signature);
  if (pictures.photos.length > 0) drawPhotoGrid(sheet, words, format, pictures.photos);
  drawEvidence(paper);
  drawIntegrity(paper);
}

function drawFacts({ sheet, words, model }: Paper): void {
  const { ticket, site, asset, contact } = model;
  heading(sheet, words, 'section.facts');
  factGrid(sheet, words, [
    { label: 'fact.customer', value: model.customer },
    { label: 'fact.asset', value: asset?.name },
    { label: 'fact.site', value: site.name },
    { label: 'fact.model', value: asset?.model },
    { label: 'fact.room', value: site.room },
    { label: 'fact.serial', value: asset?.serial },
    { label: 'fact.contact', value: contact?.name },
    {
      label: 'ticket.channel',
      value: ticket.channel === undefined ? undefined : words.line(`channel.${ticket.channel}`),
    },
    { label: 'fact.phone', value: contact?.phone },
    { label: 'fact.engineer', value: model.engineer },
    { label: 'fact.email', value: contact?.email },
  ]);
}

function drawFault({ sheet, words, model }: Paper): void {
  heading(sheet, words, 'section.fault');
  factList(sheet, words, [
    { label: 'ticket.symptom', value: model.ticket.symptom },
    { label: 'ticket.environment', value: model.ticket.environment },
  ]);
}

/** The five instants side by side, like the steps of the screen. */
function drawTimes({ sheet, words, format, model }: Paper): void {
  const kinds = ['opened', 'responded', 'restored', 'resolved', 'verified'] as const;
  heading(sheet, words, 'section.times', 60);
  const width = sheet.width / kinds.length;
  const columns = kinds.map((kind, at) => {
    const moment = model.times[kind];
    const value = moment === undefined ? undefined : format.moment(moment);
    return {
      x: sheet.left + at * width,
      lines: [
        ...sheet.lines(words.line(`time.${kind}`), { ...STYLES.label, lineHeight: 12 }, width - 8),
        ...valueLines(sheet, words, value, width - 8, {
          missing: 'missing.time',
          style: STYLES.strong,
        }),
      ],
      element: sheet.element('P'),
      type: 'P',
    };
  });
  drawColumns(sheet, columns);
  sheet.y += 3;
  const said = words.line(format.isZoneKnown ? 'time.zone' : 'time.unknownZone', {
    zone: model.site.zone,
  });
  const note = sheet.lines(`${said} ${format.zone} (${format.offset})`, STYLES.small, sheet.width);
  drawColumns(sheet, [{ x: sheet.left, lines: note, element: sheet.element('P'), type: 'P' }]);
}

const PROMISE_SIGNS: Readonly<Record<RecordPromise['result'], string>> = {
  met: '✓',
  breached: '▲',
  disputed: '◐',
  running: '○',
  paused: '○',
};

const STANDS_OUT: ReadonlySet<RecordPromise['result']> = new Set(['breached', 'disputed']);

function drawPromises({ sheet, words, format, model }: Paper): void {
  heading(sheet, words, 'section.promises', 50);
  if (model.promises.length === 0) {
    nothingHere(sheet, words, 'promise.none');
    return;
  }
  const columns = [
    { head: 'promise.kind', share: 0.2 },
    { head: 'promise.due', share: 0.25 },
    { head: 'promise.actual', share: 0.25 },
    { head: 'promise.result', share: 0.3 },
  ] as const;
  const rows = model.promises.map(({ kind, due, actual, result, note }): Cell[] => [
    [{ text: words.line(`promise.${kind}`) }],
    [{ text: due === undefined ? undefined : format.moment(due) }],
    [
      actual === undefined
        ? { text: words.line('missing.time'), style: STYLES.cellMissing }
        : { text: format.moment(actual) },
    ],
    [
      {
        text: `${PROMISE_SIGNS[result]} ${words.line(`promise.${result}`)}`,
        style: STANDS_OUT.has(result) ? STYLES.cellStrong : STYLES.cell,
      },
      { text: note, style: STYLES.columnHead },
    ],
  ]);
  drawTable(sheet, words, columns, rows);
}

function drawPlan({ sheet, words }: Paper, section: WordKey, plan: RecordPlan | undefined): void {
  heading(sheet, words, section);
  factList(sheet, words, [
    { label: 'plan.plan', value: plan?.plan },
    { label: 'plan.result', value: plan?.result },
  ]);
}

function drawParts({ sheet, words, model }: Paper): void {
  heading(sheet, words, 'section.parts', 60);
  if (model.parts.length === 0) {
    nothingHere(sheet, words, 'part.none');
    return;
  }
  const columns = [
    { head: 'part.action', share: 0.13 },
    { head: 'part.part', share: 0.26 },
    { head: 'part.slot', share: 0.09 },
    { head: 'part.serialOut', share: 0.175 },
    { head: 'part.serialIn', share: 0.175 },
    { head: 'part.rma', share: 0.17 },
  ] as const;
  const rows = model.parts.map((part): Cell[] => [
    words.each(`part.${part.action}`).map((text) => ({ text })),
    [{ text: part.name }, { text: part.partNumber, style: STYLES.columnHead }],
    [{ text: part.slot }],
    [{ text: part.serialOut }],
    [{ text: part.serialIn }],
    [{ text: part.rmaLine }],
  ]);
  drawTable(sheet, words, columns, rows);
}

function drawConsent({ sheet, words, format, model }: Paper): void {
  heading(sheet, words, 'section.consent');
  const { consent } = model;
  if (consent === undefined) {
    nothingHere(sheet, words, 'consent.none');
    return;
  }
  if (consent.emergencyReason !== undefined) {
    factList(sheet, words, [{ label: 'consent.emergency', value: consent.emergencyReason }]);
  }
  factGrid(sheet, words, [
    { label: 'consent.by', value: consent.by },
    { label: 'consent.given', value: consent.given && format.moment(consent.given) },
    { label: 'consent.systems', value: consent.systems },
    { label: 'consent.until', value: consent.until && format.moment(consent.until) },
  ]);
}

function drawEvidence({ sheet, words, model }: Paper): void {
  heading(sheet, words, 'section.evidence', 50);
  if (model.evidence.length === 0) {
    nothingHere(sheet, words, 'evidence.none');
    return;
  }
  const columns = [
    { head: 'evidence.kind', share: 0.17 },
    { head: 'evidence.name', share: 0.45 },
    { head: 'evidence.size', share: 0.13 },
    { head: 'evidence.hash', share: 0.25 },
  ] as const;
  const rows = model.evidence.map(({ kind, name, size, sha256 }): Cell[] => [
    [{ text: words.line(`evidence.${kind}`) }],
    [{ text: name }],
    [{ text: writeSize(size) }],
    [{ text: sha256.slice(0, 16) }],
  ]);
  drawTable(sheet, words, columns, rows);
}

function drawIntegrity({ sheet, words, model }: Paper): void {
  heading(sheet, words, 'integrity.title', 24);
  const hash = model.lastEventHash;
  const text = hash === undefined ? words.line('integrity.none') : `${words.line('integrity.hash')} ${hash}`;
  const lines = sheet.lines(text, STYLES.small, sheet.width);
  drawColumns(sheet, [{ x: sheet.left, lines, element: sheet.element('P'), type: 'P' }]);
}
