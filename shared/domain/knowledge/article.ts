import type { DomainEvent } from '../../events/envelope.ts';
import { readEvent, type DataOf } from '../registry.ts';

export interface ArticleState extends Partial<DataOf<'article.published'>> {
  readonly id: string;
  readonly scope: string;
  readonly title: string;
  readonly isWithdrawn: boolean;
}

export const unknownArticle = (id: string): ArticleState => ({
  id,
  scope: '',
  title: '',
  isWithdrawn: false,
});

export function evolveArticle(state: ArticleState, event: DomainEvent): ArticleState {
  const reading = readEvent(event);
  if (reading.kind !== 'known') return state;
  const known = reading.event;
  if (known.type === 'article.published') {
    return { ...state, scope: known.scope, ...known.data, isWithdrawn: false };
  }
  return known.type === 'article.withdrawn' ? { ...state, isWithdrawn: true } : state;
}
