/** How much one document may ask for. */
import {
  GraphQLError,
  Kind,
  type SelectionSetNode,
  type ValidationContext,
  type ValidationRule,
} from 'graphql';

/** Nested selections. */
export const maxDepth = 10;
/** Operations of the API that one document may ask: root fields, under whatever alias. */
export const maxRootFields = 20;
/** Fields in all, fragments counted wherever they are spread. */
export const maxFields = 1_000;

/** Counts before anything is resolved; a document over a bound is refused as a whole. */
export const costRule: ValidationRule = (context: ValidationContext) => ({
  OperationDefinition(operation) {
    const introspects = (set: SelectionSetNode) =>
      set.selections.every((one) => one.kind === Kind.FIELD && one.name.value.startsWith('__'));
    if (introspects(operation.selectionSet)) return;
    const counted = { fields: 0 };
    const roots = count(context, operation.selectionSet, 1, counted, new Set());
    if (roots > maxRootFields)
      context.reportError(
        new GraphQLError(`The document asks ${roots} operations; the most are ${maxRootFields}.`),
      );
    if (counted.fields > maxFields)
      context.reportError(new GraphQLError(`The document has more than ${maxFields} fields.`));
  },
});

/** Gives the fields of the set itself. Fragments that hold themselves are another rule's to refuse. */
function count(
  context: ValidationContext,
  set: SelectionSetNode,
  depth: number,
  counted: { fields: number },
  within: ReadonlySet<string>,
): number {
  let own = 0;
  for (const selection of set.selections) {
    if (counted.fields > maxFields || depth > 4 * maxDepth) return own;
    if (selection.kind === Kind.FIELD) {
      own++;
      counted.fields++;
      if (selection.selectionSet) count(context, selection.selectionSet, depth + 1, counted, within);
    } else if (selection.kind === Kind.INLINE_FRAGMENT)
      own += count(context, selection.selectionSet, depth, counted, within);
    else {
      const name = selection.name.value;
      const fragment = within.has(name) ? undefined : context.getFragment(name);
      if (fragment) own += count(context, fragment.selectionSet, depth, counted, new Set([...within, name]));
    }
  }
  return own;
}
