import { Button } from '@mantine/core';
import classes from './application.module.css';

/** Shown over everything: what happened, what it means, and the way on. */
export function Trouble(props: {
  testId: string;
  title: string;
  text: string;
  /** Missing while there is nothing to do but wait. */
  act?: string;
  wait?: string;
  onAct?: () => void;
}) {
  const { testId, title, text, act, wait, onAct } = props;
  return (
    <div className={classes.lost} role="alert" data-testid={testId}>
      <h1>{title}</h1>
      <p>{text}</p>
      {wait !== undefined && <p>{wait}</p>}
      {act !== undefined && <Button onClick={onAct}>{act}</Button>}
    </div>
  );
}
