import { Modal } from '@mantine/core';
import type { ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import classes from './dialog-frame.module.css';

interface FrameProps {
  readonly title: string;
  /** Width in pixels. */
  readonly size: number;
  readonly onClose: () => void;
  readonly children: ReactNode;
}

/** A dialog over the screen. The page behind never scrolls, so there is nothing to lock. */
export function DialogFrame({ title, size, onClose, children }: FrameProps) {
  const { t } = useTranslation();
  return (
    <Modal
      opened
      onClose={onClose}
      size={size}
      title={title}
      lockScroll={false}
      padding={16}
      transitionProps={{ duration: 120 }}
      classNames={{ title: classes.title, body: classes.body }}
      closeButtonProps={{ 'aria-label': t('app.close') }}
    >
      {children}
    </Modal>
  );
}
