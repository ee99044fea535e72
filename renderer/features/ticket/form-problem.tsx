import { useTranslation } from 'react-i18next';
import classes from './dialog.module.css';

/** Why a form was not taken. */
export interface Problem {
  readonly sentence: string;
  /** What is missing, in words. */
  readonly list: readonly string[];
}

/** Says in place why a form was not taken, and lists what is missing. */
export function FormProblem({ problem }: { problem: Problem | undefined }) {
  const { t } = useTranslation();
  // It is there before it has something to say, so that a screen reader hears it when it does.
  return (
    <div role="alert" data-testid="dialog-problem">
      {problem !== undefined && (
        <div className={classes.problem}>
          <p>{problem.sentence === '' ? t('ticket.notSaved') : problem.sentence}</p>
          {problem.list.length > 0 && (
            <ul>
              {problem.list.map((item) => (
                <li key={item}>{item}</li>
              ))}
            </ul>
          )}
        </div>
      )}
    </div>
  );
}
