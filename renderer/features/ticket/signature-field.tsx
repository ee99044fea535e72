import { Button, Input } from '@mantine/core';
import SignaturePad from 'signature_pad';
import { useEffect, useRef } from 'react';
import { useTranslation } from 'react-i18next';
import { useDesk } from '../../app/desk.ts';
import classes from './dialog.module.css';

interface SignatureProps {
  readonly label: string;
  readonly testId: string;
  readonly error?: string | undefined;
  /** Told the hash under which the drawing is kept, or `''` when there is none. */
  readonly onChange: (sha256: string) => void;
}

/** A place to sign. Each finished stroke is kept as a PNG by its content, so that a signature is never lost with the form. */
export function SignatureField({ label, testId, error, onChange }: SignatureProps) {
  const { t } = useTranslation();
  const { host } = useDesk();
  const canvas = useRef<HTMLCanvasElement>(null);
  const pad = useRef<SignaturePad>(undefined);
  const told = useRef(onChange);
  useEffect(() => {
    told.current = onChange;
  });
  useEffect(() => {
    const element = canvas.current;
    if (element === null) return;
    // The pen draws in the canvas's own pixels: they must be those of the screen.
    const ratio = Math.max(1, window.devicePixelRatio);
    element.width = element.offsetWidth * ratio;
    element.height = element.offsetHeight * ratio;
    element.getContext('2d')?.scale(ratio, ratio);
    const drawn = new SignaturePad(element, {
      penColor: '#101418',
      backgroundColor: '#ffffff',
      minWidth: 0.8,
      maxWidth: 2.4,
    });
    pad.current = drawn;
    let turn = 0;
    const keep = async (): Promise<void> => {
      const mine = ++turn;
      const blob = await new Promise<Blob | null>((resolve) => element.toBlob(resolve, 'image/png'));
      if (blob === null) return;
      const { sha256 } = await host.blobs.put({ bytes: new Uint8Array(await blob.arrayBuffer()) });
      if (mine === turn && !drawn.isEmpty()) told.current(sha256);
    };
    const onEnd = (): void => void keep();
    drawn.addEventListener('endStroke', onEnd);
    return () => {
      drawn.removeEventListener('endStroke', onEnd);
      drawn.off();
    };
  }, [host]);
  return (
    <Input.Wrapper label={label} error={error} labelElement="div">
      <div className={classes.signature}>
        <canvas ref={canvas} data-testid={testId} role="img" aria-label={t('ticket.act.signHere')} />
        <Button
          className={classes.clearSignature}
          size="compact-xs"
          variant="default"
          onClick={() => {
            pad.current?.clear();
            onChange('');
          }}
        >
          {t('ticket.act.clear')}
        </Button>
      </div>
    </Input.Wrapper>
  );
}
