import { literalOf } from '../pattern.ts';
import { parseNetwork } from '../value-tests/cidr.ts';
import { type Modifier, ModifierRefusal, needText } from './modifier.ts';

/** The value is a network in CIDR notation, v4 or v6; a lone address is a network of one. */
export const cidr: Modifier = {
  name: 'cidr',
  apply: (draft) => {
    const text = literalOf(needText(draft, 'cidr').pattern);
    const network = text === undefined ? undefined : parseNetwork(text);
    if (network === undefined)
      throw new ModifierRefusal(`\`${text ?? '*'}\` is not a network in CIDR notation`);
    return [{ kind: 'network', network }];
  },
};
