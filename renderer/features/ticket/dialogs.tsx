import { useView } from '../../stores/view.ts';
import { ActDialog } from './act-dialog.tsx';
import { isAct } from './act-specs.ts';
import { NewTicketDialog } from './new-ticket-dialog.tsx';

/** The dialog over the screen, if it is one of the tickets'. */
export function TicketDialogs() {
  const dialog = useView((state) => state.dialog);
  if (dialog?.kind === 'newTicket') return <NewTicketDialog />;
  if (dialog?.kind === 'act' && isAct(dialog.act))
    return <ActDialog act={dialog.act} ticketId={dialog.ticketId} />;
  return null;
}
