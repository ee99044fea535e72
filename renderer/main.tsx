import './host/no-eval.ts';
import '@mantine/core/styles.css';
import '@mantine/notifications/styles.css';
import '@fontsource-variable/inter/index.css';
import '@fontsource/jetbrains-mono/400.css';
import '@fontsource/jetbrains-mono/600.css';
import './app/tokens.css';
import { createRoot } from 'react-dom/client';
import { Application } from './app/application.tsx';
import { startI18n } from './app/i18n/i18n.ts';
import { lastLanguage } from './app/last-language.ts';

performance.mark('app/script');
startI18n(lastLanguage());

const root = document.getElementById('root');
if (root === null) throw new Error('The page has no root element.');
createRoot(root).render(<Application />);
