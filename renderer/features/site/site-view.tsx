import { Button, Group } from '@mantine/core';
import { ArrowLeft } from 'lucide-react';
import { useState, type ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import { covers } from '#shared/domain/contract/contract.ts';
import { decideDirectory } from '#shared/domain/directory/decide.ts';
import type { SiteState } from '#shared/domain/directory/state.ts';
import { mayAppend } from '#shared/domain/rights/rights.ts';
import { decideContext, saveDecision, subjectOf, useDesk } from '../../app/desk.ts';
import { nameIn } from '../../app/i18n/i18n.ts';
import { tellTrouble } from '../../app/tell-trouble.ts';
import { useEntities, useEntity } from '../../app/use-live.ts';
import { presentMs } from '../../components/present-time.ts';
import { formatSize } from '../../components/format-size.ts';
import { offerDownload, readBytes } from '../../host/keep-bytes.ts';
import { useView } from '../../stores/view.ts';
import { VisitPanel } from '../visit/index.ts';
import { RecordDialog } from './record-dialog.tsx';
import type { RecordForm } from './record-forms.ts';
import classes from './sites-page.module.css';

/** One site: who it belongs to, what stands there, what one takes along when one goes there. */
export function SiteView({ siteId }: { siteId: string }) {
  const { t, i18n } = useTranslation();
  const desk = useDesk();
  const site = useEntity('site', siteId);
  const customer = useEntity('customer', site?.customerId);
  const customers = useEntities('customer');
  const assets = useEntities('asset').filter((asset) => asset.siteId === siteId);
  const contracts = useEntities('contract');
  const selectSite = useView((view) => view.selectSite);
  const [form, setForm] = useState<RecordForm>();
  const [isPreparing, setPreparing] = useState(false);
  if (site === undefined) return <p className={classes.page}>{t('visit.unknownSite')}</p>;
  const name = (named: { name?: string; nameEn?: string } | undefined): string =>
    nameIn(i18n.language, named);
  const ours = contracts.filter((contract) => covers(contract, site));
  const subject = subjectOf(desk.workspace);
  const may = (type: string): boolean => mayAppend(subject, site.scope, type);

  return (
    <div className={classes.page} data-testid="site-view">
      <button
        type="button"
        className={classes.back}
        data-testid="site-back"
        onClick={() => selectSite(undefined)}
      >
        <ArrowLeft size={14} aria-hidden /> {t('part.sites.title')}
      </button>
      <h1 className={classes.title}>
        {customer !== undefined && `${name(customer)} › `}
        {name(site)}
      </h1>
      <p className={classes.address}>
        {site.address} · {site.zone}
      </p>
      <Group gap="sm" my="sm">
        <Button
          size="sm"
          variant={isPreparing ? 'default' : 'filled'}
          data-testid="prepare-visit"
          aria-expanded={isPreparing}
          onClick={() => setPreparing(!isPreparing)}
        >
          {t(isPreparing ? 'visit.close' : 'visit.prepare')}
        </Button>
        {may('site.registered') && (
          <Button
            size="sm"
            variant="default"
            data-testid="edit-site"
            onClick={() => setForm({ kind: 'site', on: site, customers, region: desk.workspace.homeRegion })}
          >
            {t('site.edit')}
          </Button>
        )}
      </Group>
      {isPreparing && <VisitPanel siteId={siteId} day={dayIn(site.zone)} />}

      <Part
        title={t('visit.section.contract')}
        name="contract"
        add={t('site.form.contract')}
        onAdd={may('contract.registered') ? () => setForm({ kind: 'contract', site }) : undefined}
      >
        {ours.map((contract) => (
          <li key={contract.id}>
            <b>{contract.number}</b> {contract.from} – {contract.to}
            {contract.calendar !== undefined &&
              ` · ${t(`site.calendar.${contract.calendar.id}`, {
                version: contract.calendar.version,
                defaultValue: contract.calendar.id,
              })}`}
            <p>{contract.entitlement}</p>
            {may('contract.registered') && (
              <div className={classes.acts}>
                <button
                  type="button"
                  className={classes.link}
                  onClick={() => setForm({ kind: 'contract', on: contract, site })}
                >
                  {t('site.edit')}
                </button>
              </div>
            )}
          </li>
        ))}
      </Part>
      {customer !== undefined && (
        <Part
          title={t('visit.section.contacts')}
          name="contact"
          add={t('site.form.contact')}
          onAdd={may('customer.contactAdded') ? () => setForm({ kind: 'contact', on: customer }) : undefined}
        >
          {customer.contacts.map((contact) => (
            <li key={contact.name + contact.phone}>
              {contact.name} · {contact.phone} {contact.email !== undefined && `· ${contact.email}`}
            </li>
          ))}
        </Part>
      )}
      <Part
        title={t('visit.section.assets')}
        name="asset"
        add={t('site.form.asset')}
        onAdd={may('asset.registered') ? () => setForm({ kind: 'asset', site }) : undefined}
      >
        {assets.map((asset) => (
          <li key={asset.id} data-testid="asset">
            <b>{name(asset)}</b> {asset.model} <span className={classes.mono}>{asset.serial}</span>
            {asset.slots.length > 0 && ` · ${t('part.sites.slots', { count: asset.slots.length })}`}
            {asset.baselines.map((baseline) => (
              <FileLine key={baseline.baselineId} title={baseline.label} file={baseline} />
            ))}
            <div className={classes.acts}>
              {may('asset.registered') && (
                <button
                  type="button"
                  className={classes.link}
                  onClick={() => setForm({ kind: 'asset', on: asset, site })}
                >
                  {t('site.edit')}
                </button>
              )}
              {may('asset.baselineTaken') && (
                <button
                  type="button"
                  className={classes.link}
                  data-testid="add-baseline"
                  onClick={() => setForm({ kind: 'baseline', on: asset })}
                >
                  {t('site.form.baseline')}
                </button>
              )}
            </div>
          </li>
        ))}
      </Part>
      <Part
        title={t('visit.section.documents')}
        name="document"
        add={t('site.form.document')}
        onAdd={may('site.documentAdded') ? () => setForm({ kind: 'document', on: site }) : undefined}
      >
        {site.documents.map((document) => (
          <li key={document.documentId}>
            <FileLine
              title={`${t(`site.documentKind.${document.kind}`)} · ${document.title}`}
              file={document}
            />
            {may('site.documentRemoved') && (
              <div className={classes.acts}>
                <RemoveDocument site={site} documentId={document.documentId} />
              </div>
            )}
          </li>
        ))}
      </Part>
      {form !== undefined && <RecordDialog form={form} onClose={() => setForm(undefined)} />}
    </div>
  );
}

/** Today at the site, `2026-11-22`. */
function dayIn(zone: string | undefined): string {
  return new Intl.DateTimeFormat('sv-SE', { timeZone: zone }).format(presentMs());
}

function Part(props: {
  title: string;
  /** Of what is added. */
  name: RecordForm['kind'];
  add: string;
  /** Left out where the user may not add. */
  onAdd?: (() => void) | undefined;
  children: ReactNode[];
}) {
  const { t } = useTranslation();
  return (
    <section className={classes.site}>
      <h2>
        {props.title}
        {props.onAdd !== undefined && (
          <button
            type="button"
            className={classes.add}
            data-testid={`add-${props.name}`}
            onClick={props.onAdd}
          >
            + {props.add}
          </button>
        )}
      </h2>
      {props.children.length === 0 ? <p>{t('site.nothing')}</p> : <ul>{props.children}</ul>}
    </section>
  );
}

/** An attachment that is fetched when somebody wants it and handed over as a file. */
function FileLine({ title, file }: { title: string; file: { sha256: string; size: number; name: string } }) {
  const { i18n } = useTranslation();
  const { host } = useDesk();
  const save = async (): Promise<void> => {
    // Whatever it calls itself: it is handed over as bytes, never shown as a page.
    offerDownload(await readBytes(host, file.sha256), file.name, 'application/octet-stream');
  };
  return (
    <p>
      <button type="button" className={classes.link} onClick={() => void save().catch(tellTrouble)}>
        {title}
      </button>{' '}
      {file.name} · {formatSize(file.size, i18n.language)}
    </p>
  );
}

function RemoveDocument({ site, documentId }: { site: SiteState; documentId: string }) {
  const { t } = useTranslation();
  const desk = useDesk();
  const [isSure, setSure] = useState(false);
  const remove = async (): Promise<void> => {
    const command = { do: 'removeDocument', site, documentId, reason: '' } as const;
    await saveDecision(desk, decideDirectory(command, decideContext(desk)));
  };
  return (
    <button
      type="button"
      className={classes.link}
      onBlur={() => setSure(false)}
      onClick={() => (isSure ? void remove().catch(tellTrouble) : setSure(true))}
    >
      {t(isSure ? 'site.removeSure' : 'site.remove')}
    </button>
  );
}
