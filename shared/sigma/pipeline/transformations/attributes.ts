import type { Transformation } from './transformation.ts';

/** Sets an attribute that `rule_attribute` can ask for. */
export const setCustomAttribute: Transformation = {
  type: 'set_custom_attribute',
  read: (parameters) => {
    const attribute = parameters.text('attribute');
    const value = parameters.scalar('value');
    return ({ attributes }) => void attributes.set(attribute, value);
  },
};

/** The list of fields a rule recommends to show takes no part in matching, so changes to it are taken and have no effect. */
function onFieldList(type: string, key: string): Transformation {
  return {
    type,
    read: (parameters) => {
      parameters.texts(key);
      return () => {};
    },
  };
}

export const addField = onFieldList('add_field', 'field');
export const removeField = onFieldList('remove_field', 'field');
export const setField = onFieldList('set_field', 'fields');
