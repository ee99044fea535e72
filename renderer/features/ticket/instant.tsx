import { useTranslation } from 'react-i18next';
import { deviceZone, formatFull, formatInstant } from '../../components/format-time.ts';
import { useNow } from '../../components/use-now.ts';

/** A point in time: short within the day, whole on hover, in the site's zone. */
export function Instant({ at, zone }: { at: string | number; zone: string }) {
  const { i18n } = useTranslation();
  const now = useNow(60_000);
  const instant = typeof at === 'number' ? at : Date.parse(at);
  if (Number.isNaN(instant)) return null;
  return (
    <time
      dateTime={new Date(instant).toISOString()}
      title={formatFull(instant, zone, deviceZone(), i18n.language)}
    >
      {formatInstant(instant, zone, i18n.language, now)}
    </time>
  );
}
