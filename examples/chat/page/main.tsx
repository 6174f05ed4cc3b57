import { createRoot } from 'react-dom/client';
import { loadMessages } from './api.ts';
import { Chat } from './chat.tsx';

/** The conversation is in the address, so that a reload finds it again. */
const id = location.hash.slice(1) || `chat-${crypto.randomUUID()}`;
history.replaceState(null, '', `#${id}`);

const root = createRoot(document.getElementById('root') as HTMLElement);
try {
  root.render(<Chat id={id} history={await loadMessages(id)} />);
} catch (error) {
  root.render(<p role="alert">The conversation cannot be read: {(error as Error).message}</p>);
}
