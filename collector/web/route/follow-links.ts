import { go } from './place.ts';

/** What the collector serves itself, not a page of ours. */
const served = /^\/(?:api|assets|health)(?:\/|$)/;

/** The address a click leads to, when it is one of our pages and the browser would open it here. */
function ownAddress(event: MouseEvent): string | undefined {
  const { button, ctrlKey, metaKey, shiftKey, altKey, defaultPrevented, target } = event;
  if (defaultPrevented || button !== 0 || ctrlKey || metaKey || shiftKey || altKey) return undefined;
  const link = target instanceof Element ? target.closest('a[href]') : null;
  if (!(link instanceof HTMLAnchorElement) || link.target !== '' || link.hasAttribute('download'))
    return undefined;
  const { origin, pathname, search, hash } = new URL(link.href);
  const isFragment = hash !== '' && pathname === location.pathname && search === location.search;
  if (origin !== location.origin || served.test(pathname) || isFragment) return undefined;
  return pathname + search + hash;
}

/** From now on links to our own pages are followed without loading anew; gives the function that ends it. */
export function followLinks(): () => void {
  const onClick = (event: MouseEvent) => {
    const address = ownAddress(event);
    if (address === undefined) return;
    event.preventDefault();
    go(address);
  };
  addEventListener('click', onClick);
  return () => removeEventListener('click', onClick);
}
