import type { ComponentType, LazyExoticComponent } from 'react';
import type { Permission } from '../../auth/permissions.ts';
import type { IconName } from '../frame/icon.tsx';

export interface PageProps {
  /** What stands in the path, by the names of its pattern. */
  readonly params: Readonly<Record<string, string>>;
}

/** Groups of the navigation, in the order in which they are shown. */
export const navigationGroups = ['watch', 'investigate', 'detect', 'manage'] as const;

export interface PageEntry {
  /** `/alerts/:id`; of several that fit the first counts. */
  readonly path: string;
  /** Of the window, until the page gives a better one by `useTitle`. */
  readonly title: string;
  readonly page: LazyExoticComponent<ComponentType<PageProps>>;
  /** Absent on pages that only links lead to. */
  readonly navigation?: {
    readonly group: (typeof navigationGroups)[number];
    readonly icon: IconName;
    /** After `g`, goes there. */
    readonly key: string;
    /** Also in the bar at the bottom of a narrow screen, which has room for four. */
    readonly isPrimary?: true;
  };
  /** Without it the page is not offered. */
  readonly permission?: Permission;
}
