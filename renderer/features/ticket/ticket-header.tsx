import { Button, CopyButton, Menu, Tooltip } from '@mantine/core';
import { Check, Copy, Ellipsis } from 'lucide-react';
import { useTranslation } from 'react-i18next';
import { fieldOf, type TicketState } from '#shared/domain/ticket/state.ts';
import { keyLabel } from '../../app/commands.ts';
import { useDesk } from '../../app/desk.ts';
import { useView } from '../../stores/view.ts';
import { ticketCommands } from './commands.ts';
import { GradeSign } from './grade-sign.tsx';
import { nextAct, type NextAct } from './next-act.ts';
import { lacksInWords, performNext } from './perform.ts';
import classes from './ticket-header.module.css';

interface HeaderProps {
  readonly ticket: TicketState;
  readonly nameOf: (key: string) => string;
}

/** Which ticket it is, where it belongs, and the one thing to do next. */
export function TicketHeader({ ticket, nameOf }: HeaderProps) {
  const { t } = useTranslation();
  const assetId = fieldOf(ticket, 'assetId');
  const place = [
    nameOf(`customer/${ticket.customerId}`),
    nameOf(`site/${ticket.siteId}`),
    ...(assetId === '' ? [] : [nameOf(`asset/${assetId}`)]),
  ];
  return (
    <header className={classes.header}>
      <div className={classes.sign}>
        <GradeSign grade={ticket.grade} />
      </div>
      <div className={classes.what}>
        <h1 className={classes.title} data-testid="ticket-title" title={fieldOf(ticket, 'symptom')}>
          {fieldOf(ticket, 'symptom')}
        </h1>
        <div className={classes.place}>
          <span>{place.join(' › ')}</span>
          <CopyButton value={ticket.number}>
            {({ copied, copy }) => (
              <button type="button" className={classes.number} title={t('ticket.number.copy')} onClick={copy}>
                <span data-testid="ticket-number">{ticket.number}</span>
                {copied ? (
                  <Check size={12} role="img" aria-label={t('ticket.number.copied')} />
                ) : (
                  <Copy size={12} role="img" aria-label={t('ticket.number.copy')} />
                )}
              </button>
            )}
          </CopyButton>
        </div>
      </div>
      <div className={classes.acts}>
        <MoreActs ticket={ticket} />
        <NextButton ticket={ticket} />
      </div>
    </header>
  );
}

function NextButton({ ticket }: { ticket: TicketState }) {
  const { t } = useTranslation();
  const desk = useDesk();
  const next = nextAct(ticket);
  if (next === undefined) return null;
  const word = t(`ticket.step.${wordOf(next)}`);
  const lacks =
    next.lacks.length === 0
      ? t('ticket.next.ready')
      : t('ticket.next.lacks', { list: lacksInWords(next.lacks) });
  return (
    <Tooltip label={lacks} multiline maw={320} openDelay={400}>
      <button
        type="button"
        className={classes.next}
        data-testid="next-step"
        data-step={next.step}
        onClick={() => void performNext(desk, ticket)}
      >
        <span className={classes.word}>
          {word} <kbd>{keyLabel('mod+enter')}</kbd>
        </span>
        <span className={classes.lacks}>{lacks}</span>
      </button>
    </Tooltip>
  );
}

/** The button names what its click does: the form that is lacking, else the step itself. */
function wordOf({ step, does }: NextAct): string {
  return 'open' in does && ['confirm', 'callBack', 'editCause'].includes(does.open) ? does.open : step;
}

/** Everything else that is possible now, from the same list as the palette. */
function MoreActs({ ticket }: { ticket: TicketState }) {
  const { t } = useTranslation();
  const desk = useDesk();
  const possible = (): typeof ticketCommands => {
    const context = { desk, view: useView.getState(), ticket };
    return ticketCommands.filter(
      (command) =>
        !['ticket.new', 'ticket.next', 'ticket.down', 'ticket.up'].includes(command.id) &&
        (command.when?.(context) ?? true),
    );
  };
  return (
    <Menu position="bottom-end" withinPortal width={260}>
      <Menu.Target>
        <Button
          variant="default"
          className={classes.more}
          px={8}
          aria-label={t('ticket.tool.moreLabel')}
          title={t('ticket.tool.moreLabel')}
          data-testid="more-acts"
        >
          <Ellipsis size={16} aria-hidden />
        </Button>
      </Menu.Target>
      <Menu.Dropdown>
        {possible().map((command) => (
          <Menu.Item
            key={command.id}
            data-testid={`more-${command.id}`}
            rightSection={command.keys === undefined ? undefined : <kbd>{keyLabel(command.keys)}</kbd>}
            onClick={() => void command.run({ desk, view: useView.getState(), ticket })}
          >
            {t(command.title)}
          </Menu.Item>
        ))}
      </Menu.Dropdown>
    </Menu>
  );
}
