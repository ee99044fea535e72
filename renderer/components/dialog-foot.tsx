import type { ReactNode } from 'react';
import classes from './dialog-form.module.css';

interface DialogFootProps {
  /** Why it was not done the last time. Always in sight, however long the form is. */
  readonly trouble: string | undefined;
  readonly troubleId?: string;
  /** The ways out. */
  readonly children: ReactNode;
}

/** The end of a dialog's form. */
export function DialogFoot({ trouble, troubleId, children }: DialogFootProps) {
  return (
    <div className={classes.foot}>
      <p role="alert" className={classes.trouble} data-testid={troubleId}>
        {trouble}
      </p>
      {children}
    </div>
  );
}
