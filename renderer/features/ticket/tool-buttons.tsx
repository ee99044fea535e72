import { FileText, RefreshCw, ScrollText, SquareTerminal } from 'lucide-react';
import { useTranslation } from 'react-i18next';
import type { TicketState } from '#shared/domain/ticket/state.ts';
import { useView, type DockTab } from '../../stores/view.ts';
import classes from './tool-buttons.module.css';

const TOOLS = [
  { kind: 'terminal', Icon: SquareTerminal, isOne: false },
  { kind: 'log', Icon: ScrollText, isOne: false },
  { kind: 'part', Icon: RefreshCw, isOne: true },
  { kind: 'document', Icon: FileText, isOne: true },
] as const;

/** Opens the tools of a ticket in the dock: terminals and logs as many as one wants, the others once. */
export function ToolButtons({ ticket }: { ticket: TicketState }) {
  const { t } = useTranslation();
  const open = (kind: (typeof TOOLS)[number]['kind'], isOne: boolean): void => {
    const { tabs, openTab } = useView.getState();
    openTab({
      id: isOne ? `${kind}/${ticket.id}` : freeId(`${kind}/${ticket.id}/`, tabs),
      kind,
      ticketId: ticket.id,
      title: `${t(`ticket.tool.${kind}`)} · ${ticket.number}`,
      params: {},
    });
  };
  return (
    <div className={classes.tools} role="group" aria-label={t('ticket.tool.label')}>
      {TOOLS.map(({ kind, Icon, isOne }) => (
        <button
          key={kind}
          type="button"
          className={classes.tool}
          data-testid={`tool-${kind}`}
          onClick={() => open(kind, isOne)}
        >
          <Icon size={14} aria-hidden /> {t(`ticket.tool.${kind}`)}
        </button>
      ))}
    </div>
  );
}

/** The first number that no open tab has: closing one must not make two of the same. */
function freeId(prefix: string, tabs: readonly DockTab[]): string {
  let n = 1;
  while (tabs.some((tab) => tab.id === `${prefix}${n}`)) n++;
  return `${prefix}${n}`;
}
