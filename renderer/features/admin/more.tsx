import { Button } from '@mantine/core';
import { useTranslation } from 'react-i18next';
import type { Page } from './first-pages.ts';

/** Under a list that has not come to its end yet. */
export function More({ page, onMore }: { page: Page<unknown> | undefined; onMore: () => void }) {
  const { t } = useTranslation();
  if (page === undefined || page.next === null) return null;
  return (
    <Button size="xs" variant="default" mt="sm" data-testid="admin-more" onClick={onMore}>
      {t('admin.more')}
    </Button>
  );
}
