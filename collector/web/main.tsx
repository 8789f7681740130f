import { QueryClient, QueryClientProvider } from '@tanstack/react-query';
import { StrictMode } from 'react';
import { createRoot } from 'react-dom/client';
import { App } from './app.tsx';
import { ApiProblem } from './data/request.ts';
import { applyTheme } from './header/theme.ts';
import { listenToKeys } from './keys/shortcuts.ts';
import { followLinks } from './route/follow-links.ts';
import { newAddressOf } from './route/old-links.ts';
import './style/tokens.css';
import './style/base.css';
import './style/frame.css';
import './style/layout.css';
import './style/alerts.css';
import './style/detail.css';
import './style/tables.css';
import './style/grid.css';
import './style/hosts.css';
import './style/overview.css';
import './style/stories.css';
import './style/chart.css';
import './style/search.css';
import './style/rules.css';
import './style/asking.css';
import './style/results.css';
import './style/forms.css';
import './style/events.css';
import './style/answers.css';
import './style/settings.css';

const maxRetries = 2;

applyTheme();
const newAddress = newAddressOf(location.pathname, location.search, location.hash);
if (newAddress !== undefined) history.replaceState(null, '', newAddress);
followLinks();
listenToKeys();
const queries = new QueryClient({
  defaultOptions: {
    queries: {
      staleTime: 5_000,
      retry: (failures, error) =>
        failures < maxRetries && !(error instanceof ApiProblem && error.problem.status < 500),
    },
  },
});
const root = document.getElementById('root');
if (root === null) throw new Error('index.html has no #root.');
createRoot(root).render(
  <StrictMode>
    <QueryClientProvider client={queries}>
      <App />
    </QueryClientProvider>
  </StrictMode>,
);
