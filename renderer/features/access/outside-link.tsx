import type { ReactNode } from 'react';
import type { AppInfo } from '#shared/host/app.ts';
import type { HostClient } from '../../host/connect.ts';
import classes from './access.module.css';

interface OutsideLinkProps {
  readonly host: HostClient;
  readonly info: AppInfo;
  readonly url: string;
  readonly onTrouble: (thrown: unknown) => void;
  readonly children: ReactNode;
}

/** An address that belongs into the user's own browser: the host opens it there where it can, else it is a new tab. */
export function OutsideLink({ host, info, url, onTrouble, children }: OutsideLinkProps) {
  if (!info.capabilities.openExternal) {
    return (
      <a className={classes.link} href={url} target="_blank" rel="noreferrer" data-testid="outside-link">
        {children}
      </a>
    );
  }
  return (
    <button
      type="button"
      className={classes.link}
      data-testid="outside-link"
      onClick={() => void host.app.openExternal({ url }).catch(onTrouble)}
    >
      {children}
    </button>
  );
}
