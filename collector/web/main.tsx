import { QueryClient, QueryClientProvider } from '@tanstack/react-query';
import { StrictMode } from 'react';
import { createRoot } from 'react-dom/client';
import { App } from './app.tsx';
import { ApiProblem } from './data/request.ts';
import { applyTheme } from './header/theme.ts';
import './style/tokens.css';
import './style/base.css';
import './style/layout.css';
import './style/alerts.css';
import './style/detail.css';
import './style/tables.css';
import './style/chart.css';
import './style/search.css';
import './style/rules.css';

const maxRetries = 2;

applyTheme();
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
