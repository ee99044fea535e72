export { BrowserCode } from './browser-code.tsx';
export { LockScreen } from './lock-screen.tsx';
export { TrustedAuthorities } from './trusted-authorities.tsx';
export { WipedNotice } from './wiped-notice.tsx';
