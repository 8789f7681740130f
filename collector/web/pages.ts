import { lazy } from 'react';
import type { PageEntry } from './route/page-entry.ts';

/** The queue stays where it is when one of its alerts is opened. */
const alertsPage = lazy(() => import('./alerts/page.tsx'));

/**
 * Every page, in the order of the navigation. Each is loaded when it is first shown. A new first part of a path must also
 * be served: `pageFolders` in collector/api/assets.ts.
 */
export const pages: readonly PageEntry[] = [
  {
    ...{ path: '/', title: 'Overview', page: lazy(() => import('./overview/page.tsx')) },
    navigation: { group: 'watch', icon: 'overview', key: 'o', isPrimary: true },
  },
  {
    ...{ path: '/alerts', title: 'Alerts', page: alertsPage },
    navigation: { group: 'watch', icon: 'alerts', key: 'a', isPrimary: true },
  },
  { path: '/alerts/:id', title: 'Alerts', page: alertsPage },
  {
    ...{ path: '/stories', title: 'Stories', page: lazy(() => import('./stories/page.tsx')) },
    navigation: { group: 'watch', icon: 'stories', key: 's' },
  },
  { path: '/stories/:id', title: 'Story', page: lazy(() => import('./stories/story/page.tsx')) },
  {
    ...{ path: '/hosts', title: 'Hosts', page: lazy(() => import('./hosts/page.tsx')) },
    navigation: { group: 'watch', icon: 'hosts', key: 'h', isPrimary: true },
  },
  { path: '/hosts/:id', title: 'Host', page: lazy(() => import('./hosts/detail/page.tsx')) },
  {
    ...{ path: '/events', title: 'Events', page: lazy(() => import('./events/page.tsx')) },
    navigation: { group: 'investigate', icon: 'events', key: 'e', isPrimary: true },
  },
  {
    ...{ path: '/hunts', title: 'Hunts', page: lazy(() => import('./hunts/page.tsx')) },
    navigation: { group: 'investigate', icon: 'hunts', key: 'u' },
  },
  {
    ...{ path: '/query', title: 'Live query', page: lazy(() => import('./query/page.tsx')) },
    navigation: { group: 'investigate', icon: 'query', key: 'q' },
    permission: 'respond',
  },
  {
    ...{ path: '/analyses', title: 'Analyses', page: lazy(() => import('./analyses/page.tsx')) },
    navigation: { group: 'investigate', icon: 'analyses', key: 'y' },
  },
  { path: '/tree', title: 'Process tree', page: lazy(() => import('./tree/page.tsx')) },
  {
    ...{ path: '/rules', title: 'Rules', page: lazy(() => import('./rules/page.tsx')) },
    navigation: { group: 'detect', icon: 'rules', key: 'r' },
  },
  {
    ...{ path: '/rules/coverage', title: 'Coverage', page: lazy(() => import('./rules/coverage-page.tsx')) },
    navigation: { group: 'detect', icon: 'coverage', key: 'c' },
  },
  {
    ...{ path: '/rules/rollouts', title: 'Rollouts', page: lazy(() => import('./rollouts/page.tsx')) },
    navigation: { group: 'detect', icon: 'rollouts', key: 'p' },
  },
  {
    ...{ path: '/rules/new', title: 'New rule', page: lazy(() => import('./rules/new-rule-page.tsx')) },
    permission: 'rules',
  },
  { path: '/rules/:id', title: 'Rule', page: lazy(() => import('./rules/rule-page.tsx')) },
  {
    ...{ path: '/settings', title: 'Settings', page: lazy(() => import('./settings/page.tsx')) },
    navigation: { group: 'manage', icon: 'settings', key: ',' },
  },
  { path: '/settings/:section', title: 'Settings', page: lazy(() => import('./settings/page.tsx')) },
];
